import type { Call, ConduitKind } from '@trapline/core';

/** The four calls that mitigate a vulnerability of a CPU. */
export type WorkaroundNumber = 1 | 2 | 3 | 4;

/**
 * What SMCCC_ARCH_FEATURES says of a workaround (DEN0028 1.5 F, 7.5 to 7.7): `required`, the call mitigates (0);
 * `not-required-here`, it is there and this PE does without (1); `not-required`, no PE needs it (−2);
 * `not-supported` (−1).
 */
export type WorkaroundFeature = 'required' | 'not-required-here' | 'not-required' | 'not-supported';

/** What a real implementation leaves in registers of a call that returns nothing. */
export interface WorkaroundEffect {
  /** Only by this instruction; by each where absent. */
  readonly conduit?: ConduitKind;
  /** Only with this immediate; with each where absent. */
  readonly immediate?: number;
  /** Registers, and what stands in them afterwards. */
  readonly registers: readonly (readonly [register: number, value: bigint])[];
}

/** One rule about one workaround. The first that fits the CPU counts. */
export interface WorkaroundRule {
  readonly workaround: WorkaroundNumber;
  /** CPU models it holds for, as {@link cpuModel} gives them; every one where absent. */
  readonly cpus?: readonly number[];
  readonly feature: WorkaroundFeature;
  /** Whether the call itself is there; true where absent. Without it the number is unknown. */
  readonly call?: boolean;
  /** None where absent: the call changes no register. */
  readonly effects?: readonly WorkaroundEffect[];
}

/** Bits of MIDR_EL1 that name a model: implementer, architecture, part number; not variant and revision. */
const MODEL_BITS = 0xff0f_fff0;

/** The model in a MIDR_EL1, for comparison with {@link WorkaroundRule.cpus}. */
export function cpuModel(midr: number): number {
  return (midr & MODEL_BITS) >>> 0;
}

/** Models that the public record of these vulnerabilities names (TF-A `lib/cpus/aarch64`). */
export const CORTEX_A53 = 0x410f_d030;
export const CORTEX_A57 = 0x410f_d070;
export const CORTEX_A72 = 0x410f_d080;
export const CORTEX_A73 = 0x410f_d090;
export const CORTEX_A75 = 0x410f_d0a0;
export const CORTEX_A76 = 0x410f_d0b0;
export const CORTEX_X3 = 0x410f_d4e0;
export const CORTEX_X4 = 0x410f_d820;
export const CORTEX_X925 = 0x410f_d850;
export const NEOVERSE_V2 = 0x410f_d4f0;
export const NEOVERSE_V3 = 0x410f_d840;
export const NEOVERSE_V3AE = 0x410f_d830;
export const C1_PREMIUM = 0x410f_d900;
export const C1_PRO = 0x410f_d8b0;
export const C1_ULTRA = 0x410f_d8c0;

/** Arm's CPUs on which CVE-2017-5715 takes a call to firmware. */
const BRANCH_TARGET_CPUS = [CORTEX_A57, CORTEX_A72, CORTEX_A73, CORTEX_A75];
/** Arm's CPUs on which CVE-2018-3639 takes one: those without SSBS whose mitigation can be turned off. */
const STORE_BYPASS_CPUS = [CORTEX_A76];
/** Arm's CPUs with CVE-2024-7881. */
const PREFETCHER_CPUS = [
  CORTEX_X3,
  CORTEX_X4,
  CORTEX_X925,
  NEOVERSE_V2,
  NEOVERSE_V3,
  NEOVERSE_V3AE,
  C1_PREMIUM,
  C1_PRO,
  C1_ULTRA,
];

/**
 * What the specification asks of firmware on Arm's CPUs: the calls are there and change no register; other CPUs need
 * none of them.
 */
export const ARM_WORKAROUNDS: readonly WorkaroundRule[] = [
  { workaround: 1, cpus: BRANCH_TARGET_CPUS, feature: 'required' },
  { workaround: 1, feature: 'not-required-here' },
  { workaround: 2, cpus: STORE_BYPASS_CPUS, feature: 'required' },
  { workaround: 2, feature: 'not-required' },
  { workaround: 3, cpus: BRANCH_TARGET_CPUS, feature: 'required' },
  { workaround: 3, feature: 'not-required-here' },
  { workaround: 4, cpus: PREFETCHER_CPUS, feature: 'required' },
  { workaround: 4, feature: 'not-supported', call: false },
];

/** The rule that counts for a workaround on a CPU. */
export function ruleFor(
  rules: readonly WorkaroundRule[],
  workaround: WorkaroundNumber,
  midr: number,
): WorkaroundRule | undefined {
  const model = cpuModel(midr);
  return rules.find((rule) => rule.workaround === workaround && (rule.cpus?.includes(model) ?? true));
}

/** Carries out the effects of a rule on the caller's registers; a function made once. */
export function effectOf(effects: readonly WorkaroundEffect[]): (call: Call) => void {
  if (effects.length === 0) return () => {};
  const plans = effects.map(planOf);
  return (call) => {
    for (let i = 0; i < plans.length; i++) {
      const plan = plans[i] as Plan;
      if (plan.conduit !== undefined && plan.conduit !== call.conduit) continue;
      if (plan.immediate >= 0 && plan.immediate !== call.immediate) continue;
      apply(call.pe.w, plan);
    }
  };
}

interface Plan {
  readonly conduit: ConduitKind | undefined;
  /** −1 where every immediate counts. */
  readonly immediate: number;
  readonly slots: Int32Array;
  readonly halves: Uint32Array;
}

function planOf(effect: WorkaroundEffect): Plan {
  const values = new BigUint64Array(effect.registers.map(([, value]) => value));
  return {
    conduit: effect.conduit,
    immediate: effect.immediate ?? -1,
    slots: new Int32Array(effect.registers.map(([register]) => 2 * register)),
    halves: new Uint32Array(values.buffer),
  };
}

function apply(w: Uint32Array, { slots, halves }: Plan): void {
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] as number;
    w[slot] = halves[2 * i] as number;
    w[slot + 1] = halves[2 * i + 1] as number;
  }
}
