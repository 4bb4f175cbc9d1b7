import type { MemoryPage, Saved } from '@trapline/core';
import { SavedState } from '../domain/saved-state.js';
import type { DomainMemory } from './domain-memory.js';
import type { Page } from './page.js';
import { pageOfText, textOf, textOfWords } from './page-text.js';
import type { PageType } from './page-types.js';

/** Most of anything in a saved memory: of pages, frames, pages of Xen's. */
const MOST = 2 ** 28;
/** Frames that a saved state may name. */
const MAX_FRAME: number = 2 ** 41 - 1;
const TYPES: readonly PageType[] = ['hole', 'ram', 'ram-ro', 'device', 'foreign', 'foreign-ro', 'grant', 'grant-ro'];

/** A frame that holds a page, as saved. */
export interface SavedFrame {
  readonly frame: number;
  readonly type: PageType;
  /** The domain that owns the page, and its name there; none for a device's frame. */
  readonly owner: number;
  readonly page: string | undefined;
}

/** A page beside those that the port's memory has at their own frames. */
export interface SavedPage {
  readonly id: string;
  readonly allocated: boolean;
  /** Undefined where the port has it. */
  readonly bytes: MemoryPage | undefined;
}

/** A domain's memory as it was saved, checked. */
export interface MemoryState {
  readonly dying: boolean;
  readonly relinquished: boolean;
  readonly total: number;
  readonly maximum: number;
  readonly claimed: number;
  readonly highest: number;
  readonly range: number;
  readonly shared: ReadonlyMap<string, MemoryPage>;
  readonly pages: readonly SavedPage[];
  readonly holes: readonly { readonly start: number; readonly count: number }[];
  readonly frames: readonly SavedFrame[];
  /** The translation tables that have been made, by level. */
  readonly tables: readonly (readonly number[])[];
}

/** A domain's memory as plain data: everything that the guest's port does not keep by itself. */
export function saveState(memory: DomainMemory): Saved {
  const { map, reservation } = memory;
  const { maximum, claimed, total, isRelinquished } = reservation;
  const frames: Saved[] = [];
  const holes: { start: number; count: number }[] = [];
  const shown = new Set<Page>();
  for (const [frame, type, page] of map.changed()) {
    if (type !== 'hole') frames.push({ frame, type, owner: page?.owner.domain.id ?? 0, page: page?.id ?? null });
    if (page !== undefined) shown.add(page);
    if (type !== 'hole') continue;
    const last = holes.at(-1);
    if (last !== undefined && last.start + last.count === frame) last.count++;
    else holes.push({ start: frame, count: 1 });
  }
  return {
    ...{ dying: memory.isDying, relinquished: isRelinquished, total, maximum, claimed, highest: map.highest },
    range: memory.pages.range,
    shared: Array.from(reservation.shared, (page) => ({ id: page.id, bytes: textOfWords(page.words) })),
    pages: savePages(memory, shown),
    holes,
    frames,
    tables: map.tables.made.map((tables) => ({ tables })),
  };
}

function savePages(memory: DomainMemory, shown: ReadonlySet<Page>): Saved[] {
  const { map, reservation } = memory;
  const saved: Saved[] = [];
  for (const page of reservation.pages) {
    const kept = !memory.canMapPages || map.isAsBuilt(page);
    if (kept && page.isAllocated) continue;
    // A page that no frame shows and nobody uses only counts, unless its frame can have no other.
    const wanted = kept || shown.has(page) || page.references > 0 || memory.domain.config.directMapped;
    if (wanted) saved.push({ id: page.id, allocated: page.isAllocated, bytes: kept ? null : textOf(page.bytes) });
  }
  return saved;
}

/** Checks what was saved. Throws `RestoreError` for anything else. */
export function readState(saved: Saved, memory: DomainMemory): MemoryState {
  const state = new SavedState(saved, `the memory of ${memory.domain.name}`);
  return {
    dying: state.flag('dying'),
    relinquished: state.flag('relinquished'),
    total: state.integer('total', 0, MOST),
    maximum: state.integer('maximum', 0, MOST),
    claimed: state.integer('claimed', 0, MOST),
    highest: state.integer('highest', 0, MAX_FRAME),
    range: state.integer('range', 0, Number.MAX_SAFE_INTEGER),
    shared: new Map(state.parts('shared').map((page) => [page.text('id'), contentOf(page)])),
    pages: state.parts('pages').map((page) => ({
      id: page.text('id'),
      allocated: page.flag('allocated'),
      bytes: page.saved('bytes') === null ? undefined : contentOf(page),
    })),
    holes: state.parts('holes').map((hole) => readHole(hole, memory)),
    frames: state.parts('frames').map(readFrame),
    tables: state.parts('tables').map((level) => level.integers('tables', 0, MAX_FRAME)),
  };
}

function contentOf(page: SavedState): MemoryPage {
  const bytes = pageOfText(page.text('bytes'));
  if (bytes === undefined) throw page.error('not the content of a page');
  return bytes;
}

function readHole(hole: SavedState, { map }: DomainMemory): { start: number; count: number } {
  const start = hole.integer('start', 0, MAX_FRAME);
  const count = hole.integer('count', 1, MOST);
  for (let frame = start; frame < start + count; frame++) {
    if (!map.ram.has(frame) && !map.mayUseDevice(frame)) throw hole.error('a hole where nothing was built');
  }
  return { start, count };
}

function readFrame(state: SavedState): SavedFrame {
  const found = state.text('type');
  const type = TYPES.find((name) => name === found);
  if (type === undefined || type === 'hole') throw state.error('not what a frame holds');
  const frame = state.integer('frame', 0, MAX_FRAME);
  const page = state.saved('page') === null ? undefined : state.text('page');
  return { frame, type, owner: state.integer('owner', 0, 0xffff), page };
}
