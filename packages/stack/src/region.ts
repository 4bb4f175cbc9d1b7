/** Guest-physical addresses. */
export interface MemoryRegion {
  readonly base: number;
  /** In bytes. */
  readonly size: number;
}

/** A region in words. */
export function regionWords({ base, size }: MemoryRegion): string {
  return `0x${base.toString(16)}–0x${(base + size - 1).toString(16)}`;
}

/** Whether two regions have an address in common. */
export function overlaps(a: MemoryRegion, b: MemoryRegion): boolean {
  return a.base < b.base + b.size && b.base < a.base + a.size;
}
