import { type Handler, type Implementation, implement, RETURNED, returnInt } from '@trapline/core';
import { archAbi, CORTEX_A57, CORTEX_A72, CORTEX_A73, CORTEX_A75, cpuModel, smcccStatus } from '@trapline/smccc';
import type { HostDescription } from '../host/host-description.js';
import { HVC_CONVENTION, SMC_CONVENTION } from './convention.js';

const { archWorkaround1, archWorkaround2, archWorkaround3 } = archAbi.calls;
const NOT_SUPPORTED = smcccStatus.NOT_SUPPORTED.code;

/** ARCH_FEATURES of the three workarounds on a host CPU. */
export interface WorkaroundAnswers {
  readonly one: number;
  readonly two: number;
  readonly three: number;
}

const SSBD_ANSWERS: Readonly<Record<HostDescription['ssbd'], number>> = {
  runtime: smcccStatus.SUCCESS.code,
  unknown: NOT_SUPPORTED,
  mitigated: smcccStatus.NOT_REQUIRED.code,
};

/**
 * What ARCH_FEATURES says of the workarounds (arch/arm/cpuerrata.c): by the CPU's model, whether the firmware below has
 * them or not.
 */
export function workaroundAnswers(midr: number, ssbd: HostDescription['ssbd']): WorkaroundAnswers {
  const model = cpuModel(midr);
  // ARM_HARDEN_BRANCH_PREDICTOR: Cortex-A72 up to r1p0.
  const early = ((midr >>> 20) & 0xf) === 0 || ((midr >>> 20) & 0xf) + (midr & 0xf) === 1;
  const hardened = model === CORTEX_A57 || (model === CORTEX_A72 && early);
  // ARM_WORKAROUND_BHB_SMCC_3.
  const bhb = model === CORTEX_A73 || model === CORTEX_A75;
  return {
    one: hardened || bhb ? smcccStatus.SUCCESS.code : NOT_SUPPORTED,
    two: SSBD_ANSWERS[ssbd],
    three: bhb ? smcccStatus.SUCCESS.code : NOT_SUPPORTED,
  };
}

/** ARCH_FEATURES: the workarounds alone, by the low half of the argument. */
export function archFeatures({ one, two, three }: WorkaroundAnswers): Handler {
  return (call) => {
    switch ((call.w[0] as number) | 0) {
      case archWorkaround1.id:
        return returnInt(call, one);
      case archWorkaround2.id:
        return returnInt(call, two);
      case archWorkaround3.id:
        return returnInt(call, three);
      default:
        return returnInt(call, NOT_SUPPORTED);
    }
  };
}

/**
 * The workarounds themselves. By HVC from AArch64 the vector answers (arm64/entry.S, guest_sync): X0 and X1 are 0, X2 and
 * X3 too for the second. Every other way they return with no register changed (vsmc.c, handle_arch).
 */
export function workaroundCalls(): readonly Implementation[] {
  const nothing: Handler = () => RETURNED;
  const vector = (registers: number): Handler => {
    return ({ pe }) => {
      if (pe.state === 'a64') pe.w.fill(0, 0, 2 * registers);
      return RETURNED;
    };
  };
  return [
    implement(
      archAbi,
      { archWorkaround1: vector(2), archWorkaround2: vector(4), archWorkaround3: vector(2) },
      { convention: HVC_CONVENTION },
    ),
    implement(
      archAbi,
      { archWorkaround1: nothing, archWorkaround2: nothing, archWorkaround3: nothing },
      { convention: SMC_CONVENTION },
    ),
  ];
}
