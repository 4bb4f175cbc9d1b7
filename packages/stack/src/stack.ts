import { RestoreError, type Saved } from '@trapline/core';
import {
  type CallEvent,
  type InterruptChange,
  MAX_STEPS,
  type Machine,
  type PowerChange,
  StepLimitError,
} from '@trapline/trap-bus';
import type { Observable } from 'rxjs';
import type { StackGuest } from './guest.js';
import { restoredTrees, savedTrees } from './saved-trees.js';

/** Name of the format of {@link Stack.save}. */
export const STACK_FORMAT = 'trapline stack';
/** Its version; others are refused. */
export const STACK_VERSION = 1;

/** A CPU whose program is not through: what it waits for, or that no program is where it began. */
export interface UnfinishedCpu<Name extends string = string> {
  readonly guest: Name;
  readonly cpu: number;
  readonly why: string;
}

/** How a run ended. */
export interface RunResult<Name extends string = string> {
  readonly steps: number;
  readonly unfinished: readonly UnfinishedCpu<Name>[];
}

/**
 * A composition that runs: guests, the services that answer them, and the trees that describe them. Made by
 * {@link createStack}.
 *
 * Everything it holds belongs to it: two stacks know nothing of one another.
 */
export class Stack<Name extends string = string> {
  /** The guests by the names they were given. */
  readonly guests: { readonly [N in Name]: StackGuest };
  /** The machine underneath: traps, interception, explanation. */
  readonly machine: Machine;
  /** Every call of every guest, after it was answered. No event is built while nobody listens. */
  readonly calls$: Observable<CallEvent>;
  /** Every change of a vCPU's power. */
  readonly power$: Observable<PowerChange>;
  /** Every interrupt line that is driven. */
  readonly interrupts$: Observable<InterruptChange>;
  readonly #all: readonly StackGuest[];

  constructor(machine: Machine, guests: readonly StackGuest[]) {
    this.machine = machine;
    this.calls$ = machine.calls$;
    this.power$ = machine.power$;
    this.interrupts$ = machine.interrupts$;
    this.guests = Object.freeze(Object.fromEntries(guests.map((g) => [g.name, g]))) as Stack<Name>['guests'];
    this.#all = guests;
  }

  /**
   * Runs the programs of all guests, in turns, until none can go on: time moves on to the next alarm only when nothing
   * else can happen. Gives the CPUs that nothing will wake any more.
   *
   * Throws {@link StepLimitError} after `limit` steps, and `GuestProgramError` where a program throws.
   */
  run(limit: number = MAX_STEPS): RunResult<Name> {
    let steps = 0;
    for (;;) {
      const before = steps;
      for (const { scheduler } of this.#all) if (scheduler.step()) steps++;
      if (steps === before && this.#moveTime()) steps++;
      if (steps === before) break;
      if (steps > limit)
        throw new StepLimitError(
          limit,
          this.#all.flatMap(({ scheduler }) => scheduler.unfinished()),
        );
    }
    const unfinished = this.#all.flatMap(({ name, scheduler }) =>
      scheduler.unfinished().map(({ cpu, why }) => ({ guest: name as Name, cpu, why })),
    );
    return { steps, unfinished };
  }

  /** Whether somebody waits, and an alarm was left that may wake them. */
  #moveTime(): boolean {
    const waiting = this.#all.some(({ scheduler }) => scheduler.unfinished().length > 0);
    return waiting && this.machine.clock.advanceToNext();
  }

  /**
   * All state of machine, services and trees, as plain data that JSON can hold. Generators cannot be saved: programs
   * that are under way, and what drivers hold, are not part of it.
   */
  save(): Saved {
    return {
      format: STACK_FORMAT,
      version: STACK_VERSION,
      machine: this.machine.save(),
      trees: savedTrees(this.#all),
    };
  }

  /**
   * Takes back what {@link save} of the same composition gave. Trees that differ are replaced in place, so that
   * discoveries bind anew. Throws {@link RestoreError} for anything else.
   */
  restore(saved: Saved): void {
    const record = (saved ?? {}) as { readonly [key: string]: Saved };
    if (record.format !== STACK_FORMAT || record.version !== STACK_VERSION) {
      throw new RestoreError(`no saved stack: expected format "${STACK_FORMAT}", version ${STACK_VERSION}`);
    }
    const trees = restoredTrees(this.#all, record.trees);
    this.machine.restore(record.machine ?? null);
    for (const put of trees) put();
  }

  /** All guests as they were built; memory and trees keep what they hold. */
  reset(): void {
    this.machine.reset();
  }

  /** Lets go of everything: drivers, services, alarms, streams. */
  dispose(): void {
    for (const guest of this.#all) guest.dispose();
    this.machine.dispose();
  }
}
