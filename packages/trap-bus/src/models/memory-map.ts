import { ADDRESS_LIMIT, CompositionError } from '@trapline/core';

/** A range of guest-physical memory. */
export interface MemoryRegion {
  readonly base: number;
  readonly size: number;
}

/** Most regions that one memory can be composed of. */
export const MAX_MEMORY_REGIONS = 1024;

/**
 * Where memory is: the regions in order of address, those that touch each other as one.
 *
 * Throws {@link CompositionError} for regions that overlap, are empty, or do not lie below 2^53.
 */
export class MemoryMap {
  readonly regions: readonly MemoryRegion[];
  readonly #bases: Float64Array;
  readonly #ends: Float64Array;

  constructor(regions: readonly MemoryRegion[]) {
    if (regions.length > MAX_MEMORY_REGIONS) {
      throw new CompositionError(`${regions.length} memory regions`, `give at most ${MAX_MEMORY_REGIONS}`);
    }
    this.regions = joinNeighbours([...regions].sort((a, b) => a.base - b.base).map(check));
    this.#bases = Float64Array.from(this.regions, (region) => region.base);
    this.#ends = Float64Array.from(this.regions, (region) => region.base + region.size);
  }

  /** Whether every byte of the range is memory. A range without bytes is, wherever it is. */
  has(address: number, length: number): boolean {
    if (length === 0) return true;
    // Anything that is no exact address (NaN, a fraction, 2^53 and above) is no memory; sums are not formed, since
    // they could round at 2^53.
    if (!(length > 0) || !Number.isSafeInteger(address)) return false;
    const bases = this.#bases;
    const ends = this.#ends;
    let low = 0;
    let high = bases.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ends[middle] as number) > address) high = middle;
      else low = middle + 1;
    }
    return low < bases.length && (bases[low] as number) <= address && length <= (ends[low] as number) - address;
  }
}

function check(region: MemoryRegion): MemoryRegion {
  const { base, size } = region;
  if (!Number.isSafeInteger(base) || base < 0 || !(size > 0) || !(size <= ADDRESS_LIMIT - base) || size % 1 !== 0) {
    throw new CompositionError(
      `memory region { base: ${base}, size: ${size} }`,
      'give whole numbers, a size above 0 and an end of at most 2^53',
    );
  }
  return region;
}

function joinNeighbours(sorted: readonly MemoryRegion[]): MemoryRegion[] {
  const joined: MemoryRegion[] = [];
  for (const region of sorted) {
    const last = joined.at(-1);
    const end = last ? last.base + last.size : -1;
    if (last && region.base < end) {
      throw new CompositionError(
        `memory regions ${words(last)} and ${words(region)} overlap`,
        'give each byte of memory once',
      );
    }
    if (last && region.base === end) joined[joined.length - 1] = { base: last.base, size: last.size + region.size };
    else joined.push({ base: region.base, size: region.size });
  }
  return joined;
}

function words({ base, size }: MemoryRegion): string {
  return `0x${base.toString(16)}+0x${size.toString(16)}`;
}
