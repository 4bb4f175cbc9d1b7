import { closeSync, openSync, writeSync } from 'node:fs';
import type { QemuMachine } from '@trapline/qemu';
import { TraceRecorder } from '@trapline/replay';
import type { StackGuest } from '@trapline/stack';
import type { Machine } from '@trapline/trap-bus';
import { CommandError } from '../command.js';
import { errorWords } from '../inspect/error-words.js';

/** The trace of a boot: a file in the format of `@trapline/recordings`, a step a line as it happens. */
export class BootTrace {
  readonly #file: string;
  readonly #stack: string;
  #descriptor: number | undefined = undefined;
  #recorder: TraceRecorder | undefined = undefined;

  /** `stack` is its name as `--stack` knows it. */
  constructor(file: string, stack: string) {
    this.#file = file;
    this.#stack = stack;
  }

  /** The machine's ports, listened at. Throws `CommandError` for a file that cannot be written. */
  ports({ plan, ports }: QemuMachine): QemuMachine['ports'] {
    const descriptor = this.#open();
    this.#recorder = new TraceRecorder((text) => void writeSync(descriptor, text), {
      subject: { package: 'stack', profile: this.#stack, options: { pages: `0x${plan.hypervisor.base.toString(16)}` } },
      oracle: 'this project, by a guest in QEMU',
      recorded: new Date().toISOString().slice(0, 10),
    });
    return this.#recorder.ports(ports);
  }

  /** Listens to the guest, whose memory is loaded later. */
  connect(machine: Machine, guest: StackGuest): void {
    this.#recorder?.connect(machine, guest.bus);
  }

  /** The guest begins. */
  start(): void {
    this.#recorder?.start();
  }

  /** Does something that the host does of itself; `what` names it for the replay. */
  act(what: HostAction, work: () => void): void {
    if (this.#recorder === undefined) work();
    else this.#recorder.act(what, work);
  }

  /** Closes what was begun: the file is whole. */
  close(): void {
    this.#recorder?.close();
    this.#recorder = undefined;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): number {
    try {
      this.#descriptor = openSync(this.#file, 'w');
      return this.#descriptor;
    } catch (error) {
      throw new CommandError(`${this.#file}: ${errorWords(error)}`);
    }
  }
}

/** What the host does of itself, and what with. */
export interface HostAction {
  readonly action: string;
  readonly [field: string]: unknown;
}
