import { type AttachedGuest, CompositionError } from '@trapline/core';
import type { ExitCounters } from './counters.js';
import { Code } from './status.js';

/** Most cells of one hypervisor. */
export const MAX_CELLS = 64;

/** One cell: a guest, or a partition of the machine that nobody simulates. */
export interface CellOptions {
  /** The guest's name; the cell's own where none is simulated. */
  readonly guest: string;
  readonly id: number;
  /** Its CPUs, as the machine numbers them, in the order of the guest's vCPUs. */
  readonly cpus: readonly number[];
  /** 0 running (where absent), 1 running and locked, 2 shut down, 3 failed, 4 failed for its revision. */
  readonly state?: number;
  /** Whether the cell may print. */
  readonly console?: boolean;
}

/** The partition. */
export interface HypervisorOptions {
  /** The first one is the root cell. */
  readonly cells: readonly CellOptions[];
  /** Pages of the pools, as HYPERVISOR_GET_INFO tells them: size and used, of memory and of remappings. */
  readonly pools?: readonly [memory: number, used: number, remap: number, remapUsed: number];
  /** CPUs that have failed. */
  readonly failedCpus?: readonly number[];
  /** What cells print, a byte at a time. */
  readonly print?: (guest: string, byte: number) => void;
}

const CPU_RUNNING = 0;
const CPU_FAILED = 2;

/** Every cell, and what can be asked about it. */
export class Cells {
  readonly root: CellOptions;
  readonly #options: HypervisorOptions;
  readonly #counters = new Map<CellOptions, ExitCounters>();

  /** Throws {@link CompositionError} without a cell, beyond the limit, and for an id or a CPU that two cells have. */
  constructor(options: HypervisorOptions) {
    const [root] = options.cells;
    if (root === undefined) throw new CompositionError('a Jailhouse has no cell', 'name the root cell');
    if (options.cells.length > MAX_CELLS) {
      throw new CompositionError(`there are ${options.cells.length} cells`, `leave all but ${MAX_CELLS} out`);
    }
    refuseTwice(
      'id',
      options.cells.map(({ id }) => id),
    );
    refuseTwice(
      'CPU',
      options.cells.flatMap(({ cpus }) => cpus),
    );
    this.root = root;
    this.#options = options;
  }

  get size(): number {
    return this.#options.cells.length;
  }

  /** The cell that a guest is. Throws {@link CompositionError} where it is none, or has other CPUs. */
  of(guest: AttachedGuest): CellOptions {
    const cell = this.#options.cells.find((candidate) => candidate.guest === guest.name);
    if (cell === undefined) throw new CompositionError(`guest ${guest.name} is no cell`, 'add it to the cells');
    if (cell.cpus.length !== guest.pes.length) {
      const what = `cell ${cell.guest} has ${cell.cpus.length} CPUs, its guest ${guest.pes.length}`;
      throw new CompositionError(what, 'name one CPU for each vCPU');
    }
    return cell;
  }

  count(cell: CellOptions, counters: ExitCounters): void {
    this.#counters.set(cell, counters);
  }

  byId(low: number, high: number): CellOptions | undefined {
    return high === 0 ? this.#options.cells.find(({ id }) => id === low) : undefined;
  }

  ownerOf(cpu: number): CellOptions | undefined {
    return this.#options.cells.find(({ cpus }) => cpus.includes(cpu));
  }

  info(type: number): number {
    return type === 4 ? this.size : (this.#options.pools?.[type] ?? (type < 4 ? 0 : Code.EINVAL));
  }

  cpuState(cpu: number): number {
    return this.#options.failedCpus?.includes(cpu) ? CPU_FAILED : CPU_RUNNING;
  }

  statistic(owner: CellOptions, cpu: number, reason: number): number {
    return this.#counters.get(owner)?.of(owner.cpus.indexOf(cpu), reason) ?? 0;
  }

  print(cell: CellOptions, byte: number): void {
    this.#options.print?.(cell.guest, byte);
  }
}

function refuseTwice(what: string, list: readonly number[]): void {
  const twice = list.find((number, i) => list.indexOf(number) !== i);
  if (twice !== undefined) throw new CompositionError(`two cells have the ${what} ${twice}`, 'give it to one of them');
}
