import type { Domain } from '../domain/domain.js';

/**
 * What `dev_bus_addr` says. There are no machine frames here: a domain whose frames are machine frames has its own, any
 * other's pages are given a terabyte of addresses by the domain's number, where no machine has RAM.
 */
const OWNER_SHIFT = 8;
const FRAMES_PER_HIGH = 0x10_0000;

/** Bits 31:0 of the address of a page, by its owner's frame. */
export function machineLow(frame: number): number {
  return (frame << 12) | 0;
}

/** Bits 63:32 of it. */
export function machineHigh(owner: Domain, frame: number): number {
  const high = frame < 2 ** 31 ? frame >>> 20 : Math.floor(frame / FRAMES_PER_HIGH);
  return owner.isDirectMapped ? high : high + ((owner.id + 1) << OWNER_SHIFT);
}

/** The number of the domain whose pages are at an address; -1 for machine frames. */
export function ownerAt(high: number): number {
  return (high >>> OWNER_SHIFT) - 1;
}

/** The owner's frame at an address. */
export function frameAt(low: number, high: number): number {
  return (high & ((1 << OWNER_SHIFT) - 1)) * FRAMES_PER_HIGH + (low >>> 12);
}
