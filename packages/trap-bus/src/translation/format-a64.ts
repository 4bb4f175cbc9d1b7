import { longFault } from './fault.js';
import type { Access, Regime, WordReader } from './regime.js';
import { TCR, TTBR0, TTBR1 } from './registers.js';
import { type LongWalk, walkLong } from './walk-long.js';

/** What one address range's half of TCR_ELx says; EL2's and EL3's have the same fields in other places. */
interface RangeControl {
  readonly sizeOffset: number;
  readonly granule: number;
  readonly disabled: boolean;
  readonly topByteIgnored: boolean;
  readonly hierarchical: boolean;
}

// TCR_EL1.IPS and TCR_EL2.PS to address bits; what is reserved counts as the most there is.
const PHYSICAL_SIZES = [32, 36, 40, 42, 44, 48, 52, 52] as const;
// TG0 and TG1 number the granules differently (DDI 0487, D17.2.139); reserved values count as 4 KiB.
const GRANULES_0 = [12, 16, 14, 12] as const;
const GRANULES_1 = [12, 14, 12, 16] as const;

const LEAST_OFFSET = 16;
const LEAST_OFFSET_LARGE = 12;
/** FEAT_TTST; one less for the 64 KiB granule, whose last level alone resolves 16 bits. */
const MOST_OFFSET = 48;

/** Translates with VMSAv8-64 tables (DDI 0487, D8.2): picks the range, checks the address, walks. */
export function translateA64(regime: Regime, low: number, high: number, access: Access, readWord: WordReader): number {
  const two = regime.ranges === 2;
  const tcrLow = regime.registers.w[2 * TCR] as number;
  const tcrHigh = regime.registers.w[2 * TCR + 1] as number;
  const upper = two && (high & 0x80_0000) !== 0;
  const control = two ? ofTwo(tcrLow, tcrHigh, upper) : ofOne(tcrLow);
  const { granule, sizeOffset } = control;

  const large = regime.addressBits === 52;
  const lpa2 = large && granule !== 16 && (tcrHigh & (two ? 0x800_0000 : 1)) !== 0;
  const extended = lpa2 ? 'lpa2' : large && granule === 16 ? 'lpa' : 'none';
  const least = extended === 'none' ? LEAST_OFFSET : LEAST_OFFSET_LARGE;
  const most = granule === 16 ? MOST_OFFSET - 1 : MOST_OFFSET;
  if (control.disabled || sizeOffset < least || sizeOffset > most) return longFault('translation', 0);

  const inputBits = 64 - sizeOffset;
  if (!inRange(low, high, inputBits, control.topByteIgnored ? 56 : 64, upper)) return longFault('translation', 0);

  const ps = two ? tcrHigh & 7 : (tcrLow >>> 16) & 7;
  const ttbr = upper ? TTBR1 : TTBR0;
  const setsAccessFlag = regime.managesFlags && (two ? (tcrHigh & 0x80) !== 0 : (tcrLow & 0x20_0000) !== 0);
  const walk: LongWalk = {
    granule,
    inputBits,
    outputBits: Math.min(PHYSICAL_SIZES[ps] as number, regime.addressBits, extended === 'none' ? 48 : 52),
    extended,
    tableLow: regime.registers.w[2 * ttbr] as number,
    tableHigh: regime.registers.w[2 * ttbr + 1] as number,
    hierarchical: control.hierarchical,
    setsAccessFlag,
    setsDirty: setsAccessFlag && (two ? (tcrHigh & 0x100) !== 0 : (tcrLow & 0x40_0000) !== 0),
  };
  return walkLong(walk, regime, low, high, access, readWord);
}

/** Whether a tag in the top byte of an address does not count (TCR_ELx.TBI), for accesses of data. */
export function ignoresTopByte(regime: Regime, high: number): boolean {
  const { w } = regime.registers;
  if (regime.ranges === 1) return ofOne(w[2 * TCR] as number).topByteIgnored;
  return ofTwo(w[2 * TCR] as number, w[2 * TCR + 1] as number, (high & 0x80_0000) !== 0).topByteIgnored;
}

/** TCR_EL1 (D17.2.139). */
function ofTwo(low: number, high: number, upper: boolean): RangeControl {
  return upper
    ? {
        sizeOffset: (low >>> 16) & 0x3f,
        granule: GRANULES_1[(low >>> 30) & 3] as number,
        disabled: (low & 0x80_0000) !== 0,
        topByteIgnored: (high & 0x40) !== 0,
        hierarchical: (high & 0x400) === 0,
      }
    : {
        sizeOffset: low & 0x3f,
        granule: GRANULES_0[(low >>> 14) & 3] as number,
        disabled: (low & 0x80) !== 0,
        topByteIgnored: (high & 0x20) !== 0,
        hierarchical: (high & 0x200) === 0,
      };
}

/** TCR_EL2 with E2H = 0 (D17.2.140), and TCR_EL3. */
function ofOne(low: number): RangeControl {
  return {
    sizeOffset: low & 0x3f,
    granule: GRANULES_0[(low >>> 14) & 3] as number,
    disabled: false,
    topByteIgnored: (low & 0x10_0000) !== 0,
    hierarchical: (low & 0x100_0000) === 0,
  };
}

/** Whether bits `from` to `to - 1` of an address are all zeros, or all ones in the upper range (VAIsOutOfRange). */
function inRange(low: number, high: number, from: number, to: 56 | 64, upper: boolean): boolean {
  const wanted = upper ? 0xffff_ffff : 0;
  const highMask = (to === 64 ? 0xffff_ffff : 0xff_ffff) & (from > 32 ? -(2 ** (from - 32)) : -1);
  const lowMask = from < 32 ? -(2 ** from) : 0;
  return ((high ^ wanted) & highMask) === 0 && ((low ^ wanted) & lowMask) === 0;
}
