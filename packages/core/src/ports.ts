import type { Observable } from 'rxjs';
import type { GuestPhysical, GuestVirtual } from './addresses.js';
import type { SystemEvent } from './outcome.js';
import type { Pe, StartState } from './pe.js';

/**
 * What a service may touch of the world. Each port is one interface; an embedder implements those that the composed
 * services name in {@link Service.needs}, or takes the default models of trap-bus.
 */

/** Whether a CPU runs. `starting`: started, not yet at its first instruction. `stopping`: off, not yet gone. */
export type PowerState = 'running' | 'waiting' | 'off' | 'starting' | 'stopping';

/** Starts and wakes CPUs. The semantics (who may, when) are the service's. */
export interface PowerPort {
  state(pe: Pe): PowerState;
  /** The CPU's own record; fill it, then {@link start}. */
  startState(pe: Pe): StartState;
  /**
   * Lets a CPU that is off, or waiting, begin at its start state. It is `starting` until its first instruction
   * ({@link Attachment.entered}); what the record holds at that time is what counts.
   */
  start(pe: Pe): void;
  /** Ends a {@link Wait} of any kind. */
  wake(pe: Pe): void;
  /**
   * Keeps a CPU from executing until {@link unpause}, whatever state it is in; what wakes or starts it meanwhile counts
   * then. Absent where the embedder cannot: whoever pauses then relies on the system events that it raises.
   */
  pause?(pe: Pe): void;
  unpause?(pe: Pe): void;
}

/** A guest's memory. Accessors never throw for what a guest holds: they tell by their result. */
export interface MemoryPort {
  /** Copies `target.length` bytes from guest memory; false where any byte is not readable memory. */
  read(address: GuestPhysical, target: Uint8Array): boolean;
  /** Copies into guest memory; false, and nothing written, where any byte is not writable memory. */
  write(address: GuestPhysical, source: Uint8Array): boolean;
  /** Whether all of the range is memory. */
  has(address: GuestPhysical, length: number): boolean;
  /**
   * Translates a pointer of the calling PE through its stage 1; identity where its MMU is off.
   * {@link NO_ADDRESS} where it does not translate, or not for `access`.
   */
  translate(pe: Pe, address: GuestVirtual, access: 'read' | 'write'): number;
  /** A view of memory that stays valid and shared, for areas that a service keeps current; undefined where it cannot be had. */
  view?(address: GuestPhysical, length: number): Uint8Array | undefined;
  /**
   * Words that stay shared with the guest, for what both change at the same time; undefined where they cannot be had.
   * A memory with a {@link view} needs none: nothing runs between two statements of a service there.
   */
  sharedWords?(address: GuestPhysical, length: number): SharedWords | undefined;
  /** Where RAM is, for services that count it; absent where the embedder does not tell. */
  readonly regions?: readonly { readonly base: number; readonly size: number }[];
  /** How pages come and go, where the embedder can map them. */
  readonly mapping?: PageMapping;
}

/**
 * 32-bit little-endian words that guest and service change under each other's hands: each operation is one indivisible
 * step. Values are int32; the index counts words from the start of the range.
 */
export interface SharedWords {
  load(index: number): number;
  store(index: number, value: number): void;
  /** Sets bits and gives what the word was. */
  or(index: number, bits: number): number;
  /** Clears the bits that `bits` does not have, and gives what the word was. */
  and(index: number, bits: number): number;
  /** Stores where the word is `expected`, and gives what it was. */
  compareExchange(index: number, expected: number, replacement: number): number;
  /**
   * Copies bytes that the other side leaves alone meanwhile, from a byte's offset on: nothing about it is indivisible.
   * Absent where it would be no quicker than word by word.
   */
  read?(offset: number, target: Uint8Array): void;
  write?(offset: number, source: Uint8Array): void;
}

/** The bytes of one page of machine memory, 4-byte aligned: shared by all who map it. */
export type MemoryPage = Uint8Array;

/** Changes a guest's physical map, page by page: what a hypervisor needs to share memory between its guests. */
export interface PageMapping {
  readonly pageBytes: number;
  /** A page of zeros that no guest maps yet. */
  allocate(): MemoryPage;
  /** The page at a frame (an address divided by the page's size); undefined for a hole. Others may map it too. */
  page(frame: number): MemoryPage | undefined;
  /** Puts a page at a frame, RAM or not, in place of what is there. False where no such frame can be. */
  map(frame: number, page: MemoryPage, access: 'read' | 'write'): boolean;
  /** Makes a frame a hole. */
  unmap(frame: number): void;
}

/** Interrupt lines into a guest. */
export interface InterruptPort {
  /** Drives a line (INTID, level) of a private (per PE) or shared interrupt. */
  setLevel(pe: Pe, intid: number, asserted: boolean): void;
  /** Makes an edge interrupt or software generated interrupt pending. */
  pulse(pe: Pe, intid: number): void;
  /** Whether an enabled interrupt is pending for the PE, masked or not: the wake-up condition of WFI. */
  pending(pe: Pe): boolean;
  /**
   * Whether an interrupt is pending or being handled, enabled or not; undefined, or absent, where the controller does not
   * tell. A hypervisor asks it about an interrupt of its own that would come too late to keep a PE from sleeping.
   */
  inFlight?(pe: Pe, intid: number): boolean | undefined;
}

/** Time. Nothing in a service reads a clock of the host's. */
export interface ClockPort {
  /** Nanoseconds of this machine's time. */
  now(): bigint;
  /** The system counter, CNTPCT_EL0. */
  counter(): bigint;
  /** Ticks a second of {@link counter}, CNTFRQ_EL0. */
  readonly frequency: number;
  /** Nanoseconds since 1970 as the host's wall clock says it. */
  wall(): bigint;
  /** Nanoseconds for which the PE could have run and did not (stolen time). */
  stolen(pe: Pe): bigint;
  /** Calls back at a time of {@link now}; the returned function takes that back. */
  at(time: bigint, fire: () => void): () => void;
}

/** Randomness. */
export interface RandomPort {
  /** Fills `target` with conditioned entropy; false where there is none at the moment. */
  fill(target: Uint8Array): boolean;
}

/** What a machine asks of its surroundings. */
export interface SystemPort {
  raise(event: SystemEvent, pe: Pe): void;
  readonly events$: Observable<SystemEvent>;
}

/** Words for a person. Implementations limit rate and length: guests can make services talk. */
export interface LogPort {
  log(severity: 'debug' | 'info' | 'warning' | 'error', source: string, message: string): void;
}

/** All ports of one guest. */
export interface Ports {
  readonly power: PowerPort;
  readonly memory: MemoryPort;
  readonly interrupts: InterruptPort;
  readonly clock: ClockPort;
  readonly random: RandomPort;
  readonly system: SystemPort;
  readonly log: LogPort;
}

/** A port's name, as {@link Service.needs} says it. */
export type PortName = keyof Ports;
