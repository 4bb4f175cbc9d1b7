import type { Saved } from '@trapline/core';
import type { MemoryFrames } from './memory-frames.js';
import type { MemoryMap, MemoryRegion } from './memory-map.js';
import { PAGE_BYTES, type PageStore } from './page-store.js';
import { SavedRecord } from './saved.js';

const FORMAT = 'trapline.memory/1';

/** Memory as plain data. Bytes of a page are hexadecimal text without the zeros at its end. */
export function saveMemory(regions: readonly MemoryRegion[], store: PageStore, frames: MemoryFrames): Saved {
  const pages: Saved[] = [];
  for (const [address, bytes] of store.contents()) {
    if (!frames.hides(address)) pages.push({ address, bytes: toHex(bytes) });
  }
  return { format: FORMAT, regions: regions.map(({ base, size }) => ({ base, size })), pages };
}

/** Checks everything first, so that a damaged file changes nothing. */
export function restoreMemory(saved: Saved, map: MemoryMap, store: PageStore, frames: MemoryFrames): void {
  const record = SavedRecord.open(saved, FORMAT);
  checkRegions(record, map);
  const pages = readPages(record, map, store);

  frames.clear();
  store.clear();
  for (const [address, bytes] of pages) store.touch(address)?.set(bytes);
}

function checkRegions(record: SavedRecord, map: MemoryMap): void {
  const found = record.records('regions');
  const same =
    found.length === map.regions.length &&
    map.regions.every(({ base, size }, i) => {
      const region = found[i] as SavedRecord;
      const most = Number.MAX_SAFE_INTEGER;
      return region.integer('base', 0, most) === base && region.integer('size', 1, most) === size;
    });
  if (!same) throw record.error('saved from a memory with other regions');
}

function readPages(record: SavedRecord, map: MemoryMap, store: PageStore): Map<number, Uint8Array> {
  const pages = new Map<number, Uint8Array>();
  for (const page of record.records('pages')) {
    const address = page.integer('address', 0, Number.MAX_SAFE_INTEGER);
    const bytes = fromHex(page.text('bytes'));
    if (!bytes || address % PAGE_BYTES !== 0 || pages.has(address)) throw page.error('not a page, or given twice');
    if (!touches(map, address)) throw page.error('outside the regions');
    pages.set(address, bytes);
  }
  const numbers = new Set(Array.from(pages.keys(), (address) => address / PAGE_BYTES));
  if (!store.fits(numbers)) throw record.error('more pages than the resident limit allows');
  return pages;
}

/** Whether a page holds at least one byte of memory: regions need not begin at page borders. */
function touches(map: MemoryMap, address: number): boolean {
  return map.regions.some(({ base, size }) => address < base + size && base - address < PAGE_BYTES);
}

function toHex(bytes: Uint8Array): string {
  let end = bytes.length;
  while (bytes[end - 1] === 0) end--;
  let text = '';
  for (let i = 0; i < end; i++) text += (bytes[i] as number).toString(16).padStart(2, '0');
  return text;
}

function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || text.length > 2 * PAGE_BYTES || !/^[0-9a-f]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
