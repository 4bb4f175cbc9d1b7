import { type AttachedGuest, RestoreError, type Saved } from '@trapline/core';
import { ByteQueue } from './byte-queue.js';
import { type ChannelEnd, DEFAULT_CAPACITY, type EpaprHost, type HypervisorOptions } from './options.js';
import { type ChannelPort, Partition } from './partition.js';

/** All guests of one machine that the hypervisor serves, and what passes between them. */
export class Partitions implements EpaprHost {
  readonly options: HypervisorOptions;
  readonly #byName = new Map<string, Partition>();
  readonly #ports: readonly ChannelPort[];
  readonly #queues: readonly ByteQueue[];

  constructor(options: HypervisorOptions) {
    const pairs = (options.byteChannels ?? []).map(({ ends, capacity = DEFAULT_CAPACITY }) => {
      const [first, second] = ends;
      const toFirst = new ByteQueue(capacity);
      const toSecond = new ByteQueue(capacity);
      const ports = [portOf(first, toFirst, toSecond, second)];
      if (second !== undefined) ports.push(portOf(second, toSecond, toFirst, first));
      return { ports, queues: [toFirst, toSecond] };
    });
    this.options = options;
    this.#ports = pairs.flatMap(({ ports }) => ports);
    this.#queues = pairs.flatMap(({ queues }) => queues);
  }

  attach(guest: AttachedGuest): Partition {
    const ports = this.#ports.filter(({ end }) => end.guest === guest.name);
    const partition = new Partition(guest, this.options, ports);
    this.#byName.set(guest.name, partition);
    return partition;
  }

  /** Rings a doorbell at the guest that hears it; says whether there is one. */
  ring(to: { readonly guest: string; readonly interrupt: number } | undefined): boolean {
    const target = to && this.#byName.get(to.guest);
    if (target === undefined) return false;
    target.interrupts.pulse(to?.interrupt ?? 0);
    return true;
  }

  /** Bytes have come to, or gone from, what an end receives. */
  received(end: ChannelEnd | undefined, waiting: number): void {
    if (end?.receiveInterrupt === undefined) return;
    this.#byName.get(end.guest)?.interrupts.setLevel(end.receiveInterrupt, waiting > 0);
  }

  /** What an end sends has room again. */
  drained(end: ChannelEnd | undefined): void {
    if (end?.transmitInterrupt === undefined) return;
    this.#byName.get(end.guest)?.interrupts.pulse(end.transmitInterrupt);
  }

  send(guest: string, handle: number, bytes: Uint8Array): number {
    const port = this.#hostPort(guest, handle);
    let sent = 0;
    while (sent < bytes.length && port.incoming.push(bytes[sent] as number)) sent++;
    this.received(port.end, port.incoming.length);
    return sent;
  }

  receive(guest: string, handle: number): Uint8Array {
    const port = this.#hostPort(guest, handle);
    const wasFull = port.outgoing.space === 0;
    const bytes = Uint8Array.from({ length: port.outgoing.length }, () => port.outgoing.shift());
    if (wasFull) this.drained(port.end);
    return bytes;
  }

  setLevel(guest: string, interrupt: number, asserted: boolean): void {
    this.#byName.get(guest)?.interrupts.setLevel(interrupt, asserted);
  }

  save(): Saved {
    return this.#queues.map((queue) => queue.save());
  }

  /** Throws {@link RestoreError} for the state of other channels. */
  restore(saved: Saved): void {
    const list = Array.isArray(saved) ? (saved as readonly Saved[]) : [];
    if (list.length !== this.#queues.length) {
      throw new RestoreError(`the state of ${this.#queues.length / 2} byte channels is wanted`);
    }
    this.#queues.forEach((queue, i) => {
      queue.restore(list[i] as Saved);
    });
  }

  #hostPort(guest: string, handle: number): ChannelPort {
    const port = this.#ports.find(
      ({ end, peer }) => peer === undefined && end.guest === guest && end.handle === handle,
    );
    if (port !== undefined) return port;
    throw new RangeError(`guest ${guest} has no byte channel ${handle} whose other end is the embedder's`);
  }
}

function portOf(end: ChannelEnd, incoming: ByteQueue, outgoing: ByteQueue, peer: ChannelEnd | undefined): ChannelPort {
  return { end, incoming, outgoing, peer };
}
