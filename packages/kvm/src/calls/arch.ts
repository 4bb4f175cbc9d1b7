import { type Handler, type Implementation, implement, returnInt } from '@trapline/core';
import { archAbi, PV_TIME_FEATURES, smcccStatus } from '@trapline/smccc';
import { KVM_CONVENTION } from '../abi/convention.js';
import { STD_HYP_PV_TIME, type VmState } from '../vm-state.js';

/** SMCCC 1.1, whatever the kernel. */
const VERSION = 0x1_0001;
const NOT_SUPPORTED = smcccStatus.NOT_SUPPORTED.code;

const { archWorkaround1, archWorkaround2, archWorkaround3 } = archAbi.calls;
const WORKAROUND_IDS: readonly number[] = [archWorkaround1.id, archWorkaround2.id, archWorkaround3.id];

/**
 * The architecture calls that reach the dispatcher: VERSION and ARCH_FEATURES, which knows the workarounds and PV time
 * alone.
 */
export function archCalls(vm: VmState): Implementation {
  return implement(
    archAbi,
    {
      version: (call) => returnInt(call, VERSION),
      archFeatures: (call) => returnInt(call, featureOf(vm, (call.w[0] as number) | 0)),
    },
    { convention: KVM_CONVENTION },
  );
}

function featureOf(vm: VmState, id: number): number {
  if (id === (PV_TIME_FEATURES | 0)) return vm.stdHyp.has(STD_HYP_PV_TIME) ? 0 : NOT_SUPPORTED;
  return vm.workarounds[WORKAROUND_IDS.indexOf(id)]?.feature ?? NOT_SUPPORTED;
}

/**
 * The workarounds themselves: EL2's own vector answers them, by HVC alone, before anything else is looked at
 * (hyp-entry.S, el1_hvc_guest). X0 and X1 are 0 afterwards, X2 and X3 as they were.
 */
export function workaroundCalls(): Implementation {
  const fastPath: Handler = (call) => {
    call.pe.w[2] = 0;
    call.pe.w[3] = 0;
    return returnInt(call, smcccStatus.SUCCESS.code);
  };
  return implement(
    archAbi,
    { archWorkaround1: fastPath, archWorkaround2: fastPath, archWorkaround3: fastPath },
    { convention: KVM_CONVENTION },
  );
}
