import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { MAX_POLL_PORTS, schedPoll } from '../abi/structures/sched.js';
import { fail, type Hypercall, succeed } from '../calls/hypercall.js';
import { PSTATE_I } from './scheduling.js';

const PORTS = schedPoll.at.ports / 4;
const COUNT = schedPoll.at.nrPorts / 4;
const TIMEOUT = schedPoll.at.timeout / 4;
const PORT_BYTES = 4;

/**
 * SCHEDOP_poll: waits until one of the ports is pending, masked or not, until an interrupt is injected, or until a time
 * of the system in nanoseconds. An interrupt that is pending already counts only where the caller has not masked it.
 *
 * EFAULT for pointers that cannot be read, EINVAL for too many ports or one that is not bound; the ports before it are
 * looked at first, and a pending one among them ends the call.
 */
export function poll(call: Hypercall): Outcome {
  const { w, vcpu, domain, operand } = call;
  if (!domain.memory.copyIn(call, w[2] as number, w[3] as number, schedPoll.size)) return fail(call, ERRNO.EFAULT);
  const { words } = operand;
  const low = words[PORTS] as number;
  const high = words[PORTS + 1] as number;
  const count = words[COUNT] as number;
  const timeoutLow = words[TIMEOUT] as number;
  const timeoutHigh = words[TIMEOUT + 1] as number;
  if (count > MAX_POLL_PORTS) return fail(call, ERRNO.EINVAL);
  if ((vcpu.pe.pstate & PSTATE_I) === 0 && domain.scheduling.hasWork(vcpu.id)) return succeed(call);
  let port = 0;
  for (let i = 0; i < count; i++) {
    const at = low + i * PORT_BYTES;
    if (!domain.memory.copyIn(call, at >>> 0, (high + (at > 0xffff_ffff ? 1 : 0)) >>> 0, PORT_BYTES)) {
      return fail(call, ERRNO.EFAULT);
    }
    port = words[0] as number;
    const pending = domain.events.poll(port);
    if (pending < 0) return fail(call, -pending);
    if (pending > 0) return succeed(call);
  }
  succeed(call);
  const one = count === 1 ? port : undefined;
  if (timeoutLow === 0 && timeoutHigh === 0) return domain.scheduling.poll(vcpu.id, one, undefined);
  const deadline = BigInt.asIntN(64, (BigInt(timeoutHigh) << 32n) | BigInt(timeoutLow));
  const now = domain.guest?.ports.clock.now() ?? 0n;
  return deadline <= now ? succeed(call) : domain.scheduling.poll(vcpu.id, one, deadline);
}
