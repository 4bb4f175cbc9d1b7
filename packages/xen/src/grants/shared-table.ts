import type { SharedWords } from '@trapline/core';
import type { DomainMemory } from '../memory/domain-memory.js';
import { frameOf, PAGE_BYTES } from '../memory/frames.js';
import { SharedPage } from '../memory/shared-page.js';
import {
  ACTIVE_PER_PAGE,
  FRAMES_PER_STATUS,
  INITIAL_GRANT_FRAMES,
  STATUS_PER_FRAME,
  V1_PER_FRAME,
  V2_PER_FRAME,
} from './limits.js';

/**
 * The frames that a domain and Xen share: entries, and in version 2 the words in which Xen tells of their use. The guest
 * changes all of them at any time, so each value is fetched once and what was fetched is what counts.
 */
export class SharedTable {
  /** The layout of the entries. */
  version: 1 | 2 = 1;
  /** Frames that the domain may have at most. */
  readonly max: number;
  readonly pages: SharedPage[] = [];
  /** Frames of status words, while the table is of version 2. */
  readonly statusPages: SharedPage[] = [];
  readonly #memory: DomainMemory;

  constructor(memory: DomainMemory, max: number) {
    this.max = max;
    this.#memory = memory;
    this.grow(INITIAL_GRANT_FRAMES);
  }

  /** How many entries there are: a reference below is one. */
  get entries(): number {
    return this.pages.length * (this.version === 1 ? V1_PER_FRAME : V2_PER_FRAME);
  }

  /** How many entries there can ever be, whatever the version. */
  get most(): number {
    return this.max * V1_PER_FRAME;
  }

  /**
   * Makes the table at least this long, which must be within {@link max}. Its pages, and those in which Xen keeps what is
   * in use, come from the heap (gnttab_grow_table); those of the first frames have been taken when the domain was built.
   */
  grow(frames: number): void {
    const more = frames - this.pages.length;
    if (more > 0 && this.pages.length > 0)
      this.#memory.domain.xen.heap.consume(more + activePages(frames) - activePages(this.pages.length));
    while (this.pages.length < frames) this.pages.push(this.#newPage(`grant:${this.pages.length}`));
    const status = this.#statusFrames;
    while (this.statusPages.length < status) this.statusPages.push(this.#newPage(`status:${this.statusPages.length}`));
  }

  /** As a new domain has it. */
  reset(): void {
    this.version = 1;
    this.pages.length = 0;
    this.statusPages.length = 0;
    this.grow(INITIAL_GRANT_FRAMES);
  }

  /** A table of this version and length. What its pages hold is the memory's to restore, by their ids. */
  restore(version: 1 | 2, frames: number): void {
    this.version = version;
    this.pages.length = 0;
    this.statusPages.length = 0;
    for (let i = 0; i < frames; i++) this.pages.push(this.#restoredPage(`grant:${i}`));
    for (let i = 0; i < this.#statusFrames; i++) this.statusPages.push(this.#restoredPage(`status:${i}`));
  }

  /** The words of the frame in which an entry stands. */
  words(ref: number): SharedWords {
    const frame = this.version === 1 ? ref >>> 9 : ref >>> 8;
    return (this.pages[frame] as SharedPage).words;
  }

  /** Where in its frame an entry begins. */
  at(ref: number): number {
    return this.version === 1 ? (ref & (V1_PER_FRAME - 1)) << 1 : (ref & (V2_PER_FRAME - 1)) << 2;
  }

  /** Flags in the low half, the domain in the high half. */
  header(ref: number): number {
    return this.words(ref).load(this.at(ref));
  }

  /** The frame that an entry gives. */
  frame(ref: number): number {
    const words = this.words(ref);
    const at = this.at(ref);
    return this.version === 1 ? frameOf(words.load(at + 1), 0) : frameOf(words.load(at + 2), words.load(at + 3));
  }

  /** The second word of an entry of version 2: offset and length of a part, or the domain of a transitive grant. */
  second(ref: number): number {
    return this.words(ref).load(this.at(ref) + 1);
  }

  /** The reference behind a transitive grant. */
  behind(ref: number): number {
    return this.words(ref).load(this.at(ref) + 2) >>> 0;
  }

  /** Sets bits of an entry's status word. */
  setStatus(ref: number, bits: number): void {
    this.#statusWords(ref).or(statusIndex(ref), bits << statusShift(ref));
  }

  /** Clears GTF_reading and GTF_writing where they are: in the entry, or in its status word. */
  clearStatus(ref: number, bits: number): void {
    if (this.version === 1) this.words(ref).and(this.at(ref), ~bits);
    else this.#statusWords(ref).and(statusIndex(ref), ~(bits << statusShift(ref)));
  }

  /** Reads an entry's status word. */
  readStatus(ref: number): number {
    return (this.#statusWords(ref).load(statusIndex(ref)) >>> statusShift(ref)) & 0xffff;
  }

  /** Replaces an entry's status word. */
  writeStatus(ref: number, status: number): void {
    const words = this.#statusWords(ref);
    words.and(statusIndex(ref), ~(0xffff << statusShift(ref)));
    words.or(statusIndex(ref), status << statusShift(ref));
  }

  /** Status frames that belong to as many frames as there are. */
  get #statusFrames(): number {
    return this.version === 1 ? 0 : Math.ceil(this.pages.length / FRAMES_PER_STATUS);
  }

  #newPage(id: string): SharedPage {
    return new SharedPage(this.#memory, id);
  }

  /** The page that the memory has filled already, or a new one, which it fills. */
  #restoredPage(id: string): SharedPage {
    const page = this.#memory.pageOf(id);
    return page instanceof SharedPage ? page : this.#newPage(id);
  }

  #statusWords(ref: number): SharedWords {
    return (this.statusPages[ref >>> 11] as SharedPage).words;
  }
}

/** Zeros in every word of a page. */
export function clearPage(page: SharedPage): void {
  const { words } = page;
  for (let i = 0; i < PAGE_BYTES / 4; i++) words.store(i, 0);
}

/** Pages for what Xen keeps of a table of so many frames (num_act_frames_from_sha_frames). */
function activePages(frames: number): number {
  return Math.ceil((frames * V1_PER_FRAME) / ACTIVE_PER_PAGE);
}

function statusIndex(ref: number): number {
  return (ref & (STATUS_PER_FRAME - 1)) >> 1;
}

function statusShift(ref: number): number {
  return (ref & 1) << 4;
}
