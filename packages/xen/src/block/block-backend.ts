import type { Saved } from '@trapline/core';
import { SavedState } from '../domain/saved-state.js';
import type { XenStore } from '../store/xenstore.js';
import { BackEnd, type BackEndDevice, type FrontEndNodes } from '../xenbus/back-end.js';
import type { BoundChannel, FrontEndLink, MappedGrant } from '../xenbus/front-end-link.js';
import { bindChannel, mapRing, type Refused } from '../xenbus/front-end-rings.js';
import { nodeNumber, type XenbusState } from '../xenbus/state.js';
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

/**
 * A paravirtual block device's back end: follows its front end through the states of xenbus ({@link BackEnd}), and serves
 * its ring from a {@link BlockMedium}.
 *
 * It announces flushes and barriers, discards where the medium has them, indirect segments and rings of several pages.
 * Persistent grants it does not announce: a page is mapped for one request only, so the front end's memory is never held.
 */
export class BlockBackend {
  readonly path: string;
  readonly #backEnd: BackEnd;
  readonly #link: FrontEndLink;
  readonly #medium: BlockMedium;
  #connection: Connection | undefined;

  /** `path` is the back end's own directory. */
  constructor(store: XenStore, path: string, link: FrontEndLink, medium: BlockMedium) {
    this.path = path;
    this.#link = link;
    this.#medium = medium;
    this.#backEnd = new BackEnd(store, path, this.#device());
  }

  /** Its own state. */
  get state(): XenbusState {
    return this.#backEnd.state;
  }

  /** Whether its front end's ring is broken: it is served no more until it connects anew. */
  get halted(): boolean {
    return this.#connection?.ring.halted ?? false;
  }

  /** Says what it can, and waits for the front end. */
  start(): void {
    this.#backEnd.start();
  }

  /** Lets go of the front end and of the store. */
  stop(): void {
    this.#backEnd.stop();
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
    const channel = this.#link.rebind(state.integer('port', 0, MAX), () => this.#serve());
    this.#connection = { protocol: layout.protocol, ring, pages, channel };
  }

  #device(): BackEndDevice {
    const isConnected = (): boolean => this.#connection !== undefined;
    return {
      features: {
        'feature-max-indirect-segments': String(BLKIF_INDIRECT_SEGMENTS_MAX),
        'max-ring-page-order': String(BLKIF_RING_ORDER_MAX),
        'feature-persistent': '0',
      },
      get connected() {
        return isConnected();
      },
      connect: (nodes) => {
        const connection = this.#open(nodes);
        if ('refused' in connection) return connection;
        this.#connection = connection;
        return this.#properties();
      },
      begin: () => this.#serve(),
      disconnect: () => this.#disconnect(),
    };
  }

  /** What the front end wants to know of the medium. */
  #properties(): Record<string, string> {
    const discards = this.#medium.discard !== undefined && !this.#medium.readOnly;
    const sector = String(1 << SECTOR_SHIFT);
    return {
      'feature-flush-cache': '1',
      'feature-barrier': '1',
      'feature-discard': discards ? '1' : '0',
      ...(discards && { 'discard-granularity': sector }),
      sectors: String(Math.floor(this.#medium.bytes / (1 << SECTOR_SHIFT))),
      info: String(this.#medium.readOnly ? VDISK.READONLY : 0),
      'sector-size': sector,
      'physical-sector-size': sector,
    };
  }

  /** Maps the ring and binds the event channel that the front end named. */
  #open(nodes: FrontEndNodes): Connection | Refused {
    const layout = blkifLayout(nodes('protocol'));
    if (layout === undefined) return { refused: `unknown protocol ${nodes('protocol')}` };
    const text = nodes('ring-page-order');
    const order = text === undefined ? undefined : (nodeNumber(text) ?? -1);
    if (order !== undefined && (order < 0 || order > BLKIF_RING_ORDER_MAX)) {
      return { refused: `ring-page-order ${text} is not one of 0 to ${BLKIF_RING_ORDER_MAX}` };
    }
    const names = order === undefined ? ['ring-ref'] : Array.from({ length: 1 << order }, (_, i) => `ring-ref${i}`);
    const pages = mapRing(this.#link, nodes, names);
    if ('refused' in pages) return pages;
    const channel = bindChannel(this.#link, nodes, 'event-channel', () => this.#serve());
    if ('refused' in channel) {
      for (const page of pages) page.unmap();
      return channel;
    }
    const ring = new BlockRing(this.#link, this.#medium, layout, pages);
    return { protocol: layout.protocol, ring, pages, channel };
  }

  #serve(): void {
    if (this.#connection?.ring.serve()) this.#connection.channel.notify();
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
