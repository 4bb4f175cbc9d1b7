import type { ConduitKind } from '../abi/convention.js';
import { type Outcome, UNCLAIMED } from '../outcome.js';
import type { Pe } from '../pe.js';
import { type CallGroup, CallPort } from './call-group.js';
import type { Entry, RangeHandler } from './implementation.js';

/**
 * All services of one level as one conduit reaches them. What a call's conduit decides is decided when the door is
 * made: comparing its name at every call costs more than finding the handler.
 */
export class Door {
  readonly #first: CallPort;
  readonly #further: readonly CallPort[];

  constructor(groups: readonly [CallGroup, ...CallGroup[]], conduit: ConduitKind, pes: readonly Pe[]) {
    const [first, ...further] = groups;
    this.#first = new CallPort(first, conduit, pes);
    this.#further = further.map((group) => new CallPort(group, conduit, pes));
  }

  /** Whether any service takes calls with this immediate. */
  accepts(immediate: number): boolean {
    return this.#first.accepts(immediate) || this.#further.some((port) => port.accepts(immediate));
  }

  /** Which entry would answer, without calling it. */
  find(pe: Pe, immediate: number): Entry | RangeHandler | undefined {
    for (const port of [this.#first, ...this.#further]) {
      const found = port.accepts(immediate) ? port.find(pe, immediate) : undefined;
      if (found) return found;
    }
    return undefined;
  }

  /** Answers the call that `pe` has made, or {@link UNCLAIMED}. `a64` tells whether it made it from AArch64 state. */
  dispatch(pe: Pe, immediate: number, a64: boolean): Outcome {
    if (this.#first.accepts(immediate)) {
      const outcome = this.#first.dispatch(pe, immediate, a64);
      if (outcome !== UNCLAIMED) return outcome;
    }
    return this.#dispatchFurther(pe, immediate, a64);
  }

  #dispatchFurther(pe: Pe, immediate: number, a64: boolean): Outcome {
    for (let i = 0; i < this.#further.length; i++) {
      const port = this.#further[i] as CallPort;
      if (!port.accepts(immediate)) continue;
      const outcome = port.dispatch(pe, immediate, a64);
      if (outcome !== UNCLAIMED) return outcome;
    }
    return UNCLAIMED;
  }
}
