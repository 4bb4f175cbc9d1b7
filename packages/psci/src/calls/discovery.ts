import { type Handler, returnInt, SMC64 } from '@trapline/core';
import { Code } from '../status.js';
import type { PsciVersion } from '../values.js';

/** PSCI_VERSION (5.3). */
export function psciVersion(version: PsciVersion): Handler {
  const value = (version.major << 16) | version.minor;
  return (call) => returnInt(call, value);
}

/**
 * PSCI_FEATURES (5.16): the flags of a function that is implemented, else NOT_SUPPORTED; an SMC64 number is not there for
 * an AArch32 caller, unless `shows64`. `flags` is asked once, at the first call: neighbours are known by then.
 */
export function psciFeatures(flags: () => ReadonlyMap<number, number>, shows64: boolean): Handler {
  let known: ReadonlyMap<number, number> | undefined;
  return (call) => {
    known ??= flags();
    const id = call.w[0] as number | 0;
    const hidden = call.w[1] !== 0 || (!shows64 && call.pe.state !== 'a64' && (id & SMC64) !== 0);
    return returnInt(call, hidden ? Code.NOT_SUPPORTED : (known.get(id | 0) ?? Code.NOT_SUPPORTED));
  };
}
