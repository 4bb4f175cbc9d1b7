import { closeSync, openSync, writeFileSync } from 'node:fs';
import type { QemuMachine } from '@trapline/qemu';
import { TraceRecorder } from '@trapline/replay';
import type { StackGuest } from '@trapline/stack';
import type { Machine } from '@trapline/trap-bus';
import type { BlockMedium } from '@trapline/xen';
import { CommandError } from '../command.js';
import { errorWords } from '../inspect/error-words.js';

/** What the host does of itself, and what with. */
export interface HostAction {
  readonly action: string;
  readonly [field: string]: unknown;
}

/** A disk as a trace's subject names it. */
export interface TracedDisk {
  readonly bytes: number;
  readonly readOnly: boolean;
}

/** The trace of a boot: a file in the format of `@trapline/recordings`, a step a line as it happens. */
export class BootTrace {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #disks: TracedDisk[] = [];
  readonly #options: Record<string, unknown> = { disks: this.#disks };
  readonly #recorder: TraceRecorder;
  #isOpen = true;
  /** Why the file is not whole. */
  #failure: string | undefined = undefined;

  /** `stack` is its name as `--stack` knows it. Throws `CommandError` for a file that cannot be written. */
  constructor(file: string, stack: string) {
    this.#file = file;
    this.#descriptor = this.#open();
    this.#recorder = new TraceRecorder((text) => this.#write(text), {
      subject: { package: 'stack', profile: stack, options: this.#options },
      oracle: 'this project, by a guest in QEMU',
      recorded: new Date().toISOString().slice(0, 10),
    });
  }

  /** The stack is described by this text of a stack file. */
  describe(text: string): void {
    this.#options.stack = text;
  }

  /** The machine's ports, listened at. */
  ports({ plan, ports }: QemuMachine): QemuMachine['ports'] {
    this.#options.pages = `0x${plan.hypervisor.base.toString(16)}`;
    return this.#recorder.ports(ports);
  }

  /** A disk, listened at. */
  medium(inner: BlockMedium): BlockMedium {
    const { bytes, readOnly } = inner;
    const tap = this.#recorder.medium();
    this.#disks.push({ bytes, readOnly });
    return {
      bytes,
      readOnly,
      readAt: (position, target) => {
        const read = inner.readAt(position, target);
        if (read) tap.found(position, target);
        return read;
      },
      writeAt: (position, source) => {
        const written = inner.writeAt(position, source);
        if (written) tap.put(position, source);
        return written;
      },
      flush: () => inner.flush(),
    };
  }

  /** Listens to the guest, whose memory is loaded later. */
  connect(machine: Machine, guest: StackGuest): void {
    this.#recorder.connect(machine, guest.bus);
  }

  /** The guest begins. */
  start(): void {
    this.#recorder.start();
  }

  /** Does something that the host does of itself; `what` names it for the replay. */
  act(what: HostAction, work: () => void): void {
    this.#recorder.act(what, work);
  }

  /** Ends the text. Gives words where the file is not whole, because the host could not write it. */
  close(): string | undefined {
    if (!this.#isOpen) return undefined;
    this.#recorder.close();
    this.#isOpen = false;
    closeSync(this.#descriptor);
    return this.#failure;
  }

  /** A guest goes on that cannot be written down any more. */
  #write(text: string): void {
    if (this.#failure !== undefined || !this.#isOpen) return;
    try {
      writeFileSync(this.#descriptor, text);
    } catch (error) {
      this.#failure = `${this.#file}: ${errorWords(error)}; the trace ends early`;
    }
  }

  #open(): number {
    try {
      return openSync(this.#file, 'w');
    } catch (error) {
      throw new CommandError(`${this.#file}: ${errorWords(error)}`);
    }
  }
}
