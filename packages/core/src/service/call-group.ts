import { type ConduitKind, type Convention, SMC64 } from '../abi/convention.js';
import { type Outcome, UNCLAIMED } from '../outcome.js';
import type { Pe } from '../pe.js';
import { argumentCopier, type CopyArguments } from './arguments.js';
import type { Handler } from './call.js';
import { CallSlot } from './call-slot.js';
import { IdTable, NO_SLOT } from './id-table.js';
import type { Entry, RangeHandler } from './implementation.js';

/** Results of an AArch32 call: R0–R7 (DEN0028 1.5 F, 3.1). */
const MAX_AARCH32_RESULTS = 8;

/** All that one convention selects: what stands behind each number, in arrays parallel to the table of numbers. */
export interface CallGroup {
  readonly convention: Convention;
  readonly table: IdTable;
  readonly entries: readonly (Entry | undefined)[];
  readonly handlers: readonly (Handler | undefined)[];
  readonly copies: readonly (CopyArguments | undefined)[];
  readonly ranges: readonly RangeHandler[];
}

/** Makes a group from the entries of its numbers. */
export function callGroup(
  convention: Convention,
  numbered: ReadonlyMap<number, Entry>,
  ranges: readonly RangeHandler[],
): CallGroup {
  const table = new IdTable([...numbered.keys()]);
  const entries = new Array<Entry | undefined>(table.size).fill(undefined);
  const handlers = new Array<Handler | undefined>(table.size).fill(undefined);
  const copies = new Array<CopyArguments | undefined>(table.size).fill(undefined);
  for (const [id, entry] of numbered) {
    const slot = table.slotOf(id);
    const wide = entry.narrow !== 'by-id' || (id & SMC64) !== 0;
    entries[slot] = entry;
    handlers[slot] = entry.handler;
    copies[slot] = argumentCopier(convention.firstArgument, entry.declaration.argumentNames.length, wide);
  }
  return { convention, table, entries, handlers, copies, ranges };
}

/** A group as one conduit reaches it. */
export class CallPort {
  readonly #group: CallGroup;
  /** The first range of immediates; most interfaces have only this one. */
  readonly #from: number;
  readonly #to: number;
  readonly #register64: number;
  readonly #register32: number;
  readonly #byImmediate: boolean;
  readonly #whole: boolean;
  /** The bits of an AArch64 selector's high half that must be clear: all where the whole register selects. */
  readonly #high: number;
  /** Bits that do not select. A number declared with such a bit (PSCI 0.1's) is still found by it. */
  readonly #ignored: number;
  readonly #hidden: number;
  readonly #table: IdTable;
  // The table's own fields: the look-up stands in `dispatch` itself, which the engine no longer inlines into.
  readonly #ids: Int32Array;
  readonly #multiplier: number;
  readonly #shift: number;
  readonly #handlers: readonly (Handler | undefined)[];
  readonly #copies: readonly (CopyArguments | undefined)[];
  readonly #calls: readonly CallSlot[];

  constructor(group: CallGroup, conduit: ConduitKind, pes: readonly Pe[]) {
    const { convention } = group;
    const { selector } = convention;
    const [from, to] = convention.immediates[0] ?? [1, 0];
    this.#group = group;
    this.#from = from;
    this.#to = to;
    this.#byImmediate = selector === 'immediate';
    this.#register64 = selector === 'immediate' ? 0 : 2 * selector.a64;
    this.#register32 = selector === 'immediate' ? 0 : 2 * selector.a32;
    this.#whole = convention.selectorBits === 64;
    this.#high = this.#whole && !this.#byImmediate ? -1 : 0;
    this.#ignored = selector === 'immediate' ? 0 : convention.ignoredBits;
    this.#hidden = convention.smc64NeedsA64 ? SMC64 : 0;
    this.#table = group.table;
    this.#ids = group.table.ids;
    this.#multiplier = group.table.multiplier | 0;
    this.#shift = group.table.shift;
    this.#handlers = group.handlers;
    this.#copies = group.copies;
    this.#calls = pes.map((pe) => new CallSlot(pe, conduit, group));
  }

