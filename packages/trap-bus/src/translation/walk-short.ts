import { SCTLR_EE } from '../rules/control-bits.js';
import { shortFault } from './fault.js';
import { type Access, type Regime, SCTLR_AFE, type WordReader } from './regime.js';
import { DACR, TCR, TTBR0, TTBR1 } from './registers.js';
import { swap } from './walk-long.js';

const MANAGER = 3;
const CLIENT = 1;

/** Walks VMSAv8-32 short descriptors: sections, supersections, large and small pages (DDI 0487, G5.4). */
export function walkShort(regime: Regime, address: number, access: Access, readWord: WordReader): number {
  const ttbcr = regime.registers.w[2 * TCR] as number;
  const n = ttbcr & 7;
  // With N = 0 everything is TTBR0's; otherwise what has any of the top N bits set is TTBR1's, as if its N were 0.
  const upper = n !== 0 && address >>> (32 - n) !== 0;
  if ((ttbcr & (upper ? 0x20 : 0x10)) !== 0) return shortFault('translation', 1);

  const ttbr = regime.registers.w[2 * (upper ? TTBR1 : TTBR0)] as number;
  const indexBits = upper ? 12 : 12 - n;
  const table = ttbr - (ttbr % 2 ** (indexBits + 2));
  const first = readDescriptor(regime, table + ((address >>> 20) & (2 ** indexBits - 1)) * 4, readWord);
  if (first < 0) return shortFault('external-abort', 1);

  switch (first & 3) {
    case 0:
      return shortFault('translation', 1);
    case 1:
      return walkSecond(regime, first, address, access, readWord);
    default: {
      const supersection = (first & 0x4_0000) !== 0;
      const permissions = ((first >>> 13) & 4) | ((first >>> 10) & 3);
      const domain = supersection ? 0 : (first >>> 5) & 15;
      const fault = check(regime, permissions, domain, access, 1);
      if (fault !== 0) return fault;
      if (!supersection) return ((first & 0xfff0_0000) >>> 0) + (address & 0xf_ffff);
      const high = ((first >>> 20) & 15) + ((first >>> 5) & 15) * 16;
      return high * 2 ** 32 + ((first & 0xff00_0000) >>> 0) + (address & 0xff_ffff);
    }
  }
}

function walkSecond(regime: Regime, first: number, address: number, access: Access, readWord: WordReader): number {
  const table = (first & 0xffff_fc00) >>> 0;
  const second = readDescriptor(regime, table + ((address >>> 12) & 0xff) * 4, readWord);
  if (second < 0) return shortFault('external-abort', 2);
  if ((second & 3) === 0) return shortFault('translation', 2);

  const permissions = ((second >>> 7) & 4) | ((second >>> 4) & 3);
  const fault = check(regime, permissions, (first >>> 5) & 15, access, 2);
  if (fault !== 0) return fault;
  return (second & 2) === 0
    ? ((second & 0xffff_0000) >>> 0) + (address & 0xffff)
    : ((second & 0xffff_f000) >>> 0) + (address & 0xfff);
}

function readDescriptor(regime: Regime, address: number, readWord: WordReader): number {
  const word = readWord(address);
  return word >= 0 && (regime.sctlr & SCTLR_EE) !== 0 ? swap(word) : word;
}

/** Access flag, domain, permission, in the architecture's order (G5.11.2). Zero where the access may go on. */
function check(regime: Regime, permissions: number, domain: number, access: Access, level: 1 | 2): number {
  const hasAccessFlag = (regime.sctlr & SCTLR_AFE) !== 0;
  if (hasAccessFlag && (permissions & 1) === 0) return shortFault('access-flag', level);
  const control = ((regime.registers.w[2 * DACR] as number) >>> (2 * domain)) & 3;
  if (control === MANAGER) return 0;
  if (control !== CLIENT) return shortFault('domain', level);
  const allowed = hasAccessFlag
    ? simplifiedAllows(permissions >>> 1, regime.privileged, access)
    : allows(permissions, regime.privileged, access);
  return allowed ? 0 : shortFault('permission', level);
}

/** AP[2:0] without access flag (table G5-9). The reserved value 4 allows nothing. */
function allows(permissions: number, privileged: boolean, access: Access): boolean {
  const write = access === 'write';
  switch (permissions) {
    case 1:
      return privileged;
    case 2:
      return privileged || !write;
    case 3:
      return true;
    case 5:
      return privileged && !write;
    case 6:
    case 7:
      return !write;
    default:
      return false;
  }
}

/** AP[2:1] with access flag (table G5-8). */
function simplifiedAllows(permissions: number, privileged: boolean, access: Access): boolean {
  return (privileged || (permissions & 1) !== 0) && (access === 'read' || (permissions & 2) === 0);
}
