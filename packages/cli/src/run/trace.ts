import { type Outcome, PC } from '@trapline/core';
import type { Stack } from '@trapline/stack';
import type { CallEvent, PowerChange } from '@trapline/trap-bus';
import { callWords } from './call-words.js';

/** One line of a trace, as data. */
export interface TraceEntry {
  /** Nanoseconds of the machine's time. */
  readonly time: number;
  readonly guest: string;
  readonly cpu: number;
  readonly what: 'call' | 'power';
  /** The instruction of a call. */
  readonly conduit?: string;
  /** Service that answered, with its level; null where nobody did. */
  readonly by?: string | null;
  readonly text: string;
}

/** Follows a stack and keeps what happened, in order. */
export class Trace {
  readonly entries: TraceEntry[] = [];
  readonly #stack: Stack;
  /** By guest and CPU: how its wait ends. */
  readonly #waits = new Map<string, Outcome>();

  constructor(stack: Stack) {
    this.#stack = stack;
    stack.calls$.subscribe((call) => this.#called(call));
    stack.power$.subscribe((change) => this.#powered(change));
  }

  /** How many of the entries are calls. */
  get calls(): number {
    return this.entries.filter(({ what }) => what === 'call').length;
  }

  #called(call: CallEvent): void {
    const { guest, vcpu: cpu, conduit, service, level, outcome } = call;
    this.#waits.set(`${guest}/${cpu}`, outcome);
    const by = service === undefined ? null : `${level ?? ''} ${service}`.trim();
    this.#add({ guest, cpu, what: 'call', conduit, by, text: callWords(call) });
  }

  /** Only what begins: every other change is what a call said. */
  #powered({ guest, vcpu: cpu, from, to }: PowerChange): void {
    if (to !== 'running') return;
    const text = from === 'starting' ? `begins ${this.#where(guest, cpu)}` : this.#wakeWords(guest, cpu);
    this.#add({ guest, cpu, what: 'power', text });
  }

  #wakeWords(guest: string, cpu: number): string {
    const outcome = this.#waits.get(`${guest}/${cpu}`);
    return outcome?.kind === 'wait' && outcome.onWake === 'resume' ? `resumes ${this.#where(guest, cpu)}` : 'wakes';
  }

  #where(guest: string, cpu: number): string {
    const { x } = this.#stack.machine.guest(guest).vcpu(cpu);
    return `at 0x${x[PC]?.toString(16)} with context 0x${x[0]?.toString(16)}`;
  }

  #add(entry: Omit<TraceEntry, 'time'>): void {
    this.entries.push({ time: Number(this.#stack.machine.clock.now()), ...entry });
  }
}
