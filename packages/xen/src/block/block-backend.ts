import type { Saved } from '@trapline/core';
import type { Subscription } from 'rxjs';
import { SavedState } from '../domain/saved-state.js';
import type { XenStore } from '../store/xenstore.js';
import type { BoundChannel, FrontEndLink, MappedGrant } from '../xenbus/front-end-link.js';
import { nodeNumber, XENBUS_STATE, type XenbusState, xenbusState } from '../xenbus/state.js';
import { BLKIF_INDIRECT_SEGMENTS_MAX, BLKIF_RING_ORDER_MAX, blkifLayout, SECTOR_SHIFT, VDISK } from './blkif.js';
import { BlockRing } from './block-ring.js';
import type { BlockMedium } from './medium.js';

/** One connection to a front end. */
interface Connection {
  readonly protocol: string;
  readonly ring: BlockRing;
  readonly pages: readonly MappedGrant[];
  readonly channel: BoundChannel;
}

/** Why a front end cannot be connected; it reads this below the back end's `error` node. */
interface Refusal {
  readonly reason: string;
}

/**
 * A paravirtual block device's back end: follows its front end through the states of xenbus, by the nodes that a toolstack
 * made of both (`provisionDevice`), and serves its ring from a {@link BlockMedium}.
 *
 * It announces flushes and barriers, discards where the medium has them, indirect segments and rings of several pages.
 * Persistent grants it does not announce: a page is mapped for one request only, so the front end's memory is never held.
 * What a front end says wrong (references, ports, protocols that are not there) closes the device with a reason.
 */
export class BlockBackend {
  readonly path: string;
  readonly #store: XenStore;
  readonly #link: FrontEndLink;
  readonly #medium: BlockMedium;
  readonly #frontend: string;
  #connection: Connection | undefined;
  #watch: Subscription | undefined;

  /** `path` is the back end's own directory. */
  constructor(store: XenStore, path: string, link: FrontEndLink, medium: BlockMedium) {
    this.path = path;
    this.#store = store;
    this.#link = link;
    this.#medium = medium;
    this.#frontend = store.text(`${path}/frontend`) ?? '';
  }

