import { CompositionError, type ConduitKind } from '@trapline/core';
import { MAX_INTERRUPT } from './interrupt-controller.js';

/** Most byte channels, doorbells and interrupts of each kind that one service can have. */
export const MAX_CHANNELS = 64;
export const MAX_DOORBELLS = 64;
export const MAX_INTERRUPTS = 256;

/** Bytes that a channel holds in each direction where nobody says, and at most. */
export const DEFAULT_CAPACITY = 256;
export const MAX_CAPACITY = 65_536;

/** The private interrupt (INTID) by which the hypervisor's interrupt controller interrupts a CPU, where nobody says. */
export const DEFAULT_LINE = 21;

/** One end of a byte channel. */
export interface ChannelEnd {
  readonly guest: string;
  /** What the guest calls the channel by. */
  readonly handle: number;
  /** Asserted while there are bytes to receive. */
  readonly receiveInterrupt?: number;
  /** Pending when a full channel has room again. */
  readonly transmitInterrupt?: number;
}

/** A byte channel between two guests, or between a guest and the embedder. */
export interface ByteChannel {
  readonly ends: readonly [ChannelEnd] | readonly [ChannelEnd, ChannelEnd];
  readonly capacity?: number;
}

/** A doorbell: what one guest rings interrupts another. Without `to` nobody hears it, and ringing gives CONFIG. */
export interface Doorbell {
  readonly from: { readonly guest: string; readonly handle: number };
  readonly to?: { readonly guest: string; readonly interrupt: number };
}

/** What the hypervisor gives its guests. Everything may be absent. */
export interface HypervisorOptions {
  readonly byteChannels?: readonly ByteChannel[];
  readonly doorbells?: readonly Doorbell[];
  /** Further interrupts of every guest, asserted by the embedder ({@link EpaprHost.setLevel}). */
  readonly interrupts?: readonly number[];
  /** INTID of the line of the interrupt controller; {@link DEFAULT_LINE} where absent. */
  readonly line?: number;
  /** INTID that MSGSND makes pending; without it MSGSND is UNIMPLEMENTED. */
  readonly message?: number;
  /** The instruction it takes alone; HVC and SMC where absent. */
  readonly conduit?: ConduitKind;
  /** The instruction's immediate; 0 where absent. */
  readonly immediate?: number;
  /** The version in `compatible`; 1.1 where absent. */
  readonly version?: '1.0' | '1.1';
  /** `guest-id` of each guest's node, by its name. */
  readonly guestIds?: Readonly<Record<string, number>>;
  /** Gives the embedder the other ends of channels, and the interrupt lines. */
  readonly connect?: (host: EpaprHost) => void;
}

/** The embedder's side. */
export interface EpaprHost {
  /** Sends to a channel that has one end only; says how many bytes were taken. */
  send(guest: string, handle: number, bytes: Uint8Array): number;
  /** Everything that the guest has sent to such a channel. */
  receive(guest: string, handle: number): Uint8Array;
  /** Asserts or releases an interrupt of a guest. */
  setLevel(guest: string, interrupt: number, asserted: boolean): void;
}

/** Throws {@link CompositionError} for options that contradict themselves or pass a limit. */
export function checkOptions(options: HypervisorOptions): void {
  const { byteChannels = [], doorbells = [], interrupts = [] } = options;
  refuseMore('byte channels', byteChannels.length, MAX_CHANNELS);
  refuseMore('doorbells', doorbells.length, MAX_DOORBELLS);
  refuseMore('interrupts', interrupts.length, MAX_INTERRUPTS);
  for (const { capacity } of byteChannels) {
    if (capacity !== undefined && !isWithin(capacity, 1, MAX_CAPACITY)) {
      throw new CompositionError(`a byte channel holds ${capacity} bytes`, `give it 1 to ${MAX_CAPACITY}`);
    }
  }
  refuseTwice(
    'byte channel',
    byteChannels.flatMap(({ ends }) => ends.map(named)),
  );
  refuseTwice(
    'doorbell',
    doorbells.map(({ from }) => named(from)),
  );
  for (const number of [
    ...interrupts,
    ...doorbells.flatMap(({ to }) => (to ? [to.interrupt] : [])),
    ...channelInterrupts(byteChannels),
  ]) {
    if (!isWithin(number, 0, MAX_INTERRUPT)) {
      throw new CompositionError(`an interrupt has the number ${number}`, `take one from 0 to ${MAX_INTERRUPT}`);
    }
  }
}

/** Every interrupt that a guest is given. */
export function interruptsOf(options: HypervisorOptions, guest: string): ReadonlySet<number> {
  const { byteChannels = [], doorbells = [], interrupts = [] } = options;
  return new Set([
    ...interrupts,
    ...doorbells.flatMap(({ to }) => (to?.guest === guest ? [to.interrupt] : [])),
    ...channelInterrupts(byteChannels, guest),
  ]);
}

function channelInterrupts(channels: readonly ByteChannel[], guest?: string): number[] {
  return channels
    .flatMap(({ ends }) => [...ends])
    .filter((end) => guest === undefined || end.guest === guest)
    .flatMap(({ receiveInterrupt, transmitInterrupt }) => [receiveInterrupt, transmitInterrupt])
    .filter((number) => number !== undefined);
}

function named({ guest, handle }: { readonly guest: string; readonly handle: number }): string {
  return `${handle} of ${guest}`;
}

function refuseMore(what: string, count: number, limit: number): void {
  if (count > limit) throw new CompositionError(`there are ${count} ${what}`, `leave all but ${limit} out`);
}

function refuseTwice(what: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new CompositionError(`${what} ${twice} is there twice`, 'give one another handle');
}

function isWithin(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}
