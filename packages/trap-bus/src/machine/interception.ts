import { type Call, CompositionError, type Handler, type Level, type Outcome, type Pe } from '@trapline/core';
import type { Answerer } from '../guest/standing.js';
import { MAX_INTERCEPTIONS } from './limits.js';

/** Which calls an interception is for: all of what is given must agree. */
export interface CallFilter {
  readonly guest?: string;
  readonly vcpu?: number;
  readonly level?: Level;
  readonly service?: string;
  readonly interface?: string;
  /** The call's name in its interface. */
  readonly call?: string;
  /** The call's number, either sign. */
  readonly id?: number;
}

/**
 * Answers a call in a service's place, as a {@link Handler} does, or gives undefined to let it pass.
 * `call` is the very view that the service would have had.
 */
export type InterceptHandler = (call: Call, answerer: Answerer) => Outcome | undefined;

/** Something that can be taken back. */
export interface Disposable {
  dispose(): void;
}

interface Interception {
  readonly filter: CallFilter;
  readonly handler: InterceptHandler;
}

/** The interceptions of a machine, asked in the order in which they came. */
export class Interceptions {
  /** Whether the call that came back last was taken by an interception. */
  overrode = false;
  #list: readonly Interception[] = [];
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get active(): boolean {
    return this.#list.length > 0;
  }

  add(filter: CallFilter, handler: InterceptHandler): Disposable {
    if (this.#list.length >= MAX_INTERCEPTIONS) {
      throw new CompositionError(`more than ${MAX_INTERCEPTIONS} interceptions`, 'dispose of those that are done');
    }
    const interception = { filter, handler };
    this.#list = [...this.#list, interception];
    this.#changed();
    return {
      dispose: () => {
        this.#list = this.#list.filter((other) => other !== interception);
        this.#changed();
      },
    };
  }

  clear(): void {
    this.#list = [];
    this.#changed();
  }

  /** A handler that asks the interceptions first. */
  before(guest: string, handler: Handler, answerer: Answerer): Handler {
    return (call) => {
      const outcome = this.#ask(guest, call, answerer);
      if (!outcome) {
        const answer = handler(call);
        this.overrode = false;
        return answer;
      }
      this.overrode = true;
      return outcome;
    };
  }

  #ask(guest: string, call: Call, answerer: Answerer): Outcome | undefined {
    for (const { filter, handler } of this.#list) {
      if (!matches(filter, guest, call.pe, answerer, call)) continue;
      const outcome = handler(call, answerer);
      if (outcome) return outcome;
    }
    return undefined;
  }
}

function matches(filter: CallFilter, guest: string, pe: Pe, answerer: Answerer, call: Call): boolean {
  return (
    agrees(filter.guest, guest) &&
    agrees(filter.vcpu, pe.index) &&
    agrees(filter.level, answerer.level) &&
    agrees(filter.service, answerer.service) &&
    agrees(filter.interface, answerer.interface) &&
    agrees(filter.call, answerer.declaration?.name) &&
    (filter.id === undefined || (filter.id | 0) === call.id)
  );
}

function agrees<T>(wanted: T | undefined, actual: T | undefined): boolean {
  return wanted === undefined || wanted === actual;
}
