import type { Duplex } from 'node:stream';
import type { Commands } from '../monitor/commands.js';
import type { Frame } from '../monitor/frame.js';
import {
  Field,
  Flag,
  HEAD_BYTES,
  MAILBOX_BYTES,
  MAILBOXES,
  MAX_CPUS,
  REGISTERS,
  RING_RESET,
  State,
} from '../monitor/layout.js';
import { COMMAND_TIMEOUT_MS, MonitorError, type MonitorLink } from '../monitor/link.js';
import type { SharedFile } from './shared-file.js';

/** What {@link UnixLink} is made of. */
export interface UnixLinkOptions {
  readonly cpus: number;
  /** The machine's RAM. */
  readonly memory: SharedFile;
  /** Physical address of the area that is the monitor's. */
  readonly area: number;
  /** {@link COMMAND_TIMEOUT_MS} where absent. */
  readonly commandTimeoutMs?: number;
  /** Whether the machine is still there; asked while a CPU carries out commands. */
  readonly alive?: () => boolean;
}

/** Looks at a mailbox before the first pause, and between two questions whether the machine is there. */
const LOOKS = 128;
/** Milliseconds of a pause: the shortest that the host knows. */
const PAUSE_MS = 0.01;

/** QEMU's link: bytes over a Unix socket say that something is there, the shared file says what. */
export class UnixLink implements MonitorLink {
  readonly cpus: number;
  readonly memory: SharedFile;
  onRing: (cpu: number) => void = () => {};
  readonly #mailboxes: number;
  readonly #patience: number;
  readonly #alive: () => boolean;
  #socket: Duplex | undefined = undefined;
  /** Rings are of a machine that goes through its reset. */
  #void = false;
  readonly #word: Int32Array = new Int32Array(1);
  readonly #wordBytes: Uint8Array = new Uint8Array(this.#word.buffer);
  readonly #head: BigUint64Array = new BigUint64Array(2);
  readonly #headBytes: Uint8Array = new Uint8Array(this.#head.buffer);
  readonly #one: Uint8Array = Uint8Array.of(1);
  readonly #pause: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4));

  constructor(options: UnixLinkOptions) {
    if (options.cpus > MAX_CPUS) throw new RangeError(`${options.cpus} CPUs; there may be ${MAX_CPUS}`);
    this.cpus = options.cpus;
    this.memory = options.memory;
    this.#mailboxes = options.area + MAILBOXES;
    this.#patience = options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
    this.#alive = options.alive ?? (() => true);
  }

  /** The socket whose other end the machine's secure UART has. */
  connect(socket: Duplex): void {
    this.#socket = socket;
    socket.on('data', (bytes: Uint8Array) => {
      for (const ring of bytes) {
        if (ring === RING_RESET) this.#void = false;
        else if (ring < this.cpus && !this.#void) this.onRing(ring);
      }
    });
    // What can go wrong is that the other end has gone: whoever runs it says so.
    socket.on('error', () => {});
  }

  readFrame(cpu: number, frame: Frame, registers: boolean): void {
    const { bytes } = frame;
    this.memory.read(this.#mailbox(cpu), registers ? bytes.subarray(0, Field.flags) : bytes.subarray(0, REGISTERS));
  }

  resume(cpu: number, frame: Frame): void {
    const mailbox = this.#mailbox(cpu);
    const { bytes } = frame;
    const exception = frame.low(Field.flags) & (Flag.exception | Flag.exceptionEl2);
    if (exception !== 0) this.memory.write(mailbox + Field.esrEl1, bytes.subarray(Field.esrEl1, Field.isr));
    this.memory.write(mailbox + REGISTERS, bytes.subarray(REGISTERS, HEAD_BYTES));
    this.#putState(mailbox, State.resume);
  }

  sleep(cpu: number, off: boolean): void {
    const mailbox = this.#mailbox(cpu);
    this.#head[0] = BigInt(off ? Flag.off : 0);
    this.memory.write(mailbox + Field.flags, this.#headBytes.subarray(0, 8));
    this.#putState(mailbox, State.sleep);
  }

  execute(cpu: number, commands: Commands): void {
    if (commands.count === 0) return;
    const mailbox = this.#mailbox(cpu);
    const { encoded } = commands;
    this.memory.write(mailbox + HEAD_BYTES, encoded);
    this.#head[0] = BigInt(commands.count);
    this.memory.write(mailbox + Field.commandCount, this.#headBytes.subarray(0, 8));
    this.#putState(mailbox, State.commands);
    this.#await(cpu, mailbox);
    this.memory.read(mailbox + HEAD_BYTES, encoded);
  }

  reset(cpu: number): void {
    this.#void = true;
    this.#putState(this.#mailbox(cpu), State.reset);
  }

  attention(): void {
    this.#socket?.write(this.#one);
  }

  /** Ends the connection. */
  close(): void {
    this.#socket?.destroy();
  }

  /**
   * Looks at the state until the CPU waits again: it is through within microseconds where it runs. Where the host has
   * something else run in its place, looking on without a pause would only take the CPU's turn.
   */
  #await(cpu: number, mailbox: number): void {
    let deadline = 0;
    for (let looks = 1; ; looks++) {
      this.memory.read(mailbox, this.#wordBytes);
      if (this.#word[0] === State.waits) return;
      if (looks < LOOKS) continue;
      const now = performance.now();
      if (deadline === 0) deadline = now + this.#patience;
      else if (now > deadline) {
        throw new MonitorError(`CPU ${cpu} has not carried out its commands within ${this.#patience} ms`);
      }
      if (looks % LOOKS === 0 && !this.#alive()) {
        throw new MonitorError(`the machine ended while CPU ${cpu} carried out commands`);
      }
      Atomics.wait(this.#pause, 0, 0, PAUSE_MS);
    }
  }

  #putState(mailbox: number, state: number): void {
    this.#word[0] = state;
    this.memory.write(mailbox, this.#wordBytes);
  }

  #mailbox(cpu: number): number {
    return this.#mailboxes + cpu * MAILBOX_BYTES;
  }
}
