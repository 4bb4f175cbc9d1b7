import type { Convention } from '@trapline/core';

/**
 * How Xen reads an SMC Calling Convention call (arch/arm/vsmc.c): the low half of X0 as it stands, SVE hint included;
 * arguments as wide as the caller's registers, whatever the number says; 64-bit numbers are not for AArch32 guests.
 */
export const FIRMWARE_CONVENTION: Partial<Convention> = { ignoredBits: 0, narrow: 'by-caller' };

/** HVC #0. */
export const HVC_CONVENTION: Partial<Convention> = { ...FIRMWARE_CONVENTION, conduits: ['hvc'] };

/** SMC: every immediate comes here, for the syndrome of an AArch32 SMC does not hold it. */
export const SMC_CONVENTION: Partial<Convention> = {
  ...FIRMWARE_CONVENTION,
  conduits: ['smc'],
  immediates: [[0, 0xffff]],
};

/** One way into the firmware. */
export interface FirmwareConduit {
  readonly kind: 'hvc' | 'smc';
  readonly convention: Partial<Convention>;
}

export const FIRMWARE_CONDUITS: readonly FirmwareConduit[] = [
  { kind: 'hvc', convention: HVC_CONVENTION },
  { kind: 'smc', convention: SMC_CONVENTION },
];
