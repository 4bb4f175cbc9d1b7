import type { Saved, Wait } from '@trapline/core';
import type { WaitRecord } from '../cpu/wait-record.js';
import { flagOf, hex, hexOf, listOf, oneOfThese, recordOf, stringOf } from './values.js';

/** A waiting call as plain data. */
export function saveWait(record: WaitRecord): Saved {
  const { wait } = record;
  return {
    until: wait.until,
    deadline: wait.deadline === undefined ? null : hex(wait.deadline),
    onWake: wait.onWake,
    results: wait.results ? wait.results.map((value) => hex(resultOf(value))) : null,
    why: wait.why,
    decision: record.decision,
    entered: record.entered,
    woken: record.woken,
  };
}

/** Reads what {@link saveWait} gave. */
export function restoreWait(saved: Saved | undefined, place: string): WaitRecord {
  const record = recordOf(saved, place);
  const deadline = record.deadline === null ? undefined : hexOf(record.deadline, `${place}.deadline`);
  const results =
    record.results === null
      ? undefined
      : listOf(record.results, `${place}.results`).map((v, i) => hex(hexOf(v, `${place}.results[${i}]`)));
  const wait: Wait = {
    kind: 'wait',
    until: oneOfThese(record.until, `${place}.until`, ['interrupt', 'service', 'never']),
    ...(deadline === undefined ? {} : { deadline }),
    onWake: oneOfThese(record.onWake, `${place}.onWake`, ['return', 'resume', 'repeat']),
    ...(results === undefined ? {} : { results }),
    why: stringOf(record.why, `${place}.why`),
  };
  return {
    wait,
    decision: flagOf(record.decision, `${place}.decision`),
    entered: flagOf(record.entered, `${place}.entered`),
    woken: flagOf(record.woken, `${place}.woken`),
    cancel: undefined,
  };
}

/** A result of a {@link Wait}: hexadecimal, with or without 0x. */
export function resultOf(value: string): bigint {
  return BigInt(value.startsWith('0x') ? value : `0x${value}`);
}
