import type { AttachedGuest } from '@trapline/core';
import type { ByteQueue } from './byte-queue.js';
import { InterruptController } from './interrupt-controller.js';
import { type ChannelEnd, DEFAULT_LINE, type Doorbell, type HypervisorOptions, interruptsOf } from './options.js';

/** A byte channel as one guest has it. */
export interface ChannelPort {
  readonly end: ChannelEnd;
  readonly incoming: ByteQueue;
  readonly outgoing: ByteQueue;
  /** The other end; undefined where the embedder has it. */
  readonly peer: ChannelEnd | undefined;
}

/** Everything that one guest can reach by its handles. */
export class Partition {
  readonly guest: AttachedGuest;
  readonly interrupts: InterruptController;
  readonly channels: ReadonlyMap<number, ChannelPort>;
  readonly doorbells: ReadonlyMap<number, Doorbell>;
  /** INTID of the interrupt controller's line. */
  readonly line: number;

  constructor(guest: AttachedGuest, options: HypervisorOptions, channels: readonly ChannelPort[]) {
    const { line = DEFAULT_LINE } = options;
    const { interrupts } = guest.ports;
    this.guest = guest;
    this.line = line;
    this.interrupts = new InterruptController(interruptsOf(options, guest.name), guest.pes, (pe, asserted) =>
      interrupts.setLevel(pe, line, asserted),
    );
    this.channels = new Map(channels.map((port) => [port.end.handle, port]));
    this.doorbells = new Map(
      (options.doorbells ?? []).filter(({ from }) => from.guest === guest.name).map((bell) => [bell.from.handle, bell]),
    );
  }

  /** As it was when the guest was attached: nothing to receive, no interrupt configured. */
  reset(): void {
    for (const { end, incoming, outgoing, peer } of this.channels.values()) {
      incoming.clear();
      if (peer === undefined) outgoing.clear();
      if (end.receiveInterrupt !== undefined) this.interrupts.setLevel(end.receiveInterrupt, false);
    }
    this.interrupts.reset();
  }
}
