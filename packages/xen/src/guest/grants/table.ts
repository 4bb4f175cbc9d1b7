import { isStatus, type SharedWords } from '@trapline/core';
import { GNTMAP, GTF } from '../../abi/grant-flags.js';
import type { grantTableOperations } from '../../abi/operations/grant-table.js';
import { XENMAPSPACE } from '../../abi/structures/memory.js';
import type { XenRegion } from '../../binding.js';
import { DOMID_SELF } from '../../domain/xen.js';
import { PAGE_BYTES } from '../../memory/frames.js';
import type { Gate } from '../gate.js';
import { errorOf, type OperationClient, type XenError } from '../operations.js';
import type { FrameSlot, PhysicalMap } from '../physical-map.js';
import {
  EntriesV1,
  EntriesV2,
  FIRST_GRANT,
  type GrantAccess,
  type GrantEntries,
  STATUSES_PER_FRAME,
} from './entries.js';
import { MappingCalls } from './mapping-calls.js';
import { type GrantFailure, grantStatus } from './status.js';

/** The calls of grant_table_op. */
export type GrantTableCalls = OperationClient<typeof grantTableOperations.all, 'list'>;

/** A page of another domain's, mapped here. */
export interface GrantMapping extends FrameSlot {
  readonly handle: number;
  readonly domain: number;
  readonly reference: number;
  readonly access: GrantAccess;
}

/** One side of a copy: a page that a domain grants, or a frame of this domain's. */
export type CopyEnd = ({ readonly domain: number; readonly reference: number } | { readonly frame: number }) & {
  readonly offset?: number;
};

/** Frames that one driver's grant table has at most, whatever Xen would allow. */
export const MAX_TABLE_FRAMES = 1024;

/**
 * Grants from the guest's side: lets other domains at pages of ours, and maps pages of theirs. Giving and ending allocate
 * nothing.
 */
export class GrantClient {
  readonly calls: GrantTableCalls;
  /** Single grants, without an object made. */
  readonly mapping: MappingCalls;
  readonly #map: PhysicalMap;
  readonly #region: XenRegion | undefined;
  readonly #frames: SharedWords[] = [];
  /** References that are free, the last one to be given next. */
  readonly #free: number[] = [];
  #entries: GrantEntries = new EntriesV1();
  #limit = 0;

  constructor(calls: GrantTableCalls, gate: Gate, map: PhysicalMap, region: XenRegion | undefined) {
    this.calls = calls;
    this.mapping = new MappingCalls(gate);
    this.#map = map;
    this.#region = region;
  }

  /** The version of the table's entries. */
  get version(): 1 | 2 {
    return this.#entries.version;
  }

  /** Goes over to another version, before anything is granted. The error where Xen has none, or entries are in use. */
  useVersion(version: 1 | 2): true | XenError {
    const [answer] = listed(this.calls.setVersion([{ version }]));
    if (!isEntry(answer)) return answer;
    this.#entries = version === 1 ? new EntriesV1() : new EntriesV2();
    this.#frames.length = 0;
    this.#free.length = 0;
    return true;
  }

  /** How far the table has grown and may grow, in frames. */
  size(domain: number = DOMID_SELF): { readonly frames: number; readonly most: number } | XenError | GrantFailure {
    const [answer] = listed(this.calls.querySize([{ dom: domain }]));
    if (!isEntry(answer)) return answer;
    if (answer.status !== 0) return grantStatus.of(answer.status);
    return { frames: answer.nr_frames, most: answer.max_nr_frames };
  }

  /** Lets a domain at a page: gives the reference to tell it, or the error where the table cannot grow. */
  give(domain: number, frame: number, access: GrantAccess = 'write'): number | XenError {
    if (this.#free.length === 0) {
      const grown = this.#grow();
      if (grown !== 0) return grown;
    }
    const reference = this.#free.pop() as number;
    const flags = GTF.permit_access | (access === 'read' ? GTF.readonly : 0);
    const { perFrame } = this.#entries;
    const words = this.#frames[Math.floor(reference / perFrame)] as SharedWords;
    this.#entries.permit(words, reference % perFrame, domain, frame, flags);
    return reference;
  }

