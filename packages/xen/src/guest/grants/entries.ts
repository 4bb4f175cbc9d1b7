import type { SharedWords } from '@trapline/core';
import { GNTTAB_RESERVED, GTF } from '../../abi/grant-flags.js';
import { grantEntryV1, grantEntryV2 } from '../../abi/structures/grant-table.js';
import { PAGE_BYTES } from '../../memory/frames.js';

/** What the domain on the other side may do with a page. */
export type GrantAccess = 'read' | 'write';

/** How entries stand in the shared table: each version its own way. */
export interface GrantEntries {
  readonly version: 1 | 2;
  /** Entries in one frame of the table. */
  readonly perFrame: number;
  /** Lets a domain at a page of ours. */
  permit(words: SharedWords, index: number, domain: number, frame: number, flags: number): void;
  /** Takes an entry away; false, and nothing is done, while somebody has it mapped. */
  end(words: SharedWords, index: number, reference: number): boolean;
}

const IN_USE: number = GTF.reading | GTF.writing;
const FLAGS_AND_DOMAIN = grantEntryV1.at.flags >> 2;
const FLAGS = 0xffff;

/** Version 1: flags, domain and a 32-bit frame. */
export class EntriesV1 implements GrantEntries {
  readonly version = 1;
  readonly perFrame: number = PAGE_BYTES / grantEntryV1.size;

  permit(words: SharedWords, index: number, domain: number, frame: number, flags: number): void {
    const first = (index * grantEntryV1.size) >> 2;
    words.store(first + (grantEntryV1.at.frame >> 2), frame);
    // At last, and in one word with the domain: from here on the entry counts.
    words.store(first + FLAGS_AND_DOMAIN, (domain << 16) | flags);
  }

  end(words: SharedWords, index: number): boolean {
    const first = ((index * grantEntryV1.size) >> 2) + FLAGS_AND_DOMAIN;
    for (let old = words.load(first); (old & IN_USE) === 0; ) {
      const seen = words.compareExchange(first, old, 0);
      if (seen === old) return true;
      old = seen;
    }
    return false;
  }
}

const V2 = grantEntryV2.fields.full_page;

/** Version 2: wider frames, and the bits that say who uses an entry in pages of their own. */
export class EntriesV2 implements GrantEntries {
  readonly version = 2;
  readonly perFrame: number = PAGE_BYTES / grantEntryV2.size;
  /** The status frames: 16 bits an entry. */
  readonly #statuses: SharedWords[] = [];

  /** Status frames that the table has. */
  get statusFrames(): number {
    return this.#statuses.length;
  }

  addStatusFrame(words: SharedWords): void {
    this.#statuses.push(words);
  }

  permit(words: SharedWords, index: number, domain: number, frame: number, flags: number): void {
    const first = (index * grantEntryV2.size) >> 2;
    words.store(first + (V2.at.frame >> 2), frame);
    words.store(first + (V2.at.frame >> 2) + 1, Math.floor(frame / 0x1_0000_0000));
    words.store(first + (V2.at.flags >> 2), (domain << 16) | flags);
  }

  end(words: SharedWords, index: number, reference: number): boolean {
    const first = ((index * grantEntryV2.size) >> 2) + (V2.at.flags >> 2);
    // Nobody begins any more; who began before shows in the status.
    const old = words.and(first, ~FLAGS);
    if ((this.#status(reference) & IN_USE) === 0) return true;
    words.store(first, old);
    return false;
  }

  #status(reference: number): number {
    const words = this.#statuses[Math.floor(reference / STATUSES_PER_FRAME)];
    if (words === undefined) return 0;
    const index = reference % STATUSES_PER_FRAME;
    return words.load(index >> 1) >>> (16 * (index & 1));
  }
}

/** Entries whose status is in one status frame. */
export const STATUSES_PER_FRAME: number = PAGE_BYTES / 2;

/** The first entry that is not kept for the tools. */
export const FIRST_GRANT: number = GNTTAB_RESERVED.entries;
