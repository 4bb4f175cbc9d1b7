import type { AttachedGuest, Call, Implementation } from '@trapline/core';
import { SMC64 } from '@trapline/core';
import { OWNER_ARCH } from '../owners.js';
import { PV_TIME_FEATURES } from '../pv-time/abi.js';
import { archAbi, smcccStatus } from './abi.js';
import { ruleFor, type WorkaroundFeature, type WorkaroundNumber, type WorkaroundRule } from './workarounds.js';

const NOT_SUPPORTED = smcccStatus.NOT_SUPPORTED.code;

const ANSWERS: Readonly<Record<WorkaroundFeature, number>> = {
  required: 0,
  'not-required-here': 1,
  'not-required': smcccStatus.NOT_REQUIRED.code,
  'not-supported': NOT_SUPPORTED,
};

const { archWorkaround1, archWorkaround2, archWorkaround3, archWorkaround4 } = archAbi.calls;
const WORKAROUND_IDS: Readonly<Record<WorkaroundNumber, number>> = {
  1: archWorkaround1.id,
  2: archWorkaround2.id,
  3: archWorkaround3.id,
  4: archWorkaround4.id,
};

/**
 * The answers of SMCCC_ARCH_FEATURES, found once, at the first question: by then everything that stands beside the
 * service is composed.
 *
 * What is implemented answers 0: architecture calls of any neighbour, and PV_TIME_FEATURES, which DEN0057A discovers
 * this way. Numbers of other owners are no architecture calls and answer NOT_SUPPORTED (DEN0028 1.5 F, 7.3).
 */
export class FeatureTable {
  readonly #guest: AttachedGuest;
  readonly #rules: readonly WorkaroundRule[];
  readonly #listed: Readonly<Record<number, number>> | undefined;
  #ids: Int32Array | undefined;
  #answers: Int32Array = new Int32Array(0);

  constructor(
    guest: AttachedGuest,
    rules: readonly WorkaroundRule[],
    listed: Readonly<Record<number, number>> | undefined,
  ) {
    this.#guest = guest;
    this.#rules = rules;
    this.#listed = listed;
  }

  /** The answer for the function id in a call's first argument. */
  answer(call: Call): number {
    if (call.w[1] !== 0) return NOT_SUPPORTED;
    const id = (call.w[0] as number) | 0;
    if ((id & SMC64) !== 0 && call.pe.state !== 'a64') return NOT_SUPPORTED;
    const ids = this.#ids ?? this.#build();
    for (let i = 0; i < ids.length; i++) if (ids[i] === id) return this.#answers[i] as number;
    return NOT_SUPPORTED;
  }

  #build(): Int32Array {
    const table = new Map<number, number>();
    if (this.#listed) for (const [id, answer] of Object.entries(this.#listed)) table.set(Number(id) | 0, answer);
    else for (const id of discoverable(this.#guest.neighbours())) table.set(id, 0);
    for (const workaround of [1, 2, 3, 4] as const) {
      const rule = ruleFor(this.#rules, workaround, this.#guest.midr);
      if (rule) table.set(WORKAROUND_IDS[workaround], ANSWERS[rule.feature]);
    }
    this.#answers = new Int32Array(table.values());
    this.#ids = new Int32Array(table.keys());
    return this.#ids;
  }
}

function discoverable(neighbours: readonly Implementation[]): number[] {
  return neighbours
    .flatMap(({ entries }) => entries.map(({ id }) => id))
    .filter((id) => (id < 0 && ((id >>> 24) & 0x3f) === OWNER_ARCH) || id === (PV_TIME_FEATURES | 0));
}
