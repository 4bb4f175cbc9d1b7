import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { XENPF_INTERFACE_VERSION, XENPF_SETTIME64, xenPlatformOp, xenpfSettime64 } from '../abi/structures/platform.js';
import { fail, type Hypercall, succeed } from './hypercall.js';

const COMMAND = xenPlatformOp.at.cmd >> 2;
const VERSION = xenPlatformOp.at.interfaceVersion >> 2;
const SECONDS = xenPlatformOp.at.u + xenpfSettime64.at.secs;
const NANOSECONDS = xenPlatformOp.at.u + xenpfSettime64.at.nsecs;
const SYSTEM_TIME = xenPlatformOp.at.u + xenpfSettime64.at.systemTime;
const NS_PER_SECOND = 1_000_000_000n;
const MUST_BE_ZERO = (xenPlatformOp.at.u + xenpfSettime64.at.mbz) >> 2;

/**
 * HYPERVISOR_platform_op (arch/arm/platform_hypercall.c): EFAULT, EACCES for another interface version, EPERM for all but
 * the control domain, ENOSYS for all but XENPF_settime64, which sets the wall clock of every domain.
 */
export function platformOp(call: Hypercall): Outcome {
  const { w, domain, operand } = call;
  const { memory, xen } = domain;
  if (!memory.copyIn(call, w[0] as number, w[1] as number, xenPlatformOp.size)) return fail(call, ERRNO.EFAULT);
  if (operand.words[VERSION] !== XENPF_INTERFACE_VERSION) return fail(call, ERRNO.EACCES);
  if (!xen.policy.privileged(domain)) return fail(call, ERRNO.EPERM);
  if (operand.words[COMMAND] !== XENPF_SETTIME64) return fail(call, ERRNO.ENOSYS);
  if (operand.words[MUST_BE_ZERO] !== 0) return fail(call, ERRNO.EINVAL);
  setTime(call);
  return succeed(call);
}

/** do_settime: what the clock said when the machine started, by the time of day at a time of the machine's. */
function setTime({ operand, domain }: Hypercall): void {
  const view = new DataView(operand.bytes.buffer);
  const said = view.getBigUint64(SECONDS, true) * NS_PER_SECOND + BigInt(view.getUint32(NANOSECONDS, true));
  const at = view.getBigUint64(SYSTEM_TIME, true) + domain.wallClock.offset * NS_PER_SECOND;
  const start = BigInt.asUintN(64, said - at);
  for (const other of domain.xen.domains) other.wallClock.set(start);
}
