/**
 * The two layouts of `power_state` (DEN0022F.b, 5.4.2). PSCI_FEATURES(CPU_SUSPEND) bit 1 says which one firmware reads;
 * nothing in a value tells them apart.
 */
export type PowerStateFormat = 'original' | 'extended';

/** A `power_state` taken apart. */
export interface PowerState {
  readonly format: PowerStateFormat;
  readonly type: 'standby' | 'powerdown';
  /** The highest level that takes part; the extended format has no such field. */
  readonly level?: number;
  /** StateID: 16 bits in the original format, 28 in the extended one. */
  readonly id: number;
}

/** Bits that must be zero in the original format: 31:26 and 23:17. */
export const ORIGINAL_RESERVED = 0xfcfe_0000 | 0;
/** Bits that must be zero in the extended format: 31, 29 and 28. */
export const EXTENDED_RESERVED = 0xb000_0000 | 0;

/** Bit 16 of the original, bit 30 of the extended format: context is lost, execution goes on at the entry point. */
const ORIGINAL_POWERDOWN = 0x1_0000;
const EXTENDED_POWERDOWN = 0x4000_0000;

/** Whether a value sets bits that its format reserves. */
export function hasReservedBits(value: number, format: PowerStateFormat): boolean {
  return (value & (format === 'original' ? ORIGINAL_RESERVED : EXTENDED_RESERVED)) !== 0;
}

/** Whether a value asks for a state that loses context. */
export function isPowerdown(value: number, format: PowerStateFormat): boolean {
  return (value & (format === 'original' ? ORIGINAL_POWERDOWN : EXTENDED_POWERDOWN)) !== 0;
}

/** Takes a value apart; reserved bits are left out ({@link hasReservedBits}). */
export function decodePowerState(value: number, format: PowerStateFormat): PowerState {
  const type = isPowerdown(value, format) ? 'powerdown' : 'standby';
  return format === 'original'
    ? { format, type, level: (value >>> 24) & 3, id: value & 0xffff }
    : { format, type, id: value & 0xfff_ffff };
}

/** The uint32 of a power state, as CPU_SUSPEND takes it. */
export function encodePowerState(state: PowerState): number {
  const powerdown = state.type === 'powerdown';
  if (state.format === 'extended') return ((powerdown ? EXTENDED_POWERDOWN : 0) | (state.id & 0xfff_ffff)) >>> 0;
  return (((state.level ?? 0) & 3) << 24) | (powerdown ? ORIGINAL_POWERDOWN : 0) | (state.id & 0xffff);
}

/** A value in words, whichever format it is in: bit 30 is reserved in the original one. */
export function describePowerState(value: number): string {
  const hex = `0x${(value >>> 0).toString(16)}`;
  const format: PowerStateFormat = (value & EXTENDED_POWERDOWN) !== 0 ? 'extended' : 'original';
  if (hasReservedBits(value, format)) return hex;
  const { type, level } = decodePowerState(value, format);
  return level === undefined ? `${hex} (${type})` : `${hex} (${type}, level ${level})`;
}
