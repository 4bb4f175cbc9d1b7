import type { Domain } from '../domain/domain.js';

/** States of a port (xen/sched.h, ECS_*; ARM has none of the pirqs): those above {@link RESERVED} are bound. */
export const FREE = 0;
export const RESERVED = 1;
export const UNBOUND = 2;
export const INTERDOMAIN = 3;
export const VIRQ_BOUND = 5;
export const IPI = 6;

/** Ports come in buckets: a page of Xen's `struct evtchn`, which has 64 bytes. The valid range ends where a bucket ends. */
export const PORTS_PER_BUCKET = 64;

/**
 * The ports of one domain, column by column. Columns grow with the buckets; what a port was for the FIFO ABI stays when
 * it is closed, as it does in Xen.
 */
export class PortTable {
  /** Ports below this one can be named by the guest (`valid_evtchns`). */
  valid: number = PORTS_PER_BUCKET;
  /** One of the states. */
  state: Uint8Array = new Uint8Array(PORTS_PER_BUCKET);
  /** The vCPU that is told. */
  notify: Uint16Array = new Uint16Array(PORTS_PER_BUCKET);
  /** What it is bound to: the peer's port, the domain that may bind, or the VIRQ. */
  remote: Int32Array = new Int32Array(PORTS_PER_BUCKET);
  /** The domain at the other end of an interdomain port. */
  peers: (Domain | undefined)[] = new Array(PORTS_PER_BUCKET).fill(undefined);
  /** An event that came before the FIFO ABI had a word for it. */
  early: Uint8Array = new Uint8Array(PORTS_PER_BUCKET);
  priority: Uint8Array = new Uint8Array(PORTS_PER_BUCKET);
  /** The FIFO queue that it was last put into: vCPU times 16, plus priority. */
  lastQueue: Int32Array = new Int32Array(PORTS_PER_BUCKET);
  #lowestFree = 1;

  constructor() {
    this.state[0] = RESERVED;
  }

  /** The lowest port that may be free: none below it is. */
  get lowestFree(): number {
    const { state, valid } = this;
    while (this.#lowestFree < valid && state[this.#lowestFree] !== FREE) this.#lowestFree++;
    return this.#lowestFree;
  }

  /** Pages that another bucket takes of Xen's heap: the first one beyond those of the beginning, its group's list as well. */
  get nextBucketPages(): number {
    return this.valid === PORTS_PER_BUCKET ? 2 : 1;
  }

  /** Makes another bucket valid. */
  addBucket(): void {
    this.valid += PORTS_PER_BUCKET;
    if (this.valid > this.state.length) this.#grow(2 * this.state.length);
  }

  /** Makes a port free, notifying vCPU 0 again. */
  free(port: number): void {
    this.state[port] = FREE;
    this.notify[port] = 0;
    this.peers[port] = undefined;
    if (port < this.#lowestFree) this.#lowestFree = port;
  }

  #grow(size: number): void {
    this.state = widen(this.state, new Uint8Array(size));
    this.notify = widen(this.notify, new Uint16Array(size));
    this.remote = widen(this.remote, new Int32Array(size));
    this.early = widen(this.early, new Uint8Array(size));
    this.priority = widen(this.priority, new Uint8Array(size));
    this.lastQueue = widen(this.lastQueue, new Int32Array(size));
    while (this.peers.length < size) this.peers.push(undefined);
  }
}

function widen<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
