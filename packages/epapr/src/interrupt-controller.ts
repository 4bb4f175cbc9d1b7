import { type Pe, RestoreError, type Saved } from '@trapline/core';
import { CONFIG_LEVEL, SPURIOUS_VECTOR } from './abi.js';

/** Highest interrupt number that a guest can be given. */
export const MAX_INTERRUPT = 1023;

/** Highest priority; an interrupt of priority 0 is not delivered, as in the OpenPIC that ePAPR's calls stand for. */
export const MAX_PRIORITY = 15;

/** What is known of one interrupt. */
interface Source {
  config: number;
  priority: number;
  destination: number;
  masked: boolean;
  /** The state of its line. */
  asserted: boolean;
  /** An edge that nobody has taken. */
  latched: boolean;
  /** The CPU that has it in service, or −1. */
  servedBy: number;
}

/** Drives the line of one CPU. */
export type DriveLine = (pe: Pe, asserted: boolean) => void;

/**
 * The interrupt controller behind the INT calls of one guest. Every interrupt has one destination; a CPU's line is
 * asserted while an enabled interrupt is pending for it whose priority is above all that it has in service.
 *
 * At first interrupts are masked, of priority 0, level-sensitive and destined for CPU 0.
 */
export class InterruptController {
  readonly #sources: ReadonlyMap<number, Source>;
  readonly #pes: readonly Pe[];
  readonly #drive: DriveLine;
  /** Which lines are asserted; undefined where the line has to be driven anew. */
  readonly #lines: (boolean | undefined)[];

  constructor(numbers: Iterable<number>, pes: readonly Pe[], drive: DriveLine) {
    this.#sources = new Map([...numbers].map((number) => [number, initial()]));
    this.#pes = pes;
    this.#drive = drive;
    this.#lines = pes.map(() => false);
  }

  /** Whether there is an interrupt of that number. */
  has(number: number): boolean {
    return this.#sources.has(number);
  }

  /** What INT_SET_CONFIG has set, the mask among it; undefined for a number that is not there. */
  find(number: number): Readonly<Source> | undefined {
    return this.#sources.get(number);
  }

  configure(number: number, config: number, priority: number, destination: number): void {
    const source = this.#sources.get(number);
    if (source === undefined) return;
    source.config = config;
    source.priority = priority;
    source.destination = destination;
    this.#driveLines();
  }

  mask(number: number, masked: boolean): void {
    const source = this.#sources.get(number);
    if (source === undefined) return;
    source.masked = masked;
    this.#driveLines();
  }

  /** Asserts or releases an interrupt's line. */
  setLevel(number: number, asserted: boolean): void {
    const source = this.#sources.get(number);
    if (source === undefined || source.asserted === asserted) return;
    source.asserted = asserted;
    if (asserted && (source.config & CONFIG_LEVEL) === 0) source.latched = true;
    this.#driveLines();
  }

  /** Makes an interrupt pending until it is taken, whatever its sense. */
  pulse(number: number): void {
    const source = this.#sources.get(number);
    if (source === undefined) return;
    source.latched = true;
    this.#driveLines();
  }

  /** Takes the pending interrupt of highest priority into service; the spurious vector where there is none. */
  acknowledge(cpu: number): number {
    const number = this.#best(cpu);
    const source = this.#sources.get(number);
    if (source === undefined) return SPURIOUS_VECTOR;
    source.latched = false;
    source.servedBy = cpu;
    this.#driveLines();
    return number;
  }

  /** Ends the service of an interrupt. One that is in nobody's service stays as it is. */
  end(number: number): void {
    const source = this.#sources.get(number);
    if (source === undefined) return;
    source.servedBy = -1;
    this.#driveLines();
  }

  reset(): void {
    for (const source of this.#sources.values()) {
      const { asserted } = source;
      Object.assign(source, initial(), { asserted });
    }
    this.#lines.fill(undefined);
    this.#driveLines();
  }

  save(): Saved {
    return [...this.#sources].map(([number, source]) => ({ number, ...source }));
  }

  /** Throws {@link RestoreError} for state of other interrupts. */
  restore(saved: Saved): void {
    const list = Array.isArray(saved) ? (saved as readonly Saved[]) : [];
    const checked = list.map((entry) => checkedSource(entry, this.#pes.length));
    if (checked.length !== this.#sources.size || !checked.every(([number]) => this.#sources.has(number))) {
      throw new RestoreError(`the state of interrupts ${[...this.#sources.keys()].join(', ')} is wanted`);
    }
    for (const [number, source] of checked) Object.assign(this.#sources.get(number) as Source, source);
    this.#lines.fill(undefined);
    this.#driveLines();
  }

  /** The pending interrupt that a CPU would take now, or −1. */
  #best(cpu: number): number {
    let floor = 0;
    for (const source of this.#sources.values()) {
      if (source.servedBy === cpu) floor = Math.max(floor, source.priority);
    }
    let best = -1;
    for (const [number, source] of this.#sources) {
      if (source.destination !== cpu || source.masked || source.servedBy >= 0) continue;
      const pending = source.latched || (source.asserted && (source.config & CONFIG_LEVEL) !== 0);
      if (!pending || source.priority <= floor) continue;
      floor = source.priority;
      best = number;
    }
    return best;
  }

  #driveLines(): void {
    for (let cpu = 0; cpu < this.#pes.length; cpu++) {
      const asserted = this.#best(cpu) >= 0;
      if (this.#lines[cpu] === asserted) continue;
      this.#lines[cpu] = asserted;
      this.#drive(this.#pes[cpu] as Pe, asserted);
    }
  }
}

function initial(): Source {
  return {
    config: CONFIG_LEVEL,
    priority: 0,
    destination: 0,
    masked: true,
    asserted: false,
    latched: false,
    servedBy: -1,
  };
}

function checkedSource(saved: Saved, cpus: number): [number, Source] {
  const { number, config, priority, destination, masked, asserted, latched, servedBy } = (saved ?? {}) as Record<
    string,
    Saved
  >;
  const source = { config, priority, destination, masked, asserted, latched, servedBy };
  const right =
    isBetween(number, 0, MAX_INTERRUPT) &&
    isBetween(config, 0, 3) &&
    isBetween(priority, 0, MAX_PRIORITY) &&
    isBetween(destination, 0, cpus - 1) &&
    isBetween(servedBy, -1, cpus - 1) &&
    [masked, asserted, latched].every((flag) => typeof flag === 'boolean');
  if (!right) throw new RestoreError(`${JSON.stringify(saved)} is no state of an interrupt`);
  return [number as number, source as Source];
}

function isBetween(value: Saved | undefined, from: number, to: number): boolean {
  return Number.isInteger(value) && (value as number) >= from && (value as number) <= to;
}
