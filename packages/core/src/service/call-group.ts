import { type ConduitKind, type Convention, SMC64 } from '../abi/convention.js';
import type { CallDeclaration } from '../abi/interface.js';
import { type Outcome, UNCLAIMED } from '../outcome.js';
import type { Pe } from '../pe.js';
import { argumentCopier, type CopyArguments } from './arguments.js';
import type { Handler } from './call.js';
import { CallSlot } from './call-slot.js';
import { IdTable, NO_SLOT } from './id-table.js';
import type { Entry, RangeHandler } from './implementation.js';

/**
 * Calls that are told apart by the same rule: one convention. What stands behind a number is kept in parallel arrays,
 * so that a call reads small integers and functions and stores no pointer.
 */
export class CallGroup {
  readonly #convention: Convention;
  readonly #hvc: boolean;
  readonly #smc: boolean;
  /** The first range of immediates; most interfaces have only this one. */
  readonly #from: number;
  readonly #to: number;
  readonly #slot64: number;
  readonly #slot32: number;
  readonly #byImmediate: boolean;
  readonly #whole: boolean;
  /** Bits that do not select. A number declared with such a bit (PSCI 0.1's) is still found by it. */
  readonly #ignored: number;
  readonly #hidden: number;
  readonly #table: IdTable;
  readonly #handlers: (Handler | undefined)[];
  readonly #copies: (CopyArguments | undefined)[];
  readonly #entries: (Entry | undefined)[];
  readonly #ranges: readonly RangeHandler[];
  readonly #calls: readonly CallSlot[];

  constructor(
    convention: Convention,
    entries: ReadonlyMap<number, Entry>,
    ranges: readonly RangeHandler[],
    pes: readonly Pe[],
  ) {
    const { selector } = convention;
    this.#convention = convention;
    this.#hvc = convention.conduits.includes('hvc');
    this.#smc = convention.conduits.includes('smc');
    const [from, to] = convention.immediates[0] ?? [1, 0];
    this.#from = from;
    this.#to = to;
    this.#byImmediate = selector === 'immediate';
    this.#slot64 = selector === 'immediate' ? 0 : 2 * selector.a64;
    this.#slot32 = selector === 'immediate' ? 0 : 2 * selector.a32;
    this.#whole = convention.selectorBits === 64;
    this.#ignored = selector === 'immediate' ? 0 : convention.ignoredBits;
    this.#hidden = convention.smc64NeedsA64 ? SMC64 : 0;
    this.#table = new IdTable([...entries.keys()]);
    this.#handlers = new Array<Handler | undefined>(this.#table.size).fill(undefined);
    this.#copies = new Array<CopyArguments | undefined>(this.#table.size).fill(undefined);
    this.#entries = new Array<Entry | undefined>(this.#table.size).fill(undefined);
    const declarations = new Array<CallDeclaration | undefined>(this.#table.size).fill(undefined);
    const wide = new Uint8Array(this.#table.size);
    for (const [id, entry] of entries) {
      const slot = this.#table.slotOf(id);
      const smc64 = (id & SMC64) !== 0;
      this.#handlers[slot] = entry.handler;
      this.#entries[slot] = entry;
      this.#copies[slot] = argumentCopier(
        convention.firstArgument,
        entry.declaration.argumentNames.length,
        entry.narrow !== 'by-id' || smc64,
      );
      declarations[slot] = entry.declaration;
      wide[slot] = convention.narrow === 'by-caller' || smc64 ? 1 : 0;
    }
    this.#ranges = ranges;
    this.#calls = pes.map((pe) => new CallSlot(pe, convention, declarations, wide));
  }

  /** Whether calls by this instruction belong to the group. */
  accepts(conduit: ConduitKind, immediate: number): boolean {
    const kind =
      conduit === 'hvc' ? this.#hvc : conduit === 'smc' ? this.#smc : this.#convention.conduits.includes(conduit);
    return kind && ((immediate >= this.#from && immediate <= this.#to) || this.#acceptsFurther(immediate));
  }

  #acceptsFurther(immediate: number): boolean {
    const { immediates } = this.#convention;
    for (let i = 1; i < immediates.length; i++) {
      const range = immediates[i] as readonly [number, number];
      if (immediate >= range[0] && immediate <= range[1]) return true;
    }
    return false;
  }

  /** What would answer, without calling it. */
  find(pe: Pe, immediate: number): Entry | RangeHandler | undefined {
    const a64 = pe.state === 'a64';
    const slot = a64 ? this.#slot64 : this.#slot32;
    if (!this.#byImmediate && this.#whole && a64 && pe.w[slot + 1] !== 0) return this.#fallback();
    let id = this.#byImmediate ? immediate | 0 : (pe.w[slot] as number) | 0;
    if (this.#table.slotOf(id) === NO_SLOT) id &= ~this.#ignored;
    const found = this.#table.slotOf(id);
    if (found !== NO_SLOT && (a64 || (id & this.#hidden) === 0)) return this.#entries[found];
    return this.#rangeOf(id);
  }

  /** Answers the call that `pe` has made, or {@link UNCLAIMED}. */
  dispatch(pe: Pe, conduit: ConduitKind, immediate: number): Outcome {
    const a64 = pe.state === 'a64';
    const call = this.#calls[pe.index] as CallSlot;
    if (call.conduit !== conduit) call.conduit = conduit;
    call.immediate = immediate;
    let id = immediate | 0;
    if (!this.#byImmediate) {
      const register = a64 ? this.#slot64 : this.#slot32;
      id = (pe.w[register] as number) | 0;
      if (this.#whole && a64 && pe.w[register + 1] !== 0) return this.#answer(call, id, this.#fallback());
    }
    let slot = this.#table.slotOf(id);
    if (slot === NO_SLOT && (id & this.#ignored) !== 0) {
      id &= ~this.#ignored;
      slot = this.#table.slotOf(id);
    }
    if (slot === NO_SLOT || (!a64 && (id & this.#hidden) !== 0)) return this.#answer(call, id, this.#rangeOf(id));
    call.id = id;
    call.slot = slot;
    const copy = this.#copies[slot];
    if (copy !== undefined) copy(call.w, pe.w, a64 ? -1 : 0);
    return (this.#handlers[slot] as Handler)(call);
  }

  #answer(call: CallSlot, id: number, range: RangeHandler | undefined): Outcome {
    if (!range) return UNCLAIMED;
    call.id = id;
    call.slot = NO_SLOT;
    return range.handler(call);
  }

  #fallback(): RangeHandler | undefined {
    return this.#ranges.find((range) => range.fallback);
  }

  #rangeOf(id: number): RangeHandler | undefined {
    for (let i = 0; i < this.#ranges.length; i++) {
      const range = this.#ranges[i] as RangeHandler;
      if (id >>> 0 >= range.from && id >>> 0 <= range.to) return range;
    }
    return undefined;
  }
}
