import { RestoreError, type Saved } from '@trapline/core';
import type { VmState } from '../vm-state.js';
import { FILTER_FWD_TO_USER, type FilterRange, MAX_FILTER_RANGES } from './smccc-filter.js';

/** What a VM is set to, as plain data. */
export function saveState(state: VmState): Saved {
  return {
    profile: state.profile.name,
    bitmaps: state.bitmaps.map(({ value }) => value.toString()),
    filter: state.filter.ranges.map(({ from, to, action }) => [from, to, action]),
    systemSuspend: state.systemSuspend,
    ranOnce: state.ranOnce,
    psciVersion: state.psciVersion,
    legacyPsci: [...state.legacyPsci],
  };
}

/** Takes it back. Throws {@link RestoreError} for anything that {@link saveState} has not written for this profile. */
export function restoreState(state: VmState, saved: Saved | undefined): void {
  const record = (typeof saved === 'object' && saved !== null ? saved : {}) as { readonly [key: string]: Saved };
  if (record.profile !== state.profile.name) {
    throw new RestoreError(`kvm: the state of a VM of ${state.profile.name} is wanted`);
  }
  const { bitmaps, filter, legacyPsci, psciVersion } = record;
  const values = listOf(bitmaps, state.bitmaps.length, (text) => typeof text === 'string' && /^\d{1,20}$/.test(text));
  const legacy = listOf(legacyPsci, state.legacyPsci.length, (flag) => flag === 0 || flag === 1);
  if (!Array.isArray(filter) || filter.length > MAX_FILTER_RANGES || !filter.every(isRange)) {
    throw new RestoreError('kvm: the ranges of an SMCCC filter are wanted');
  }
  if (typeof psciVersion !== 'number') throw new RestoreError('kvm: a PSCI version is wanted');
  state.bitmaps.forEach((bitmap, i) => {
    bitmap.value = BigInt(values[i] as string) & bitmap.supported;
  });
  state.filter.restore(filter.map(rangeOf));
  state.legacyPsci.set(legacy as readonly number[]);
  state.psciVersion = psciVersion;
  state.systemSuspend = record.systemSuspend === true;
  state.ranOnce = record.ranOnce === true;
}

function listOf(saved: Saved | undefined, length: number, fits: (value: Saved) => boolean): readonly Saved[] {
  if (Array.isArray(saved) && saved.length === length && saved.every(fits)) return saved as readonly Saved[];
  throw new RestoreError(`kvm: a list of ${length} values is wanted`);
}

function isRange(range: Saved): boolean {
  if (!Array.isArray(range) || range.length !== 3) return false;
  const { from, to, action } = rangeOf(range as readonly Saved[]);
  const id = (n: number) => Number.isInteger(n) && n >= 0 && n <= 0xffff_ffff;
  return id(from) && id(to) && from <= to && action >= 0 && action <= FILTER_FWD_TO_USER;
}

function rangeOf(range: Saved): FilterRange {
  const [from, to, action] = range as readonly number[];
  return { from: from as number, to: to as number, action: action as number };
}
