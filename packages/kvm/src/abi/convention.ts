import type { Convention } from '@trapline/core';

/**
 * How KVM reads a call (arch/arm64/kvm/hypercalls.c): the low half of X0 is compared as it stands, SVE hint included;
 * the immediate is not looked at; AArch32 guests may make SMC64 calls, except PSCI's.
 */
export const KVM_CONVENTION: Partial<Convention> = {
  conduits: ['hvc'],
  immediates: [[0, 0xffff]],
  ignoredBits: 0,
  smc64NeedsA64: false,
};
