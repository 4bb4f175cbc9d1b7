import type { Commands } from './commands.js';
import type { Frame } from './frame.js';

/**
 * The way between the outside and the monitor of a machine: QEMU's by a Unix socket and shared memory
 * (`UnixLink`); another simulator's, or a board's, as its maker builds it.
 *
 * It carries, and knows nothing of calls. A CPU that rang waits until it is answered by `resume` or `sleep`; meanwhile
 * it carries out commands.
 */
export interface MonitorLink {
  /** How many CPUs the machine has. */
  readonly cpus: number;
  /** Hears of CPUs that have entered the monitor, in their order. Set before the machine starts. */
  onRing: (cpu: number) => void;
  /** Reads the frame that a CPU has written: all of it, or without the general registers. */
  readFrame(cpu: number, frame: Frame, registers: boolean): void;
  /** Lets a CPU go on with the registers and the answer in its frame. */
  resume(cpu: number, frame: Frame): void;
  /** Lets a CPU sleep: `off` until it is kicked, else also until an interrupt is pending for its guest. */
  sleep(cpu: number, off: boolean): void;
  /**
   * Has a waiting CPU carry out commands, and waits until it has: the results stand in `commands`.
   *
   * Throws {@link MonitorError} where it has not within {@link COMMAND_TIMEOUT_MS}.
   */
  execute(cpu: number, commands: Commands): void;
  /**
   * Has a waiting CPU put the machine through its reset. What rings until then is not heard; CPU 0 rings when it is past
   * it, with event {@link Event.hello}.
   */
  reset(cpu: number): void;
  /** Brings CPU 0 into the monitor, wherever it is. */
  attention(): void;
  readonly memory: LinkMemory;
}

/** The machine's RAM as the outside reaches it. The guest may change it at any time. */
export interface LinkMemory {
  /** Physical address of its first byte. */
  readonly base: number;
  readonly size: number;
  /** Copies out of RAM. The range lies in RAM: the caller has checked. */
  read(address: number, target: Uint8Array): void;
  /** Copies into RAM. */
  write(address: number, source: Uint8Array): void;
}

/** Longest time that a CPU may take to carry out commands, in milliseconds. */
export const COMMAND_TIMEOUT_MS = 10_000;

/** Longest time that CPU 0 may take to come into the monitor when it is called, in milliseconds. */
export const ATTENTION_TIMEOUT_MS = 10_000;

/** The monitor does not do what it should: it died, or memory that it uses was destroyed. */
export class MonitorError extends Error {
  override readonly name = 'MonitorError';
}
