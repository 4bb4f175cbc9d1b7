import {
  type AttachedGuest,
  type Attachment,
  type Convention,
  type Implementation,
  implement,
  perGuest,
  returnInt,
  type Service,
} from '@trapline/core';
import { cpuModel } from '../arch/workarounds.js';
import { statelessAttachment } from '../attachments.js';
import { type Version, versionNumber } from '../version.js';
import { ERRATUM_ANSWERS, type ErratumAnswer, errataAbi, errataStatus } from './abi.js';

/** What is known of one erratum. The first rule that fits the CPU counts. */
export interface ErratumRule {
  /** The erratum's number in Arm's notices. */
  readonly erratum: number;
  /** CPU models it is known of, as `cpuModel` gives them; every one where absent. */
  readonly cpus?: readonly number[];
  /** First and last revision it holds for, variant in bits 7:4 and revision in bits 3:0; every one where absent. */
  readonly revisions?: readonly [from: number, to: number];
  readonly answer: ErratumAnswer;
}

/** How errata management answers. */
export interface ErrataOptions {
  /** 1.0 where absent. */
  readonly version?: Version;
  readonly errata: readonly ErratumRule[];
  readonly convention?: Partial<Convention>;
}

/**
 * Errata management for one guest (DEN0100 1.0). What a composing service takes in.
 *
 * CPU_ERRATUM_FEATURES answers INVALID_PARAMETERS for a forward flag from EL1, where only a hypervisor may ask for its
 * guest, UNKNOWN_ERRATUM for what no rule names on this CPU, and NOT_AFFECTED for revisions that its rule leaves out.
 */
export function errataCalls(guest: AttachedGuest, options: ErrataOptions): Implementation {
  const version = versionNumber(options.version ?? { major: 1, minor: 0 });
  const [numbers, answers] = answersOf(guest.midr, options.errata);
  return implement(
    errataAbi,
    {
      version: (call) => returnInt(call, version),
      features: (call) =>
        returnInt(
          call,
          errataAbi.find(call.w[0] as number) ? errataStatus.SUCCESS.code : errataStatus.NOT_SUPPORTED.code,
        ),
      cpuErratumFeatures: (call) => {
        if (call.w[2] !== 0 && call.pe.el === 1) return returnInt(call, errataStatus.INVALID_PARAMETERS.code);
        const erratum = (call.w[0] as number) | 0;
        for (let i = 0; i < numbers.length; i++) {
          if (numbers[i] === erratum) return returnInt(call, answers[i] as number);
        }
        return returnInt(call, errataStatus.UNKNOWN_ERRATUM.code);
      },
    },
    { convention: options.convention ?? {} },
  );
}

/** {@link errataCalls} as what serves one guest. */
export function attachErrata(guest: AttachedGuest, options: ErrataOptions): Attachment {
  return statelessAttachment('errata', [errataCalls(guest, options)]);
}

/** {@link errataCalls} as a service by itself. */
export function errataService(options: ErrataOptions): Service {
  return perGuest({
    name: 'errata',
    levels: ['el3', 'el2', 'outside'],
    needs: [],
    attach: (guest) => attachErrata(guest, options),
  });
}

/** Variant and revision of a MIDR_EL1, as `rXpY` packs into a byte. */
function revisionOf(midr: number): number {
  return ((midr >>> 16) & 0xf0) | (midr & 0xf);
}

function answersOf(midr: number, rules: readonly ErratumRule[]): [numbers: Int32Array, answers: Int32Array] {
  const model = cpuModel(midr);
  const revision = revisionOf(midr);
  const found = new Map<number, number>();
  for (const { erratum, cpus, revisions, answer } of rules) {
    if (cpus && !cpus.includes(model)) continue;
    const holds = !revisions || (revision >= revisions[0] && revision <= revisions[1]);
    const number = erratum | 0;
    if (!found.has(number)) found.set(number, ERRATUM_ANSWERS[holds ? answer : 'NOT_AFFECTED']);
  }
  return [new Int32Array(found.keys()), new Int32Array(found.values())];
}
