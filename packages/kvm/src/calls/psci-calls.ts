import { type Call, type CallDeclaration, type Handler, returnInt, SMC64 } from '@trapline/core';
import { abi, HIBERNATE_OFF, type PsciCallName, status } from '@trapline/psci';
import { archAbi } from '@trapline/smccc';
import { PSCI_0_2, PSCI_1_0, PSCI_1_1, PSCI_1_3 } from '../profile.js';
import type { VmState } from '../vm-state.js';
import { PSCI_PROFILE } from './psci-profile.js';

const NOT_SUPPORTED = status.NOT_SUPPORTED.code;

/** The PSCI version that brings a call to KVM's guests; PSCI 0.2 where absent. */
const SINCE: { readonly [N in PsciCallName]?: number } = {
  features: PSCI_1_0,
  systemSuspend: PSCI_1_0,
  systemReset2: PSCI_1_1,
  systemOff2: PSCI_1_3,
};

/** PSCI_VERSION: what the version register says for the calling vCPU. */
export function versionHandler(vm: VmState): Handler {
  return (call) => returnInt(call, vm.psciVersionOf(call.pe));
}

/** PSCI_FEATURES (kvm_psci_1_x_call): calls of the vCPU's version, and SMCCC_VERSION. */
export function featuresHandler(vm: VmState): Handler {
  const known = new Map(
    PSCI_PROFILE.calls.flatMap((name) => {
      const { id, wideId } = abi.calls[name];
      return [id, ...(wideId === undefined ? [] : [wideId])].map((number) => [number, name] as const);
    }),
  );
  const smcccVersion = archAbi.calls.version.id;
  return (call) => {
    const id = (call.w[0] as number) | 0;
    if (id === smcccVersion) return returnInt(call, 0);
    const name = known.get(id);
    if (name === undefined || !exists(vm, name, id, call)) return returnInt(call, NOT_SUPPORTED);
    return returnInt(call, name === 'systemOff2' ? HIBERNATE_OFF : 0);
  };
}

/** Whether a PSCI call of 0.2 or later exists for who makes this call. */
export function isThere(vm: VmState, declaration: CallDeclaration): (call: Call) => boolean {
  const name = declaration.name as PsciCallName;
  return (call) => exists(vm, name, call.id, call);
}

function exists(vm: VmState, name: PsciCallName, id: number, { pe }: Call): boolean {
  if ((id & SMC64) !== 0 && pe.state !== 'a64') return false;
  if (name === 'systemSuspend' && !vm.systemSuspend) return false;
  return vm.psciVersionOf(pe) >= (SINCE[name] ?? PSCI_0_2);
}
