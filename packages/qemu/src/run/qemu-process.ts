import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { Descriptor } from './arguments.js';
import { QemuError } from './errors.js';

/** The simulator's name, and Debian's package that has it. */
export const QEMU_PROGRAM = 'qemu-system-aarch64';
export const QEMU_PACKAGE = 'qemu-system-arm';
/** How long QEMU may take to end by itself before it is killed, in milliseconds. */
export const END_TIMEOUT_MS = 5000;
/** Most of what QEMU says that is kept for an error's words, in characters. */
const MAX_WORDS = 4096;

/** The state behind a process's name (proc(5)) of one that has ended. */
const ENDED = /\) [ZX]/;

/** How QEMU's process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** What it said on its standard error. */
  readonly words: string;
}

/** Where a program is, by PATH; undefined where it is not. */
function findProgram(name: string): string | undefined {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return undefined;
}

/** The path of QEMU. Throws {@link QemuError} that names Debian's package where it is not installed. */
export function findQemu(): string {
  const path = findProgram(QEMU_PROGRAM);
  if (path !== undefined) return path;
  throw new QemuError(`${QEMU_PROGRAM} is not installed: apt-get install ${QEMU_PACKAGE}`);
}

/** What a machine's files are, by their descriptors in this process. */
export interface QemuFiles {
  readonly ram: number;
  readonly monitor: number;
}

/** QEMU as a child: it ends when this process does, however that happens. */
export class QemuProcess {
  /** Settles when QEMU has ended. */
  readonly ended: Promise<ProcessEnd>;
  /** Our ends of its sockets; undefined where it could not be started. */
  readonly console: Duplex | undefined;
  readonly link: Duplex | undefined;
  readonly #child: ChildProcess;
  readonly #orphaned = (): void => void this.#child.kill('SIGKILL');
  #words = '';
  #running = true;

  constructor(program: string, args: readonly string[], { ram, monitor }: QemuFiles) {
    // The kernel ends QEMU where this process is killed and cannot.
    const keeper = findProgram('setpriv');
    const [command, ...rest] = [...(keeper === undefined ? [] : [keeper, '--pdeathsig', 'KILL']), program, ...args];
    this.#child = spawn(command as string, rest, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', ram, monitor],
    });
    // On Unix node's pipes are sockets, open both ways.
    this.console = this.#child.stdio[Descriptor.console] as unknown as Duplex | undefined;
    this.link = this.#child.stdio[Descriptor.link] as unknown as Duplex | undefined;
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#words = (this.#words + text).slice(-MAX_WORDS);
    });
    process.on('exit', this.#orphaned);
    this.ended = new Promise((resolve) => {
      const settle = (code: number | null, signal: string | null): void => {
        this.#running = false;
        process.off('exit', this.#orphaned);
        resolve({ code, signal, words: this.#words.trim() });
      };
      this.#child.once('error', (error) => {
        this.#words = error.message;
        settle(null, null);
      });
      this.#child.once('close', settle);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it runs. Linux says so before this process has heard of its end; elsewhere that is waited for. */
  get alive(): boolean {
    if (!this.#running) return false;
    try {
      return !ENDED.test(readFileSync(`/proc/${this.pid}/stat`, 'latin1'));
    } catch {
      return true;
    }
  }

  /** Ends QEMU: it is asked, and killed after {@link END_TIMEOUT_MS}. */
  async end(): Promise<ProcessEnd> {
    if (this.#running) {
      this.#child.kill('SIGTERM');
      const killer = setTimeout(() => this.#child.kill('SIGKILL'), END_TIMEOUT_MS);
      await this.ended;
      clearTimeout(killer);
    }
    return this.ended;
  }
}
