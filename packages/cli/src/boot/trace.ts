import { closeSync, openSync, writeSync } from 'node:fs';
import { PC } from '@trapline/core';
import type { CallStep, EntryStep, Hex, RegisterValues } from '@trapline/recordings';
import type { CallEvent, Guest, PowerChange, Vcpu } from '@trapline/trap-bus';
import { CommandError } from '../command.js';
import { errorWords } from '../inspect/error-words.js';
import { callName } from '../run/call-words.js';

/** What a trace says of its machine. */
export interface TraceSubject {
  /** Name of the stack, as `--stack` knows it. */
  readonly stack: string;
  readonly guest: Guest;
  readonly ram: { readonly base: number; readonly size: number };
  /** The first address of a hypervisor's own pages. */
  readonly pages: number;
  readonly date: Date;
}

/** Registers that an event has: X0 to X17. */
const REGISTERS = 18;

/** Results that vary from run to run. */
const VOLATILE: Readonly<Record<string, readonly string[]>> = {
  'trng.rnd': ['x1', 'x2', 'x3'],
  'kvm.ptp': ['x0', 'x1', 'x2', 'x3'],
};

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  shutdown: 'guest-shutdown',
  off2: 'guest-shutdown',
  reset: 'guest-reset',
  reset2: 'guest-reset',
};

/**
 * Writes a trace in the format of `@trapline/recordings`, a step a line as it happens: what the CPUs called in the
 * order in which they were answered, and where CPUs began. `trapline replay` plays it.
 */
export class TraceWriter {
  readonly #descriptor: number;
  readonly #subject: TraceSubject;
  #steps = 0;
  #entry: Hex | undefined = undefined;

  /** Throws `CommandError` for a file that cannot be written. */
  constructor(file: string, subject: TraceSubject) {
    this.#subject = subject;
    try {
      this.#descriptor = openSync(file, 'w');
    } catch (error) {
      throw new CommandError(`${file}: ${errorWords(error)}`);
    }
    this.#write('{"scenarios":[{"id":"boot","fresh":true,"steps":[');
  }

  call(event: CallEvent): void {
    this.#step(callStep(event));
  }

  /** A CPU that was started has reached its first instruction. */
  power({ vcpu, from, to }: PowerChange): void {
    if (from !== 'starting' || to !== 'running') return;
    const { mpidr, el, x } = this.#subject.guest.vcpus[vcpu] as Vcpu;
    const pc = hex(x[PC] as bigint);
    this.#entry ??= pc;
    const state = { x0: hex(x[0] as bigint), el: hex(BigInt(el)), mpidr: hex(mpidr) };
    this.#step({ op: 'entry', cpu: vcpu, entered: true, pc, state });
  }

  /** Closes what was begun: the file is whole. */
  close(): void {
    this.#write(`\n]}],${this.#rest().slice(1)}\n`);
    closeSync(this.#descriptor);
  }

  #step(step: CallStep | EntryStep): void {
    this.#write(`${this.#steps++ === 0 ? '' : ','}\n${JSON.stringify(step)}`);
  }

  /** What is known at the end: where CPUs begin is one of the machine's properties. */
  #rest(): string {
    const { stack, guest, ram, pages, date } = this.#subject;
    const first = guest.vcpus[0] as Vcpu;
    return JSON.stringify({
      subject: { package: 'stack', profile: stack, options: { pages: hex(BigInt(pages)) } },
      oracle: 'this project, by a guest in QEMU',
      recorded: date.toISOString().slice(0, 10),
      environment: {
        cpus: guest.vcpus.length,
        mpidr: guest.vcpus.map(({ mpidr }) => hex(mpidr)),
        ram: { base: hex(BigInt(ram.base)), size: hex(BigInt(ram.size)) },
        guestWidth: first.state === 'a64' ? 64 : 32,
        callerEL: guest.levels.hasEl2 && !guest.services.some(({ level }) => level === 'el2') ? 2 : 1,
        el2: guest.levels.hasEl2,
        el3: guest.levels.hasEl3,
        symbols: { entry: this.#entry ?? hex(BigInt(ram.base)) },
        fill: { regs: {} },
      },
    });
  }

  #write(text: string): void {
    writeSync(this.#descriptor, text);
  }
}

function callStep(event: CallEvent): CallStep {
  const { vcpu: cpu, conduit, immediate, a64, before, after, outcome } = event;
  const back = outcome.kind === 'returned';
  const { [callName(event)]: varies } = VOLATILE;
  return {
    op: 'call',
    cpu,
    conduit,
    imm: hex(BigInt(immediate)),
    width: a64 ? 64 : 32,
    in: registersOf(before, a64),
    ...(back ? { out: changed(before, after, a64) } : { returns: outcome.kind === 'wait' ? 'later' : false }),
    ...(varies !== undefined && { volatile: varies }),
    ...(outcome.kind === 'system' && {
      machine: {
        events: [{ event: outcome.event, reason: SYSTEM_REASONS[outcome.event] ?? outcome.event }],
        stillRunning: false,
      },
    }),
  };
}

function registersOf(halves: readonly number[], wide: boolean): RegisterValues {
  const names = Array.from({ length: wide ? REGISTERS : 13 }, (_, n) => n);
  return Object.fromEntries(names.map((n) => [`x${n}`, hex(registerOf(halves, n, wide))]));
}

/** Register 0, and every other that is not what it was. */
function changed(before: readonly number[], after: readonly number[], wide: boolean): RegisterValues {
  const entries: [string, Hex][] = [];
  for (let n = 0; n < (wide ? REGISTERS : 13); n++) {
    const value = registerOf(after, n, wide);
    if (n === 0 || value !== registerOf(before, n, wide)) entries.push([`x${n}`, hex(value)]);
  }
  return Object.fromEntries(entries);
}

function registerOf(halves: readonly number[], n: number, wide: boolean): bigint {
  const low = BigInt((halves[2 * n] as number) >>> 0);
  return wide ? (BigInt((halves[2 * n + 1] as number) >>> 0) << 32n) | low : low;
}

function hex(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}
