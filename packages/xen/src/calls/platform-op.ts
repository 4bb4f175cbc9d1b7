import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { XENPF_INTERFACE_VERSION, XENPF_SETTIME64, xenPlatformOp, xenpfSettime64 } from '../abi/structures/platform.js';
import { fail, type Hypercall, succeed } from './hypercall.js';

const COMMAND = xenPlatformOp.at.cmd >> 2;
const VERSION = xenPlatformOp.at.interfaceVersion >> 2;
const MUST_BE_ZERO = (xenPlatformOp.at.u + xenpfSettime64.at.mbz) >> 2;

/**
 * HYPERVISOR_platform_op (arch/arm/platform_hypercall.c): EFAULT, EACCES for another interface version, EPERM for all but
 * the control domain. The wall clock is the host's: setting it is accepted and changes nothing.
 */
export function platformOp(call: Hypercall): Outcome {
  const { w, domain, operand } = call;
  const { memory, xen } = domain;
  if (!memory.copyIn(call, w[0] as number, w[1] as number, xenPlatformOp.size)) return fail(call, ERRNO.EFAULT);
  if (operand.words[VERSION] !== XENPF_INTERFACE_VERSION) return fail(call, ERRNO.EACCES);
  if (!xen.policy.privileged(domain)) return fail(call, ERRNO.EPERM);
  if (operand.words[COMMAND] !== XENPF_SETTIME64) return fail(call, ERRNO.ENOSYS);
  return operand.words[MUST_BE_ZERO] === 0 ? succeed(call) : fail(call, ERRNO.EINVAL);
}
