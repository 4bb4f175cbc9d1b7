import { SCTLR_EE } from '../rules/control-bits.js';
import { longFault } from './fault.js';
import type { Access, Regime, WordReader } from './regime.js';

const TWO_32 = 0x1_0000_0000;

/** What TCR and TTBR say of one walk of long (64-bit) descriptors. */
export interface LongWalk {
  /** log2 of the granule: 12, 14 or 16. */
  granule: number;
  /** Bits of input address. */
  inputBits: number;
  /** Bits of output address that may be set. */
  outputBits: number;
  /** Where descriptors hold bits 51:48 of an address: nowhere, in 15:12 (FEAT_LPA) or in 9:8 and 49:48 (FEAT_LPA2). */
  extended: 'none' | 'lpa' | 'lpa2';
  /** The TTBR's two halves. */
  tableLow: number;
  tableHigh: number;
  /** Whether table descriptors restrict permissions below them (not with TCR_ELx.HPD). */
  hierarchical: boolean;
  /** The hardware sets the access flag (HA), and makes writable what DBM marks (HD). */
  setsAccessFlag: boolean;
  setsDirty: boolean;
}

/** The first level at which a block can be, by granule (DDI 0487, D8.3.1). */
function firstBlockLevel(granule: number, extended: LongWalk['extended'], addressBits: number): number {
  if (granule === 12) return extended === 'lpa2' ? 0 : 1;
  if (granule === 14) return extended === 'lpa2' ? 1 : 2;
  return addressBits === 52 ? 1 : 2;
}

/**
 * Walks tables of 64-bit descriptors: VMSAv8-64, and VMSAv8-32 with the long format, which has the same descriptors
 * (DDI 0487, D8.3 and G5.5). Gives the physical address or a fault ({@link longFault}).
 *
 * The input address has passed the range checks. At most five descriptors are read.
 */
export function walkLong(
  walk: LongWalk,
  regime: Regime,
  low: number,
  high: number,
  access: Access,
  readWord: WordReader,
): number {
  const { granule, inputBits, extended } = walk;
  const stride = granule - 3;
  const bigEndian = (regime.sctlr & SCTLR_EE) !== 0;
  const blocksFrom = firstBlockLevel(granule, extended, regime.addressBits);
  const outputLimit = 2 ** walk.outputBits;

  let level = 3 - Math.floor((inputBits - 1 - granule) / stride);
  let shift = granule + (3 - level) * stride;
  let indexBits = inputBits - shift;
  let table = tableBase(walk, indexBits + 3);
  if (table >= outputLimit) return longFault('address-size', 0);
  // Hierarchical attributes gather on the way: APTable[1] takes writing away, APTable[0] EL0's access.
  let readOnly = false;
  let closedToEl0 = false;

  for (;;) {
    const slot = table + bits(low, high, shift, indexBits) * 8;
    const first = readWord(slot);
    const second = readWord(slot + 4);
    if (first < 0 || second < 0) return longFault('external-abort', level);
    const descriptorLow = bigEndian ? swap(second) : first;
    const descriptorHigh = bigEndian ? swap(first) : second;

    const isPageOrTable = (descriptorLow & 2) !== 0;
    if ((descriptorLow & 1) === 0) return longFault('translation', level);
    if (level === 3 ? !isPageOrTable : !isPageOrTable && level < blocksFrom) return longFault('translation', level);

    const isTable = level < 3 && isPageOrTable;
    const output = outputAddress(walk, descriptorLow, descriptorHigh, isTable ? granule : shift);
    if (output >= outputLimit) return longFault('address-size', level);
    if (!isTable) {
      const writable = (descriptorLow & 0x80) === 0 || (walk.setsDirty && (descriptorHigh & 0x8_0000) !== 0);
      if ((descriptorLow & 0x400) === 0 && !walk.setsAccessFlag) return longFault('access-flag', level);
      const open = regime.privileged || ((descriptorLow & 0x40) !== 0 && !closedToEl0);
      if (!open || (access === 'write' && (!writable || readOnly))) return longFault('permission', level);
      return output + offset(low, high, shift);
    }
    if (walk.hierarchical) {
      readOnly ||= (descriptorHigh & 0x4000_0000) !== 0;
      closedToEl0 ||= (descriptorHigh & 0x2000_0000) !== 0;
    }
    table = output;
    level += 1;
    shift -= stride;
    indexBits = stride;
  }
}

/** The table that a TTBR points to, aligned to the table's own size (S1TTBaseAddress). */
function tableBase(walk: LongWalk, sizeBits: number): number {
  const { tableLow, tableHigh, extended, outputBits } = walk;
  const carriesHigh = extended === 'lpa2' || (extended === 'lpa' && outputBits === 52);
  const align = 2 ** (carriesHigh ? Math.max(sizeBits, 6) : sizeBits);
  const base = (tableHigh & 0xffff) * TWO_32 + tableLow;
  return base - (base % align) + (carriesHigh ? ((tableLow >>> 2) & 0xf) * 2 ** 48 : 0);
}

/** The address in a descriptor, of bits from `shift` upwards. */
function outputAddress(walk: LongWalk, low: number, high: number, shift: number): number {
  const { granule, extended } = walk;
  const highBits = extended === 'lpa2' ? high & 0x3_ffff : high & 0xffff;
  const all = highBits * TWO_32 + low;
  const base = all - (all % 2 ** Math.max(shift, granule));
  if (extended === 'lpa') return base + ((low >>> 12) & 0xf) * 2 ** 48;
  if (extended === 'lpa2') return base + ((low >>> 8) & 3) * 2 ** 50;
  return base;
}

/** `count` bits of an address from bit `shift` up. */
function bits(low: number, high: number, shift: number, count: number): number {
  const mask = 2 ** count - 1;
  if (shift >= 32) return (high >>> (shift - 32)) & mask;
  return ((low >>> shift) | (high << (32 - shift))) & mask;
}

/** The bits of an address below bit `shift`. */
function offset(low: number, high: number, shift: number): number {
  if (shift < 32) return low & (2 ** shift - 1);
  return (high & (2 ** (shift - 32) - 1)) * TWO_32 + (low >>> 0);
}

/** A word with its bytes the other way round. */
export function swap(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
