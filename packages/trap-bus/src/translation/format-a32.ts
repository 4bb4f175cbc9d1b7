import { longFault } from './fault.js';
import type { Access, Regime, WordReader } from './regime.js';
import { TCR, TTBR0, TTBR1 } from './registers.js';
import { walkLong } from './walk-long.js';
import { walkShort } from './walk-short.js';

/** TTBCR.EAE: long descriptors. Hyp mode has no others. */
const EAE = 0x8000_0000;

/** Translates an AArch32 address with the format that TTBCR.EAE chooses (DDI 0487, G5.4 and G5.5). */
export function translateA32(regime: Regime, address: number, access: Access, readWord: WordReader): number {
  const ttbcr = regime.registers.w[2 * TCR] as number;
  if (regime.ranges === 2 && (ttbcr & EAE) === 0) return walkShort(regime, address, access, readWord);

  const lowerBits = 32 - (ttbcr & 7);
  const upperBits = regime.ranges === 2 ? 32 - ((ttbcr >>> 16) & 7) : 0;
  const upper = isUpper(address, lowerBits, upperBits);
  const disabled = regime.ranges === 2 && (ttbcr & (upper ? 0x80_0000 : 0x80)) !== 0;
  if (upper === undefined || disabled) return longFault('translation', 1);

  const ttbr = upper ? TTBR1 : TTBR0;
  return walkLong(
    {
      granule: 12,
      inputBits: upper ? upperBits : lowerBits,
      outputBits: 40,
      extended: 'none',
      tableLow: regime.registers.w[2 * ttbr] as number,
      tableHigh: regime.registers.w[2 * ttbr + 1] as number,
      hierarchical: true,
      setsAccessFlag: false,
      setsDirty: false,
    },
    regime,
    address,
    0,
    access,
    readWord,
  );
}

/**
 * Which of the two ranges an address is in (G5.5.4); undefined in neither. A size of zero means all that the other one
 * leaves, the lower range first. Without an upper range, `upperBits` is 0.
 */
function isUpper(address: number, lowerBits: number, upperBits: number): boolean | undefined {
  if (upperBits !== 0 && upperBits !== 32 && address >= 2 ** 32 - 2 ** upperBits) return true;
  if (address < 2 ** lowerBits) return false;
  return upperBits === 32 ? true : undefined;
}
