import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { HVM_PARAMETERS } from '../abi/hvm-parameters.js';
import { hvmOperations } from '../abi/operations/hvm.js';
import { xenHvmParam } from '../abi/structures/hvm.js';
import type { Domain } from '../domain/domain.js';
import { fail, type Hypercall, succeed } from './hypercall.js';

const { setParam, getParam, guestRequestVmEvent } = hvmOperations.operations;
const { callbackIrq, storePfn, storeEvtchn, consolePfn, consoleEvtchn, monitorRingPfn } = HVM_PARAMETERS;
const DOMID = xenHvmParam.at.domid >> 1;
const INDEX = xenHvmParam.at.index >> 2;
const VALUE = xenHvmParam.at.value >> 2;

/**
 * HYPERVISOR_hvm_op (arch/arm/hvm.c): the operation is all 64 bits. A domain reads its own parameters and writes none;
 * ESRCH for a domain that is not there, EPERM without the privilege, then EINVAL for what is no parameter on ARM.
 */
export function hvmOp(call: Hypercall): Outcome {
  const { w } = call;
  if (w[1] !== 0) return fail(call, ERRNO.ENOSYS);
  switch (w[0]) {
    case setParam.command:
    case getParam.command:
      return parameter(call);
    case guestRequestVmEvent.command:
      return w[2] === 0 && w[3] === 0 ? succeed(call) : fail(call, ERRNO.EINVAL);
    default:
      return fail(call, ERRNO.ENOSYS);
  }
}

function parameter(call: Hypercall): Outcome {
  const { w, domain, operand } = call;
  const { memory, xen } = domain;
  if (!memory.copyIn(call, w[2] as number, w[3] as number, xenHvmParam.size)) return fail(call, ERRNO.EFAULT);
  const target = xen.named(domain, operand.halves[DOMID] as number);
  if (target === undefined) return fail(call, ERRNO.ESRCH);
  if (!xen.policy.target(domain, target)) return fail(call, ERRNO.EPERM);
  const index = operand.words[INDEX] as number;
  const { halves } = target.params;
  if (w[0] === setParam.command) {
    const refused = mayWrite(domain, target, index);
    if (refused !== 0) return fail(call, refused);
    halves[2 * index] = operand.words[VALUE] as number;
    halves[2 * index + 1] = operand.words[VALUE + 1] as number;
    return succeed(call);
  }
  const refused = mayRead(domain, target, index);
  if (refused !== 0) return fail(call, refused);
  operand.words[VALUE] = halves[2 * index] as number;
  operand.words[VALUE + 1] = halves[2 * index + 1] as number;
  if (!memory.copyOut(call, w[2] as number, w[3] as number, xenHvmParam.size)) return fail(call, ERRNO.EFAULT);
  return succeed(call);
}

/** hvm_allow_set_param: all of them are for others to write. */
function mayWrite(caller: Domain, target: Domain, index: number): number {
  if (!isGuests(index) && index !== monitorRingPfn) return ERRNO.EINVAL;
  return caller === target ? ERRNO.EPERM : 0;
}

/** hvm_allow_get_param. */
function mayRead(caller: Domain, target: Domain, index: number): number {
  if (isGuests(index)) return 0;
  if (index !== monitorRingPfn) return ERRNO.EINVAL;
  return caller === target ? ERRNO.EPERM : 0;
}

function isGuests(index: number): boolean {
  switch (index) {
    case callbackIrq:
    case storePfn:
    case storeEvtchn:
    case consolePfn:
    case consoleEvtchn:
      return true;
    default:
      return false;
  }
}
