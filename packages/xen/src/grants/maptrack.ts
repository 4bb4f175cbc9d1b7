import type { ActiveGrant } from './active-grant.js';
import type { GrantTable } from './grant-table.js';
import { MAPTRACK_PER_FRAME } from './limits.js';

/** The end of a list of free mappings. */
const TAIL = -1;

/** One mapping of somebody's grant, by whose handle it is ended. */
export class GrantMapping {
  /** GNTMAP_* while there is one; 0 for a handle that is free. */
  flags = 0;
  /** Whose grant it is. */
  granter: GrantTable | undefined = undefined;
  ref = 0;
  /** What the granter's table knows of its use: another one, or none, once the granter has begun anew. */
  active: ActiveGrant | undefined = undefined;
  /** The vCPU to whose list it returns. */
  vcpu: number;
  /** The next free one, or the tail. */
  next: number;

  constructor(vcpu: number, next: number) {
    this.vcpu = vcpu;
    this.next = next;
  }
}

/**
 * The handles of a domain's mappings (grant_table.c, get_maptrack_handle). Each vCPU has a list of free ones: taken at its
 * head, given back at its tail, and never empty, so that there always is a tail to append to. An empty list takes a new
 * frame of handles, or where there are no more, another vCPU's.
 */
export class Maptrack {
  readonly #maxFrames: number;
  readonly #taken: () => void;
  readonly #mappings: GrantMapping[] = [];
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;

  /** `taken` is told when a frame of handles takes a page of the heap. */
  constructor(maxFrames: number, vcpus: number, taken: () => void = () => {}) {
    this.#taken = taken;
    this.#maxFrames = maxFrames;
    this.#heads = new Int32Array(vcpus).fill(TAIL);
    this.#tails = new Int32Array(vcpus).fill(TAIL);
  }

  /** How many vCPUs have lists. */
  get vcpus(): number {
    return this.#heads.length;
  }

  /** Handles that there may be at most. */
  get most(): number {
    return this.#maxFrames * MAPTRACK_PER_FRAME;
  }

  /** One above the highest handle that there ever was. */
  get limit(): number {
    return this.#mappings.length;
  }

  /** The mapping of a handle, given as uint32; undefined where there never was one. */
  at(handle: number): GrantMapping | undefined {
    return this.#mappings[handle];
  }

  /** A free handle, or -1. */
  take(vcpu: number): number {
    const free = this.#pop(vcpu);
    if (free !== TAIL) return free;
    if (this.#mappings.length < this.most) return this.#grow(vcpu);
    if (this.#tails[vcpu] === TAIL) {
      const sentinel = this.#steal(vcpu);
      if (sentinel === TAIL) return TAIL;
      (this.#mappings[sentinel] as GrantMapping).next = TAIL;
      this.#heads[vcpu] = sentinel;
      this.#tails[vcpu] = sentinel;
    }
    return this.#steal(vcpu);
  }

  /** Gives a handle back to the list of the vCPU that it belongs to. */
  give(handle: number): void {
    const mapping = this.#mappings[handle] as GrantMapping;
    mapping.flags = 0;
    mapping.granter = undefined;
    mapping.active = undefined;
    mapping.next = TAIL;
    (this.#mappings[this.#tails[mapping.vcpu] as number] as GrantMapping).next = handle;
    this.#tails[mapping.vcpu] = handle;
  }

  /** Makes a handle that was taken one of a mapping. */
  record(handle: number, flags: number, granter: GrantTable, ref: number, active: ActiveGrant): void {
    const mapping = this.#mappings[handle] as GrantMapping;
    mapping.flags = flags;
    mapping.granter = granter;
    mapping.ref = ref;
    mapping.active = active;
  }

  /** Forgets all handles. */
  reset(): void {
    this.#mappings.length = 0;
    this.#heads.fill(TAIL);
    this.#tails.fill(TAIL);
  }

  /** The free handles of a vCPU, in the order in which they will be taken. The last is never taken. */
  free(vcpu: number): number[] {
    const handles: number[] = [];
    for (let handle = this.#heads[vcpu] as number; handle !== TAIL; handle = this.at(handle)?.next ?? TAIL) {
      handles.push(handle);
    }
    return handles;
  }

  /** Makes so many handles, free in these lists, one for each vCPU. Those in no list are to be recorded. */
  rebuild(limit: number, lists: readonly (readonly number[])[]): void {
    this.reset();
    for (let handle = 0; handle < limit; handle++) this.#mappings.push(new GrantMapping(0, TAIL));
    lists.forEach((handles, vcpu) => {
      handles.forEach((handle, i) => {
        const mapping = this.#mappings[handle] as GrantMapping;
        mapping.vcpu = vcpu;
        mapping.next = handles[i + 1] ?? TAIL;
      });
      this.#heads[vcpu] = handles[0] ?? TAIL;
      this.#tails[vcpu] = handles.at(-1) ?? TAIL;
    });
  }

  #pop(vcpu: number): number {
    const head = this.#heads[vcpu] as number;
    if (head === TAIL) return TAIL;
    const { next } = this.#mappings[head] as GrantMapping;
    if (next === TAIL) return TAIL;
    this.#heads[vcpu] = next;
    return head;
  }

  /** A new frame: its first handle is taken, the others come before what is free. */
  #grow(vcpu: number): number {
    this.#taken();
    const first = this.#mappings.length;
    const last = first + MAPTRACK_PER_FRAME - 1;
    for (let handle = first; handle <= last; handle++) this.#mappings.push(new GrantMapping(vcpu, handle + 1));
    (this.#mappings[last] as GrantMapping).next = this.#heads[vcpu] as number;
    this.#heads[vcpu] = first + 1;
    if (this.#tails[vcpu] === TAIL) this.#tails[vcpu] = last;
    return first;
  }

  /** Takes one of another vCPU's for good. Xen begins at a random one; here it is the next, so that runs repeat. */
  #steal(thief: number): number {
    const count = this.#heads.length;
    for (let i = 1; i <= count; i++) {
      const handle = this.#pop((thief + i) % count);
      if (handle !== TAIL) {
        (this.#mappings[handle] as GrantMapping).vcpu = thief;
        return handle;
      }
    }
    return TAIL;
  }
}
