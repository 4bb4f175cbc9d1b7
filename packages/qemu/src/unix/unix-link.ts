import { createServer, type Server, type Socket } from 'node:net';
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
  /** Path of the socket that the machine's secure UART connects to. */
  readonly socket: string;
  /** {@link COMMAND_TIMEOUT_MS} where absent. */
  readonly commandTimeoutMs?: number;
}

/** QEMU's link: bytes over a Unix socket say that something is there, the shared file says what. */
export class UnixLink implements MonitorLink {
  readonly cpus: number;
  readonly memory: SharedFile;
  onRing: (cpu: number) => void = () => {};
  readonly #mailboxes: number;
  readonly #path: string;
  readonly #patience: number;
  readonly #server: Server;
  #socket: Socket | undefined = undefined;
  /** Rings are of a machine that goes through its reset. */
  #void = false;
  readonly #word: Int32Array = new Int32Array(1);
  readonly #wordBytes: Uint8Array = new Uint8Array(this.#word.buffer);
  readonly #head: BigUint64Array = new BigUint64Array(2);
  readonly #headBytes: Uint8Array = new Uint8Array(this.#head.buffer);
  readonly #one: Uint8Array = Uint8Array.of(1);

  constructor(options: UnixLinkOptions) {
    if (options.cpus > MAX_CPUS) throw new RangeError(`${options.cpus} CPUs; there may be ${MAX_CPUS}`);
    this.cpus = options.cpus;
    this.memory = options.memory;
    this.#mailboxes = options.area + MAILBOXES;
    this.#path = options.socket;
    this.#patience = options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
    this.#server = createServer((socket) => this.#connected(socket));
    this.#server.maxConnections = 1;
  }

  /** Waits for the machine to connect. */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#path, resolve);
    });
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

  /** Ends the connection and stops listening. */
  close(): void {
    this.#socket?.destroy();
    this.#server.close();
  }

  #connected(socket: Socket): void {
    this.#socket = socket;
    socket.on('data', (bytes) => {
      for (const ring of bytes) {
        if (ring === RING_RESET) this.#void = false;
        else if (ring < this.cpus && !this.#void) this.onRing(ring);
      }
    });
    // What can go wrong is that the other end has gone: whoever runs it says so.
    socket.on('error', () => {});
  }

  /** Looks at the state until the CPU waits again: it is through within microseconds. */
  #await(cpu: number, mailbox: number): void {
    let deadline = 0;
    for (let looks = 0; ; looks++) {
      this.memory.read(mailbox, this.#wordBytes);
      if (this.#word[0] === State.waits) return;
      if ((looks & 0xff) !== 0xff) continue;
      const now = performance.now();
      if (deadline === 0) deadline = now + this.#patience;
      else if (now > deadline) {
        throw new MonitorError(`CPU ${cpu} has not carried out its commands within ${this.#patience} ms`);
      }
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
