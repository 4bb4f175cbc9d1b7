import type { Saved } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { GTF } from '../abi/grant-flags.js';
import type { Domain } from '../domain/domain.js';
import type { SharedPage } from '../memory/shared-page.js';
import { ActiveGrant } from './active-grant.js';
import { CopyOperand } from './copy-operand.js';
import { copyForeign, type ForeignMapping, mapForeign } from './foreign.js';
import { FRAMES_PER_STATUS } from './limits.js';
import { Maptrack } from './maptrack.js';
import { readGrants, saveGrants } from './saved-grants.js';
import { SharedTable } from './shared-table.js';
import { endMapping } from './use.js';

/** XENMAPIDX_grant_table_status (public/memory.h): the index is one of a status frame. */
export const STATUS_FRAME_INDEX = 0x8000_0000;

/**
 * The grant table of one domain: what it gives to others ({@link shared}, {@link active}) and the handles of what others
 * gave to it ({@link maptrack}).
 */
export class GrantTable {
  readonly domain: Domain;
  readonly shared: SharedTable;
  readonly maptrack: Maptrack;
  /** The two sides of the copy in hand. */
  readonly source: CopyOperand = new CopyOperand(true);
  readonly dest: CopyOperand = new CopyOperand(false);
  readonly #active: (ActiveGrant | undefined)[] = [];

  constructor(domain: Domain) {
    this.domain = domain;
    this.shared = new SharedTable(domain.memory, domain.config.maxGrantFrames);
    const vcpus = Math.max(1, domain.vcpus.length);
    this.maptrack = new Maptrack(domain.config.maxMaptrackFrames, vcpus, () => domain.xen.heap.consume(1));
  }

  /** What is known of the use of an entry, which must be one of the table. */
  active(ref: number): ActiveGrant {
    const known = this.#active[ref];
    if (known !== undefined) return known;
    while (this.#active.length <= ref) this.#active.push(undefined);
    const made = new ActiveGrant();
    this.#active[ref] = made;
    return made;
  }

  /** The same where it is in use. */
  inUse(ref: number): ActiveGrant | undefined {
    const active = this.#active[ref];
    return active?.isPinned ? active : undefined;
  }

  /** The first reference from one on that is in use and below another, or -1. */
  nextInUse(from: number, below: number): number {
    const end = Math.min(below, this.#active.length);
    for (let ref = from; ref < end; ref++) if (this.#active[ref]?.isPinned) return ref;
    return -1;
  }

  /**
   * The page for an index of XENMAPSPACE_grant_table: the table grows to have it, if it may. An index with
   * {@link STATUS_FRAME_INDEX} is one of a status frame where the table is of version 2.
   */
  frames(index: number): SharedPage | undefined {
    const { shared } = this;
    if (shared.version === 1 || index < STATUS_FRAME_INDEX) {
      return this.grow(index) === 0 ? shared.pages[index] : undefined;
    }
    const status = index - STATUS_FRAME_INDEX;
    if (status >= shared.statusPages.length) this.grow((status + 1) * FRAMES_PER_STATUS - 1);
    return shared.statusPages[status];
  }

  /** Makes the table long enough to have a frame: 0, or -EINVAL for an index that it may not have. */
  grow(index: number): number {
    if (!(index >= 0 && index < this.shared.max)) return -ERRNO.EINVAL;
    this.shared.grow(index + 1);
    return 0;
  }

  /**
   * Maps a grant for a back end of the host's, with the checks and the marks in the entry that a guest's mapping has, but
   * in no guest's memory. Gives the GNTST where it is refused.
   */
  mapForeign(granter: Domain, ref: number, writable: boolean): ForeignMapping | number {
    return mapForeign(this, granter, ref, writable);
  }

  /** Ends a mapping of {@link mapForeign}: GNTST okay, or bad_handle. */
  unmapForeign(handle: number): number {
    return endMapping(this.maptrack, handle);
  }

  /** Copies out of a page that a domain granted, without a mapping. GNTST as for GNTTABOP_copy. */
  copyFrom(granter: Domain, ref: number, offset: number, target: Uint8Array): number {
    return copyForeign(this, granter, ref, offset, target, 'from');
  }

  /** Copies into a page that a domain granted writable. GNTST as for GNTTABOP_copy. */
  copyTo(granter: Domain, ref: number, offset: number, source: Uint8Array): number {
    return copyForeign(this, granter, ref, offset, source, 'to');
  }

  /**
   * Fills an entry as a builder of domains does for the console and xenstore, before the guest runs: version 1, writable.
   */
  seed(ref: number, user: number, frame: number): void {
    const words = this.shared.words(ref);
    const at = this.shared.at(ref);
    words.store(at + 1, frame);
    words.store(at, (user << 16) | GTF.permit_access);
  }

  /** The domain dies: what it has mapped of others is given back. What others have mapped of it stays until they end it. */
  destroy(): void {
    for (let handle = this.maptrack.limit - 1; handle >= 0; handle--) endMapping(this.maptrack, handle);
    this.maptrack.reset();
  }

  /** As a new domain has it. Others' mappings of what it gave are handles of nothing from now on. */
  reset(): void {
    this.destroy();
    for (const active of this.#active) {
      active?.page?.drop();
      active?.forget();
    }
    this.#active.length = 0;
    this.shared.reset();
  }

  save(): Saved {
    return saveGrants(this, this.#active);
  }

  /** Takes back what {@link save} gave. The domain's memory is restored before, with what the table's pages hold. */
  restore(saved: Saved): void {
    const read = readGrants(this, saved);
    for (const active of this.#active) active?.forget();
    read();
  }
}
