/**
 * Addresses have kinds, so that a guest-virtual pointer cannot be used where a guest-physical one is meant.
 *
 * They are Numbers, exact below 2^53. A 64-bit pointer with a higher bit is refused before it is converted
 * ({@link addressOf}), never rounded.
 */
declare const kind: unique symbol;

/**
 * An address in the calling guest's stage-1 translation (Xen's pointers). Those of the upper half, where kernels live,
 * are negative: 0xffff_8000_0000_0000 is -(2^47) ({@link virtualAddressOf}).
 */
export type GuestVirtual = number & { readonly [kind]: 'guest-virtual' };
/** An address as the guest's tables name it (PSCI's entry points, PV time's areas). */
export type GuestPhysical = number & { readonly [kind]: 'guest-physical' };
/** An address of the machine that the services run on. */
export type HostPhysical = number & { readonly [kind]: 'host-physical' };

/** The first address that a Number can no longer hold exactly. */
export const ADDRESS_LIMIT: number = 2 ** 53;

/** What {@link addressOf} gives for a pointer at or above {@link ADDRESS_LIMIT}: no guest memory lies there. */
export const NO_ADDRESS = -1;

/**
 * The address in two register halves, or {@link NO_ADDRESS} where it lies at or above {@link ADDRESS_LIMIT}.
 *
 * The result is a plain number: a caller gives it its kind once it knows what the ABI says.
 */
export function addressOf(low: number, high: number): number {
  return high >>> 0 < 0x20_0000 ? (high >>> 0) * 0x1_0000_0000 + (low >>> 0) : NO_ADDRESS;
}

/**
 * The virtual address in two register halves, as a signed Number: an address of the upper half is the negative Number
 * whose two's complement it is. {@link NO_ADDRESS} where bits 63:53 are not all alike: no stage 1 translates that,
 * unless it ignores the top byte. The last byte of all, 2^64 - 1, counts as no address too.
 */
export function virtualAddressOf(low: number, high: number): number {
  // Most addresses of a guest without stage 1 are small integers, and stay them.
  if (high === 0) return low >>> 0;
  const top = high >> 21;
  return top === 0 || top === -1 ? (high | 0) * 0x1_0000_0000 + (low >>> 0) : NO_ADDRESS;
}
