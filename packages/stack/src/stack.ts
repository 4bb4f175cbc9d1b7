import { RestoreError, type Saved } from '@trapline/core';
import type { CallEvent, InterruptChange, Machine, PowerChange } from '@trapline/trap-bus';
import type { Observable } from 'rxjs';
import type { StackGuest } from './guest.js';
import { restoredTrees, savedTrees } from './saved-trees.js';

/** Name of the format of {@link Stack.save}. */
export const STACK_FORMAT = 'trapline stack';
/** Its version; others are refused. */
export const STACK_VERSION = 1;

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