  /** Ends a grant; false, and it stays, while the other domain has the page mapped. */
  end(reference: number): boolean {
    const { perFrame } = this.#entries;
    const words = this.#frames[Math.floor(reference / perFrame)];
    if (words === undefined || !this.#entries.end(words, reference % perFrame, reference)) return false;
    this.#free.push(reference);
    return true;
  }

  /** Maps a page that a domain grants, where there is a hole. */
  map(domain: number, reference: number, access: GrantAccess = 'write'): GrantMapping | GrantFailure | XenError {
    const slot = this.#map.hole();
    if (isStatus(slot)) return slot;
    const flags = GNTMAP.host_map | (access === 'read' ? GNTMAP.readonly : 0);
    const result = this.mapping.map(slot.frame, flags, reference, domain);
    const { status, handle } = this.mapping;
    if (result === 0 && status === 0) return { ...slot, handle, domain, reference, access };
    this.#map.release(slot);
    return result === 0 ? grantStatus.of(status) : errorOf(result);
  }

  /** Ends a mapping. */
  unmap(mapped: GrantMapping): true | GrantFailure | XenError {
    const result = this.mapping.unmap(mapped.frame, mapped.handle);
    if (result !== 0) return errorOf(result);
    const { status } = this.mapping;
    if (status !== 0) return grantStatus.of(status);
    this.#map.release(mapped);
    return true;
  }

  /** Has Xen copy within a page at most, without mapping anything. */
  copy(from: CopyEnd, to: CopyEnd, length: number): true | GrantFailure | XenError {
    const flags = ('reference' in from ? 1 : 0) | ('reference' in to ? 2 : 0);
    const [answer] = listed(this.calls.copy([{ source: endOf(from), dest: endOf(to), len: length, flags }]));
    if (!isEntry(answer)) return answer;
    return answer.status === 0 ? true : grantStatus.of(answer.status);
  }

  /** One more frame of the table, at its place in the region that the tree names, or in a hole. */
  #grow(): 0 | XenError {
    const index = this.#frames.length;
    const size = this.#limit === 0 ? this.size() : undefined;
    if (size !== undefined && 'most' in size) this.#limit = Math.min(size.most, MAX_TABLE_FRAMES);
    const slot = this.#slotFor(index);
    if (isStatus(slot)) return slot;
    const added = this.#map.add(XENMAPSPACE.grantTable, index, slot.frame);
    if (added !== 0) return added;
    this.#frames.push(slot.words());
    const { perFrame } = this.#entries;
    if (this.#entries instanceof EntriesV2) {
      const status = this.#growStatus(this.#entries, (index + 1) * perFrame);
      if (status !== 0) return status;
    }
    const first = Math.max(index * perFrame, FIRST_GRANT);
    for (let reference = (index + 1) * perFrame - 1; reference >= first; reference--) this.#free.push(reference);
    return 0;
  }

  /** As many status frames as entries need. */
  #growStatus(entries: EntriesV2, count: number): 0 | XenError {
    while (entries.statusFrames * STATUSES_PER_FRAME < count) {
      const slot = this.#map.hole();
      if (isStatus(slot)) return slot;
      const added = this.#map.add(XENMAPSPACE.grantTable, STATUS_INDEX + entries.statusFrames, slot.frame);
      if (added !== 0) return added;
      entries.addStatusFrame(slot.words());
    }
    return 0;
  }

  #slotFor(index: number): FrameSlot | XenError {
    const region = this.#region;
    if (region !== undefined && BigInt((index + 1) * PAGE_BYTES) <= region.size) {
      return this.#map.slot(Number(region.base) / PAGE_BYTES + index);
    }
    return this.#map.hole();
  }
}

/** Indices of status frames in the map space of grant tables (XENMAPIDX_grant_table_status). */
const STATUS_INDEX = 0x8000_0000;

type Listed<Entry> = readonly [Entry | XenError];

/** The one entry of a list's answer, or what the whole hypercall failed with. */
function listed<Entry>(answer: readonly Entry[] | XenError): Listed<Entry> {
  return [isStatus(answer) ? (answer as XenError) : ((answer as readonly Entry[])[0] as Entry)];
}

function isEntry<Entry>(answer: Entry | XenError): answer is Entry {
  return !isStatus(answer);
}

function endOf(end: CopyEnd) {
  const offset = end.offset ?? 0;
  if ('reference' in end) return { u: { ref: end.reference }, domid: end.domain, offset };
  return { u: { gmfn: BigInt(end.frame) }, domid: DOMID_SELF, offset };
}
