import { PC } from '@trapline/core';
import type { Stack } from '@trapline/stack';
import type { CallEvent, PowerChange, Vcpu } from '@trapline/trap-bus';
import { callName, callWords, lateResultWords } from './call-words.js';

/** Who made a call: drivers while they bound, or the programs that exercise them. */
export type Phase = 'discovery' | 'exercise';

/** One line of a trace, as data. */
export interface TraceEntry {
  readonly phase: Phase;
  /** Nanoseconds of the machine's time. */
  readonly time: number;
  readonly guest: string;
  readonly cpu: number;
  readonly what: 'call' | 'power';
  /** The instruction of a call. */
  readonly conduit?: string;
  /** The service that answered, with its level; null where nobody did. */
  readonly by?: string | null;
  readonly text: string;
}

/** Follows a stack and keeps what happened, in order. */
export class Trace {
  readonly entries: TraceEntry[] = [];
  /** Set by whoever drives the stack. */
  phase: Phase = 'discovery';
  readonly #stack: Stack;
  /** By vCPU: the call that it made last. */
  readonly #last = new Map<Vcpu, CallEvent>();

  constructor(stack: Stack) {
    this.#stack = stack;
    stack.calls$.subscribe((call) => this.#called(call));
    stack.power$.subscribe((change) => this.#powered(change));
  }

  /** How many of the entries are calls. */
  get calls(): number {
    return this.entries.filter(({ what }) => what === 'call').length;
  }

  /** Whether the last that a CPU did was to turn itself off. */
  turnedOff(guest: string, cpu: number): boolean {
    const call = this.#last.get(this.#vcpu(guest, cpu));
    return call !== undefined && callName(call) === 'psci.cpuOff';
  }

  #called(call: CallEvent): void {
    const { guest, vcpu: cpu, conduit, service, level } = call;
    this.#last.set(this.#vcpu(guest, cpu), call);
    const by = service === undefined ? null : `${level ?? ''} ${service}`.trim();
    this.#add({ guest, cpu, what: 'call', conduit, by, text: callWords(call) });
  }

  /** Only what begins: every other change is what a call said. */
  #powered({ guest, vcpu: cpu, from, to }: PowerChange): void {
    if (to !== 'running') return;
    const vcpu = this.#vcpu(guest, cpu);
    this.#add({ guest, cpu, what: 'power', text: from === 'starting' ? begins('begins', vcpu) : this.#wakes(vcpu) });
  }

  #wakes(vcpu: Vcpu): string {
    const call = this.#last.get(vcpu);
    if (call?.outcome.kind !== 'wait') return 'goes on';
    return call.outcome.onWake === 'resume' ? begins('resumes', vcpu) : `wakes: ${lateResultWords(call, vcpu)}`;
  }

  #vcpu(guest: string, cpu: number): Vcpu {
    return this.#stack.machine.guest(guest).vcpu(cpu);
  }

  #add(entry: Omit<TraceEntry, 'phase' | 'time'>): void {
    this.entries.push({ phase: this.phase, time: Number(this.#stack.machine.clock.now()), ...entry });
  }
}

function begins(verb: string, { x }: Vcpu): string {
  return `${verb} at 0x${x[PC]?.toString(16)} with context 0x${x[0]?.toString(16)}`;
}
