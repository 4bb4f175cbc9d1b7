import type { Outcome } from '@trapline/core';
import { RUNSTATE_UPDATE_FLAG, VM_ASSIST_DISABLE, VM_ASSIST_ENABLE } from '../abi/assists.js';
import { ERRNO } from '../abi/errno.js';
import { fail, type Hypercall, succeed } from './hypercall.js';

/** HYPERVISOR_vm_assist (common/domain.c): EINVAL for an assist that ARM does not have, then ENOSYS for the command. */
export function vmAssist(call: Hypercall): Outcome {
  const { w, domain } = call;
  if (w[2] !== RUNSTATE_UPDATE_FLAG) return fail(call, ERRNO.EINVAL);
  if (w[0] !== VM_ASSIST_ENABLE && w[0] !== VM_ASSIST_DISABLE) return fail(call, ERRNO.ENOSYS);
  domain.assists.runstateUpdateFlag = w[0] === VM_ASSIST_ENABLE;
  return succeed(call);
}
