import { NO_ADDRESS } from '@trapline/core';
import { SCTLR_M } from '../rules/control-bits.js';
import { faultOf, longFault, type TranslationFault } from './fault.js';
import { translateA32 } from './format-a32.js';
import { ignoresTopByte, translateA64 } from './format-a64.js';
import type { Access, Regime, WordReader } from './regime.js';

const TWO_32 = 0x1_0000_0000;

/**
 * Translates an address through stage 1: identity while SCTLR.M is 0, otherwise VMSAv8-64 with granules of 4, 16 and
 * 64 KiB, VMSAv8-32 with long descriptors, or with short ones (DDI 0487, chapters D8 and G5).
 *
 * `address` is a Number: an address of the upper range is the negative Number whose two's complement it is, so
 * 0xffff_8000_0000_0000 is -(2^47). Gives the physical address, or {@link NO_ADDRESS} where the access would fault
 * ({@link explainTranslation} says why). Not modelled: stage 2, execution permission, PAN, E2H, Realms, GPT checks.
 */
export function translate(regime: Regime, address: number, access: Access, readWord: WordReader): number {
  const result = walk(regime, address >>> 0, Math.floor(address / TWO_32) >>> 0, access, readWord);
  return result >= 0 ? result : NO_ADDRESS;
}

/** As {@link translate}, for an address in two register halves: exact for every pointer, tagged ones too. */
export function translateHalves(
  regime: Regime,
  low: number,
  high: number,
  access: Access,
  readWord: WordReader,
): number {
  const result = walk(regime, low >>> 0, high >>> 0, access, readWord);
  return result >= 0 ? result : NO_ADDRESS;
}

/** The fault that an access would take, with level and status code; undefined where it translates. */
export function explainTranslation(
  regime: Regime,
  address: bigint,
  access: Access,
  readWord: WordReader,
): TranslationFault | undefined {
  const low = Number(address & 0xffff_ffffn);
  return faultOf(walk(regime, low, Number((address >> 32n) & 0xffff_ffffn), access, readWord));
}

/** The physical address, or a fault as fault.ts encodes it. */
function walk(regime: Regime, low: number, high: number, access: Access, readWord: WordReader): number {
  const on = (regime.sctlr & SCTLR_M) !== 0;
  if (regime.state === 'a32') return on ? translateA32(regime, low, access, readWord) : low;
  return on ? translateA64(regime, low, high, access, readWord) : withoutMmu(regime, low, high);
}

/** The address itself, where the PE has that many bits (S1DisabledOutput): all sizes have at least 32. */
function withoutMmu(regime: Regime, low: number, high: number): number {
  const bits = regime.addressBits - 32;
  if (high >>> bits === 0) return high * TWO_32 + low;
  const untagged = high & 0xff_ffff;
  const fits = untagged >>> bits === 0 && ignoresTopByte(regime, high);
  return fits ? untagged * TWO_32 + low : longFault('address-size', 0);
}
