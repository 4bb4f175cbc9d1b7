import { AGAIN, type Outcome, virtualAddressOf } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { fail, type Hypercall, succeed } from './hypercall.js';

/** CONSOLEIO_* (public/xen.h). */
const CONSOLEIO_WRITE = 0;
const CONSOLEIO_READ = 1;
/** Bytes that a write copies at a time (guest_console_write's buffer, without its end). */
const CHUNK_BYTES = 127;
/** Chunks that a write takes before it is preempted. */
const CHUNKS_PER_CALL = 64;

/**
 * HYPERVISOR_console_io (drivers/char/console.c): EPERM for a domain without a console, EFAULT where the text cannot be
 * read: what comes before it is written. A long write is preempted with count and buffer rewritten.
 */
export function consoleIo(call: Hypercall): Outcome {
  const { w, domain } = call;
  if (!domain.config.console && !domain.xen.policy.privileged(domain)) return fail(call, ERRNO.EPERM);
  if (w[0] === CONSOLEIO_WRITE) return write(call);
  return w[0] === CONSOLEIO_READ ? read(call) : fail(call, ERRNO.ENOSYS);
}

function write(call: Hypercall): Outcome {
  const { w, domain, operand } = call;
  let count = w[2] as number;
  for (let chunk = 0; count > 0; chunk++) {
    if (chunk === CHUNKS_PER_CALL) {
      w[2] = count;
      w[3] = 0;
      return AGAIN;
    }
    const length = Math.min(count, CHUNK_BYTES);
    if (!domain.memory.copyIn(call, w[4] as number, w[5] as number, length)) return fail(call, ERRNO.EFAULT);
    const taken = domain.xen.console.write(domain, operand.first(length));
    advance(w, taken);
    count -= taken;
  }
  return succeed(call);
}

function advance(w: Uint32Array, bytes: number): void {
  const low = (w[4] as number) + bytes;
  w[4] = low;
  if (low > 0xffff_ffff) w[5] = (w[5] as number) + 1;
}

/** E2BIG for a count that a result cannot hold. */
function read(call: Hypercall): Outcome {
  const { w, domain, vcpu } = call;
  const count = w[2] as number;
  if (count > 0x7fff_ffff) return fail(call, ERRNO.E2BIG);
  const typed = domain.xen.console.typed(count);
  if (typed.length === 0) return succeed(call);
  const address = virtualAddressOf(w[4] as number, w[5] as number);
  if (!domain.memory.write(vcpu, address, typed)) return fail(call, ERRNO.EFAULT);
  domain.xen.console.taken(typed.length);
  return succeed(call, typed.length);
}
