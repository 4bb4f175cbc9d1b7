import { addressOf, type Caller, type GuestProgram, type Outcome, PC } from '@trapline/core';
import { GuestProgramError } from './errors.js';
import type { ScheduledVcpu } from './guest.js';

/** The program of one CPU, and where it stands. */
export class ProgramSlot {
  readonly vcpu: ScheduledVcpu;
  readonly #programs: ReadonlyMap<number, GuestProgram>;
  #run: Generator<Outcome, void, void> | undefined;
  /** The outcome with which the program gave its CPU up. */
  #last: Outcome | undefined;
  /** The CPU has a new program counter: the program of that address begins. */
  #jumped = false;
  /** An address at which the CPU began, and where there is no program. */
  #lost: number | undefined;
  #history = '';

  constructor(vcpu: ScheduledVcpu, programs: ReadonlyMap<number, GuestProgram>) {
    this.vcpu = vcpu;
    this.#programs = programs;
  }

  /** Whether the program waited, and its next step is what follows the wake. */
  get waited(): boolean {
    return this.#last?.kind === 'wait';
  }

  /** Whether the CPU runs and has something to run. */
  get runnable(): boolean {
    return this.vcpu.powerState === 'running' && !this.vcpu.paused && (this.#run !== undefined || this.#jumped);
  }

  /** Why the program is not through; undefined where it is, or where there is none. */
  get unfinished(): string | undefined {
    if (this.#lost !== undefined) return `no program at 0x${this.#lost.toString(16)}`;
    if (this.vcpu.powerState === 'off' || (this.#run === undefined && !this.#jumped)) return undefined;
    const why = this.#last?.kind === 'wait' ? `: ${this.#last.why}` : '';
    return `${this.vcpu.powerState}${why}`;
  }

  /** Where the program stands, in terms of everything it was told: the registers after each of its steps. */
  get history(): string {
    return this.#history;
  }

  spawn(program: GuestProgram, caller: Caller): void {
    this.#begin(program, caller, 'spawned');
  }

  /** The CPU goes on at another address: what it ran is over. */
  jump(): void {
    this.#run = undefined;
    this.#last = undefined;
    this.#lost = undefined;
    this.#jumped = true;
  }

  /** The CPU is off: what it ran is over. */
  end(): void {
    this.jump();
    this.#jumped = false;
    this.#history = '';
  }

  /** Runs the program up to where it gives the CPU up. Throws {@link GuestProgramError} for what it throws. */
  step(caller: Caller, number: number): void {
    if (this.#jumped) this.#arrive(caller);
    const run = this.#run;
    if (!run) return;
    try {
      const { done, value } = run.next();
      this.#last = value || undefined;
      if (done === true) this.#run = undefined;
    } catch (cause) {
      this.#run = undefined;
      throw new GuestProgramError(this.vcpu.index, number, cause);
    }
    this.#history += `;${this.#run ? 'y' : 'd'}${resultsOf(caller)}`;
    const last = this.#last;
    if (last?.kind === 'resume' || (last?.kind === 'wait' && last.onWake === 'resume')) this.#jumpAfter(last);
  }

  /** The program of the address where the CPU stands begins. */
  #arrive(caller: Caller): void {
    this.#jumped = false;
    const { w } = this.vcpu;
    const entry = addressOf(w[2 * PC] as number, w[2 * PC + 1] as number);
    const program = this.#programs.get(entry);
    if (program) this.#begin(program, caller, `0x${entry.toString(16)}`);
    else this.#lost = entry;
  }

  #begin(program: GuestProgram, caller: Caller, where: string): void {
    this.end();
    this.#history = where;
    this.#run = program(caller);
  }

  /** Ends the program, but keeps for reports what it gave its CPU up with. */
  #jumpAfter(outcome: Outcome): void {
    this.jump();
    this.#last = outcome;
  }
}

/** The registers that calls give results in. */
function resultsOf({ x }: Caller): string {
  let text = '';
  for (let i = 0; i < 4; i++) text += `,${(x[i] as bigint).toString(16)}`;
  return text;
}
