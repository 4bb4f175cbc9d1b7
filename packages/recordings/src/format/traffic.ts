import type { Hex, HexBytes, MemoryBytes } from './values.js';
import type { AddressRange } from './xen.js';

/**
 * What a stage 1 made of a page of virtual addresses, from this step on. Where no step says so, the upper half (from
 * 2^63 on) does not translate, and below all is identity.
 */
export interface Translation {
  /** First byte of the virtual page of 4 KiB. */
  readonly va: Hex;
  /** First byte of the guest-physical page; absent where it does not translate. */
  readonly pa?: Hex;
  readonly access: 'read' | 'write';
}

/** Clocks as they stood during a step, each where it was read; they stand still while a step is answered. */
export interface ClockReadings {
  /** Nanoseconds of the machine's time. */
  readonly now?: Hex;
  /** CNTPCT_EL0. */
  readonly counter?: Hex;
  /** Nanoseconds since 1970. */
  readonly wall?: Hex;
  /** Nanoseconds stolen from a CPU, by its number. */
  readonly stolen?: Readonly<Record<string, Hex>>;
}

/** Bytes of a disk of the host's. */
export interface MediumBytes extends Pick<MemoryBytes, 'addr' | 'hex' | 'times'> {
  /** Which disk, counted from 0. */
  readonly medium: number;
}

/** An interrupt line that the answering side drove. */
export interface InterruptDrive {
  /** The CPU of a private interrupt; of a shared one, who drove it. */
  readonly cpu: number;
  readonly intid: number;
  readonly change: 'asserted' | 'deasserted' | 'pulsed';
}

/** Whether an interrupt is pending or being handled, as the controller said. */
export interface InterruptInFlight {
  readonly cpu: number;
  readonly intid: number;
  readonly is: boolean;
}

/**
 * What passed the ports while the answering side worked on a step, in traces of real guests. All but the last two are
 * done before it, or given to it when it asks; those are observed.
 */
export interface PortTraffic {
  /** What it read of the guest's memory that no step before has put or observed there. */
  readonly memIn?: readonly MemoryBytes[];
  readonly translations?: readonly Translation[];
  readonly time?: ClockReadings;
  /** What the source of entropy gave, draw by draw; null where it had none. */
  readonly random?: readonly (HexBytes | null)[];
  /** CPUs that had an interrupt pending when it asked. */
  readonly pending?: readonly number[];
  readonly inFlight?: readonly InterruptInFlight[];
  /** What it read of disks that no step before has read or written there. */
  readonly media?: readonly MediumBytes[];
  /** Everything that it wrote to the guest's memory. */
  readonly memOut?: readonly MemoryBytes[];
  /** Interrupt lines that it drove, in order. */
  readonly interrupts?: readonly InterruptDrive[];
}

/** The machine of a trace of a real guest. */
export interface TracedMachine {
  /** The guest's name, as its services know it. */
  readonly guest: string;
  /** MIDR_EL1 of its CPUs. */
  readonly midr: Hex;
  /** Ticks of the system counter a second. */
  readonly frequency: number;
  /** Where the guest's memory is. */
  readonly regions: readonly AddressRange[];
  /** What clocks and the source of entropy gave while the machine was put together. */
  readonly ports: Pick<PortTraffic, 'time' | 'random'>;
}
