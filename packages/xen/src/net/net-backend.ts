import type { Saved } from '@trapline/core';
import { SavedState } from '../domain/saved-state.js';
import { RequestRing } from '../rings/request-ring.js';
import { bytesToText, textToBytes } from '../rings/text.js';
import type { XenStore } from '../store/xenstore.js';
import { BackEnd, type BackEndDevice, type FrontEndNodes } from '../xenbus/back-end.js';
import type { BoundChannel, FrontEndLink, MappedGrant } from '../xenbus/front-end-link.js';
import { bindChannel, mapRing, type Refused } from '../xenbus/front-end-rings.js';
import type { XenbusState } from '../xenbus/state.js';
import { NET_QUEUE_PACKETS, NET_RX_SLOT_BYTES, NET_TX_SLOT_BYTES, type Packet } from './netif.js';
import type { Network, NetworkPort } from './network.js';
import { type ReceiveOptions, ReceiveRing } from './receive-ring.js';
import { TransmitRing } from './transmit-ring.js';

const PAGE_BYTES = 4096;

interface Connection {
  readonly transmit: TransmitRing;
  readonly receive: ReceiveRing;
  readonly options: ReceiveOptions;
  readonly pages: readonly MappedGrant[];
  /** One for both rings, or one each: of the transmit ring, of the receive ring. */
  readonly channels: readonly BoundChannel[];
}

/**
 * A paravirtual network device's back end: follows its front end through the states of xenbus ({@link BackEnd}), and joins
 * its two rings to a {@link Network}.
 *
 * It announces packets in several pages and separate event channels; one queue, no segmentation of large packets, no
 * multicast filters. Blank checksums go through to who takes them, and are filled in for others.
 */
export class NetBackend {
  readonly path: string;
  readonly #backEnd: BackEnd;
  readonly #link: FrontEndLink;
  readonly #network: Network;
  #port: NetworkPort | undefined;
  #connection: Connection | undefined;

  /** `path` is the back end's own directory. */
  constructor(store: XenStore, path: string, link: FrontEndLink, network: Network) {
    this.path = path;
    this.#link = link;
    this.#network = network;
    this.#backEnd = new BackEnd(store, path, this.#device());
  }

  /** Its own state. */
  get state(): XenbusState {
    return this.#backEnd.state;
  }

  /** Whether one of its front end's rings is broken. */
  get halted(): boolean {
    return this.#connection !== undefined && (this.#connection.transmit.halted || this.#connection.receive.halted);
  }

  /** Says what it can, and waits for the front end. */
  start(): void {
    this.#backEnd.start();
  }

  /** Lets go of the front end, the network and the store. */
  stop(): void {
    this.#backEnd.stop();
  }

  /** The ends that it holds of a connected front end, and the packets that wait for it; null without one. */
  save(): Saved {
    if (this.#connection === undefined) return null;
    const { transmit, receive, options, pages, channels } = this.#connection;
    return {
      ...options,
      transmitHalted: transmit.halted,
      receiveHalted: receive.halted,
      handles: pages.map((page) => page.handle),
      ports: channels.map((channel) => channel.port),
      waiting: receive.waiting.map(({ bytes, checksumBlank }): Saved => ({ bytes: bytesToText(bytes), checksumBlank })),
    };
  }

  /** Finds them again, when store, domain and host have been restored. Throws `RestoreError` where they are not there. */
  restore(saved: Saved): void {
    this.#port?.leave();
    this.#port = undefined;
    this.#connection = undefined;
    if (saved === null) return;
    const state = new SavedState(saved, this.path);
    const pages = state.integers('handles', 0, MAX, 2).map((handle) => {
      const page = this.#link.remap(handle);
      if (page === undefined) throw state.error('a page of its rings is mapped no more');
      return page;
    });
    const waiting = state.parts('waiting').map((part): Packet => {
      return { bytes: textToBytes(part.text('bytes')), checksumBlank: part.flag('checksumBlank') };
    });
    if (waiting.length > NET_QUEUE_PACKETS) throw state.error(`at most ${NET_QUEUE_PACKETS} packets wait`);
    const options = { scatter: state.flag('scatter'), blankChecksums: state.flag('blankChecksums') };
    const halted = [state.flag('transmitHalted'), state.flag('receiveHalted')] as const;
    const channels = state.integers('ports', 0, MAX).map((port) => this.#link.rebind(port, () => this.#heard()));
    this.#join(this.#connected(pages, channels, options, halted, waiting));
  }

  #device(): BackEndDevice {
    const isConnected = (): boolean => this.#connection !== undefined;
    return {
      features: {
        'feature-sg': '1',
        'feature-rx-copy': '1',
        'feature-rx-flip': '0',
        'feature-split-event-channels': '1',
        'multi-queue-max-queues': '1',
      },
      get connected() {
        return isConnected();
      },
      connect: (nodes) => {
        const connection = this.#open(nodes);
        if ('refused' in connection) return connection;
        this.#join(connection);
        return {};
      },
      begin: () => this.#heard(),
      disconnect: () => this.#disconnect(),
    };
  }

  #open(nodes: FrontEndNodes): Connection | Refused {
    if (nodes('request-rx-copy') !== '1') return { refused: 'request-rx-copy is wanted' };
    const pages = mapRing(this.#link, nodes, ['tx-ring-ref', 'rx-ring-ref']);
    if ('refused' in pages) return pages;
    const split = nodes('event-channel') === undefined;
    const channels: BoundChannel[] = [];
    for (const name of split ? ['event-channel-tx', 'event-channel-rx'] : ['event-channel']) {
      const channel = bindChannel(this.#link, nodes, name, () => this.#heard());
      if ('refused' in channel) {
        for (const bound of channels) bound.close();
        for (const page of pages) page.unmap();
        return channel;
      }
      channels.push(channel);
    }
    const options = { scatter: nodes('feature-sg') === '1', blankChecksums: nodes('feature-no-csum-offload') !== '1' };
    return this.#connected(pages, channels, options, [false, false], []);
  }

  #connected(
    pages: readonly MappedGrant[],
    channels: readonly BoundChannel[],
    options: ReceiveOptions,
    [transmitHalted, receiveHalted]: readonly [boolean, boolean],
    waiting: Packet[],
  ): Connection {
    const [tx, rx] = pages as readonly [MappedGrant, MappedGrant];
    const transmitting = new RequestRing(tx.words, PAGE_BYTES, NET_TX_SLOT_BYTES);
    const receiving = new RequestRing(rx.words, PAGE_BYTES, NET_RX_SLOT_BYTES);
    const transmit = new TransmitRing(this.#link, transmitting, transmitHalted);
    const receive = new ReceiveRing(this.#link, receiving, options, receiveHalted, waiting);
    return { transmit, receive, options, pages, channels };
  }

  #join(connection: Connection): void {
    this.#connection = connection;
    this.#port = this.#network.join((packet) => {
      if (connection.receive.receive(packet)) connection.channels.at(-1)?.notify();
    });
  }

  /** The front end signals: it has sent packets, or has new pages for some. */
  #heard(): void {
    const connection = this.#connection;
    const port = this.#port;
    if (connection === undefined || port === undefined) return;
    if (connection.transmit.serve((packet) => port.send(packet))) connection.channels[0]?.notify();
    if (connection.receive.serve()) connection.channels.at(-1)?.notify();
  }

  #disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#port?.leave();
    this.#port = undefined;
    if (connection === undefined) return;
    for (const channel of connection.channels) channel.close();
    for (const page of connection.pages) page.unmap();
  }
}

const MAX = 0xffff_ffff;