  /** Whether calls with this immediate belong to the group. */
  accepts(immediate: number): boolean {
    return (immediate >= this.#from && immediate <= this.#to) || this.#acceptsFurther(immediate);
  }

  #acceptsFurther(immediate: number): boolean {
    const { immediates } = this.#group.convention;
    for (let i = 1; i < immediates.length; i++) {
      const range = immediates[i] as readonly [number, number];
      if (immediate >= range[0] && immediate <= range[1]) return true;
    }
    return false;
  }

  /** What would answer, without calling it. */
  find(pe: Pe, immediate: number): Entry | RangeHandler | undefined {
    const a64 = pe.state === 'a64';
    const register = a64 ? this.#register64 : this.#register32;
    if (!this.#byImmediate && this.#whole && a64 && pe.w[register + 1] !== 0) return this.#fallback();
    let id = this.#byImmediate ? immediate | 0 : (pe.w[register] as number) | 0;
    if (this.#table.slotOf(id) === NO_SLOT) id &= ~this.#ignored;
    const slot = this.#table.slotOf(id);
    if (slot !== NO_SLOT && (a64 || (id & this.#hidden) === 0)) return this.#group.entries[slot];
    return this.#rangeOf(id);
  }

  /** Answers the call that `pe` has made, or {@link UNCLAIMED}. `a64` tells whether it made it from AArch64 state. */
  dispatch(pe: Pe, immediate: number, a64: boolean): Outcome {
    const call = this.#calls[pe.index] as CallSlot;
    call.immediate = immediate;
    const register = this.#register64;
    const id = (pe.w[register] as number) | 0;
    const slot = Math.imul(id, this.#multiplier) >>> this.#shift;
    if (
      a64 !== true ||
      this.#ids[slot] !== id ||
      ((pe.w[register + 1] as number) & this.#high) !== 0 ||
      this.#byImmediate === true
    ) {
      return this.#dispatchOther(call, pe, immediate, a64);
    }
    call.slot = slot;
    const copy = this.#copies[slot];
    if (copy !== undefined) copy(call.w, pe.w, -1);
    return (this.#handlers[slot] as Handler)(call);
  }

  /** AArch32 callers, numbers in the immediate, numbers with bits that do not select, and those that nobody declares. */
  #dispatchOther(call: CallSlot, pe: Pe, immediate: number, a64: boolean): Outcome {
    const register = a64 ? this.#register64 : this.#register32;
    let id = this.#byImmediate ? immediate | 0 : (pe.w[register] as number) | 0;
    if (a64 && ((pe.w[register + 1] as number) & this.#high) !== 0) return answer(call, id, this.#fallback(), a64);
    let slot = this.#table.slotOf(id);
    if (slot === NO_SLOT && (id & this.#ignored) !== 0) {
      id &= ~this.#ignored;
      slot = this.#table.slotOf(id);
    }
    if (slot === NO_SLOT || (!a64 && (id & this.#hidden) !== 0)) return answer(call, id, this.#rangeOf(id), a64);
    call.slot = slot;
    const copy = this.#copies[slot];
    if (copy !== undefined) copy(call.w, pe.w, a64 ? -1 : 0);
    const handler = this.#handlers[slot] as Handler;
    return a64 ? handler(call) : answerAarch32(call, handler);
  }

  #fallback(): RangeHandler | undefined {
    return this.#group.ranges.find((range) => range.fallback);
  }

  #rangeOf(id: number): RangeHandler | undefined {
    const { ranges } = this.#group;
    for (let i = 0; i < ranges.length; i++) {
      const range = ranges[i] as RangeHandler;
      if (id >>> 0 >= range.from && id >>> 0 <= range.to) return range;
    }
    return undefined;
  }
}

function answer(call: CallSlot, id: number, range: RangeHandler | undefined, a64: boolean): Outcome {
  if (range === undefined) return UNCLAIMED;
  call.slot = NO_SLOT;
  call.unknownId = id;
  return a64 ? range.handler(call) : answerAarch32(call, range.handler);
}

/** AArch32 registers have no high halves: what a handler sign-extended into them is taken back. */
function answerAarch32(call: CallSlot, handler: Handler): Outcome {
  const outcome = handler(call);
  const { w } = call.pe;
  for (let i = 0; i < MAX_AARCH32_RESULTS; i++) w[2 * (call.result + i) + 1] = 0;
  return outcome;
}
