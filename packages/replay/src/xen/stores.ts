import { addressOf, type GuestPhysical, type MemoryPort } from '@trapline/core';

/**
 * The syndrome of the data abort that Xen injects for an access that no memory answers: it says neither whether the
 * access was a store nor which fault it was (xen/arch/arm, inject_abt64_exception).
 */
export const INJECTED_ABORT = '0x96000000';
/** Its vector: synchronous, from the current level with its own stack pointer. */
export const INJECTED_ABORT_VECTOR = '0x200';

/** Where an access stopped. */
export interface Stopped {
  /** Bytes that were accessed before. */
  readonly bytes: number;
  readonly address: bigint;
  /** Memory is there, but not to be written: Xen injects nothing, and the guest faults again and again. */
  readonly forever: boolean;
}

const WIDTHS = [8, 4, 2, 1] as const;

/** Stores bytes as a program does, in aligned pieces; says where it stopped. */
export function store(memory: MemoryPort, address: bigint, bytes: Uint8Array): Stopped | undefined {
  if (memory.write(physicalOf(address), bytes)) return undefined;
  return inPieces(address, bytes.length, (place, at, width) => {
    if (memory.write(place, bytes.subarray(at, at + width))) return undefined;
    return memory.read(place, new Uint8Array(width)) ? 'forever' : 'abort';
  });
}

/** Loads bytes the same way. */
export function load(memory: MemoryPort, address: bigint, target: Uint8Array): Stopped | undefined {
  if (memory.read(physicalOf(address), target)) return undefined;
  return inPieces(address, target.length, (place, at, width) =>
    memory.read(place, target.subarray(at, at + width)) ? undefined : 'abort',
  );
}

function inPieces(
  address: bigint,
  length: number,
  access: (place: GuestPhysical, at: number, width: number) => 'abort' | 'forever' | undefined,
): Stopped | undefined {
  for (let at = 0; at < length; ) {
    const here = address + BigInt(at);
    const width = WIDTHS.find((size) => here % BigInt(size) === 0n && length - at >= size) ?? 1;
    const end = access(physicalOf(here), at, width);
    if (end !== undefined) return { bytes: at, address: here, forever: end === 'forever' };
    at += width;
  }
  return undefined;
}

/** A guest-physical address as ports take it. */
export function physicalOf(address: bigint): GuestPhysical {
  return addressOf(Number(address & 0xffff_ffffn), Number(address >> 32n)) as GuestPhysical;
}