  /** Its own state. */
  get state(): XenbusState {
    return xenbusState(this.#store.text(`${this.path}/state`));
  }

  /** Whether its front end's ring is broken: it is served no more until it connects anew. */
  get halted(): boolean {
    return this.#connection?.ring.halted ?? false;
  }

  /** Says what it can, and waits for the front end. */
  start(): void {
    this.#store.transaction((view) => {
      view.write(`${this.path}/feature-max-indirect-segments`, String(BLKIF_INDIRECT_SEGMENTS_MAX));
      view.write(`${this.path}/max-ring-page-order`, String(BLKIF_RING_ORDER_MAX));
      view.write(`${this.path}/feature-persistent`, '0');
      view.write(`${this.path}/state`, String(XENBUS_STATE.InitWait));
    });
    this.#watch = this.#store.watch(`${this.#frontend}/state`).subscribe(() => this.#followFrontEnd());
  }

  /** Lets go of the front end and of the store. */
  stop(): void {
    this.#watch?.unsubscribe();
    this.#watch = undefined;
    this.#disconnect();
  }

  /** The ends that it holds of a connected front end; null without one. Requests are never half done. */
  save(): Saved {
    if (this.#connection === undefined) return null;
    const { protocol, ring, pages, channel } = this.#connection;
    return { protocol, halted: ring.halted, handles: pages.map((page) => page.handle), port: channel.port };
  }

  /** Finds them again, when store, domain and host have been restored. Throws `RestoreError` where they are not there. */
  restore(saved: Saved): void {
    this.#connection = undefined;
    if (saved === null) return;
    const state = new SavedState(saved, this.path);
    const layout = blkifLayout(state.text('protocol'));
    if (layout === undefined) throw state.error('a protocol is wanted');
    const pages = state.integers('handles', 0, MAX).map((handle) => {
      const page = this.#link.remap(handle);
      if (page === undefined) throw state.error('a page of its ring is mapped no more');
      return page;
    });
    if (!isRing(pages.length)) throw state.error('a ring of one page, or two, four, … is wanted');
    const ring = new BlockRing(this.#link, this.#medium, layout, pages, state.flag('halted'));
    const channel = this.#link.rebind(state.integer('port', 0, MAX), () => this.#heard());
    this.#connection = { protocol: layout.protocol, ring, pages, channel };
  }

  #followFrontEnd(): void {
    const state = xenbusState(this.#store.text(`${this.#frontend}/state`));
    switch (state) {
      case XENBUS_STATE.Initialising:
        if (this.state === XENBUS_STATE.Closed) this.#enter(XENBUS_STATE.InitWait);
        return;
      case XENBUS_STATE.Initialised:
      case XENBUS_STATE.Connected:
        if (this.#connection === undefined) this.#connect();
        return;
      case XENBUS_STATE.Closing:
        this.#enter(XENBUS_STATE.Closing);
        return;
      case XENBUS_STATE.Closed:
        this.#disconnect();
        this.#enter(XENBUS_STATE.Closed);
        return;
      case XENBUS_STATE.Unknown:
        this.#disconnect();
        return;
      default:
        return;
    }
  }

  #connect(): void {
    const connection = this.#open();
    if ('reason' in connection) {
      this.#refuse(connection.reason);
      return;
    }
    this.#connection = connection;
    this.#store.transaction((view) => {
      const discards = this.#medium.discard !== undefined && !this.#medium.readOnly;
      view.write(`${this.path}/feature-flush-cache`, '1');
      view.write(`${this.path}/feature-barrier`, '1');
      view.write(`${this.path}/feature-discard`, discards ? '1' : '0');
      if (discards) view.write(`${this.path}/discard-granularity`, String(1 << SECTOR_SHIFT));
      view.write(`${this.path}/sectors`, String(Math.floor(this.#medium.bytes / (1 << SECTOR_SHIFT))));
      view.write(`${this.path}/info`, String(this.#medium.readOnly ? VDISK.READONLY : 0));
      view.write(`${this.path}/sector-size`, String(1 << SECTOR_SHIFT));
      view.write(`${this.path}/physical-sector-size`, String(1 << SECTOR_SHIFT));
      view.write(`${this.path}/state`, String(XENBUS_STATE.Connected));
    });
    this.#serve(connection);
  }

  /** Maps the ring and binds the event channel that the front end named. */
  #open(): Connection | Refusal {
    const text = (node: string): string | undefined => this.#store.text(`${this.#frontend}/${node}`);
    const layout = blkifLayout(text('protocol'));
    if (layout === undefined) return { reason: `unknown protocol ${text('protocol')}` };
    const order = text('ring-page-order') === undefined ? undefined : (nodeNumber(text('ring-page-order')) ?? -1);
    if (order !== undefined && (order < 0 || order > BLKIF_RING_ORDER_MAX)) {
      return { reason: `ring-page-order ${text('ring-page-order')} is not one of 0 to ${BLKIF_RING_ORDER_MAX}` };
    }
    const port = nodeNumber(text('event-channel'));
    if (port === undefined) return { reason: 'reading event-channel' };
    const names = order === undefined ? ['ring-ref'] : Array.from({ length: 1 << order }, (_, i) => `ring-ref${i}`);
    const pages: MappedGrant[] = [];
    const fail = (reason: string): Refusal => {
      for (const page of pages) page.unmap();
      return { reason };
    };
    for (const name of names) {
      const reference = nodeNumber(text(name));
      const page = reference === undefined ? undefined : this.#link.map(reference, true);
      if (page === undefined) return fail(reference === undefined ? `reading ${name}` : `mapping ${name} ${reference}`);
      pages.push(page);
    }
    const ring = new BlockRing(this.#link, this.#medium, layout, pages);
    const channel = this.#link.bind(port, () => this.#heard());
    return channel === undefined ? fail(`binding port ${port}`) : { protocol: layout.protocol, ring, pages, channel };
  }

  #heard(): void {
    if (this.#connection !== undefined) this.#serve(this.#connection);
  }

  #serve({ ring, channel }: Connection): void {
    if (ring.serve()) channel.notify();
  }

  #refuse(reason: string): void {
    this.#store.write(`${this.path.replace('/backend/', '/error/backend/')}/error`, reason);
    this.#enter(XENBUS_STATE.Closing);
  }

  #enter(state: XenbusState): void {
    if (this.state !== state) this.#store.write(`${this.path}/state`, String(state));
  }

  #disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    connection.channel.close();
    for (const page of connection.pages) page.unmap();
  }
}

function isRing(pages: number): boolean {
  return pages > 0 && pages <= 1 << BLKIF_RING_ORDER_MAX && (pages & (pages - 1)) === 0;
}

const MAX = 0xffff_ffff;
