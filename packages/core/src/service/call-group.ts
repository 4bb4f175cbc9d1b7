import { type ConduitKind, type Convention, SMC64 } from '../abi/convention.js';
import { type CallDeclaration, MAX_ARGUMENTS } from '../abi/interface.js';
import { type Outcome, UNCLAIMED } from '../outcome.js';
import type { Pe } from '../pe.js';
import type { CopyArguments } from './arguments.js';
import type { Call, Handler } from './call.js';
import type { IdTable } from './id-table.js';
import type { Entry, RangeHandler } from './implementation.js';

/** What stands behind one number. */
export interface Target {
  readonly entry: Entry | undefined;
  readonly declaration: CallDeclaration | undefined;
  readonly handler: Handler;
  /** Whether there are arguments at all: a call without them skips a call of its own. */
  readonly copies: boolean;
  readonly copy: CopyArguments;
  /** Whether arguments and results of this number are 64 bits wide for an AArch64 caller. */
  readonly wide: boolean;
  readonly signMask: number;
  readonly result: number;
}

/** The one {@link Call} of a CPU in a group; what is the same for every call of a number comes from its target. */
export class CallSlot implements Call {
  readonly pe: Pe;
  readonly x: BigUint64Array;
  readonly w: Uint32Array;
  id = 0;
  conduit: ConduitKind = 'hvc';
  immediate = 0;
  target: Target;

  constructor(pe: Pe, target: Target) {
    this.pe = pe;
    this.x = new BigUint64Array(MAX_ARGUMENTS + 1);
    this.w = new Uint32Array(this.x.buffer);
    this.target = target;
  }

  get declaration(): CallDeclaration | undefined {
    return this.target.declaration;
  }
  get wide(): boolean {
    const wide = this.target.entry === undefined ? (this.id & SMC64) !== 0 : this.target.wide;
    return wide && this.pe.state === 'a64';
  }
  get signMask(): number {
    return this.target.signMask;
  }
  get result(): number {
    return this.target.result;
  }
}

/** Calls that are told apart by the same rule: one register, one width, one set of conduits and immediates. */
export class CallGroup {
  readonly #hvc: boolean;
  readonly #smc: boolean;
  readonly #convention: Convention;
  /** The first range of immediates; most interfaces have only this one. */
  readonly #from: number;
  readonly #to: number;
  readonly #slot64: number;
  readonly #slot32: number;
  readonly #byImmediate: boolean;
  readonly #whole: boolean;
  /** Bits that do not select. A number declared with such a bit (PSCI 0.1's) is still found by it. */
  readonly #ignored: number;
  readonly #hideSmc64: number;
  readonly #table: IdTable<Target>;
  readonly #ranges: readonly { readonly range: RangeHandler; readonly target: Target }[];
  readonly #calls: readonly CallSlot[];

  constructor(
    convention: Convention,
    table: IdTable<Target>,
    ranges: readonly { readonly range: RangeHandler; readonly target: Target }[],
    pes: readonly Pe[],
    idle: Target,
  ) {
    this.#convention = convention;
    this.#hvc = convention.conduits.includes('hvc');
    this.#smc = convention.conduits.includes('smc');
    const [from, to] = convention.immediates[0] ?? [1, 0];
    this.#from = from;
    this.#to = to;
    this.#byImmediate = convention.selector === 'immediate';
    this.#slot64 = convention.selector === 'immediate' ? 0 : 2 * convention.selector.a64;
    this.#slot32 = convention.selector === 'immediate' ? 0 : 2 * convention.selector.a32;
    this.#whole = convention.selectorBits === 64;
    this.#ignored = convention.selector === 'immediate' ? 0 : convention.ignoredBits;
    this.#hideSmc64 = convention.smc64NeedsA64 ? SMC64 : 0;
    this.#table = table;
    this.#ranges = ranges;
    this.#calls = pes.map((pe) => new CallSlot(pe, idle));
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
    if (!this.#byImmediate && this.#whole && a64 && pe.w[slot + 1] !== 0) return undefined;
    let id = this.#byImmediate ? immediate | 0 : (pe.w[slot] as number) | 0;
    if (this.#table.find(id) === undefined) id &= ~this.#ignored;
    const target = this.#table.find(id);
    if (target !== undefined && (a64 || (id & this.#hideSmc64) === 0)) return target.entry;
    return this.#rangeOf(id)?.range;
  }

  /** Answers the call that `pe` has made, or {@link UNCLAIMED}. */
  dispatch(pe: Pe, conduit: ConduitKind, immediate: number): Outcome {
    const a64 = pe.state === 'a64';
    const slot = a64 ? this.#slot64 : this.#slot32;
    let id: number;
    if (this.#byImmediate) id = immediate | 0;
    else {
      if (this.#whole && a64 && pe.w[slot + 1] !== 0) return this.#dispatchWhole(pe, conduit, immediate, slot);
      id = (pe.w[slot] as number) | 0;
    }
    let target = this.#table.find(id);
    if (target === undefined && (id & this.#ignored) !== 0) {
      id &= ~this.#ignored;
      target = this.#table.find(id);
    }
    const call = this.#calls[pe.index] as CallSlot;
    call.id = id;
    call.conduit = conduit;
    call.immediate = immediate;
    if (target === undefined || (!a64 && (id & this.#hideSmc64) !== 0)) return this.#dispatchRange(call, id);
    call.target = target;
    if (target.copies) target.copy(call.w, pe.w, a64 ? -1 : 0);
    return target.handler(call);
  }

  /** A number with a high half where all 64 bits count: nothing declares it, only a fallback may answer. */
  #dispatchWhole(pe: Pe, conduit: ConduitKind, immediate: number, slot: number): Outcome {
    const call = this.#calls[pe.index] as CallSlot;
    call.id = (pe.w[slot] as number) | 0;
    call.conduit = conduit;
    call.immediate = immediate;
    for (const { range, target } of this.#ranges) {
      if (!range.fallback) continue;
      call.target = target;
      return range.handler(call);
    }
    return UNCLAIMED;
  }

  #dispatchRange(call: CallSlot, id: number): Outcome {
    const found = this.#rangeOf(id);
    if (!found) return UNCLAIMED;
    call.target = found.target;
    return found.range.handler(call);
  }

  #rangeOf(id: number): { readonly range: RangeHandler; readonly target: Target } | undefined {
    for (let i = 0; i < this.#ranges.length; i++) {
      const found = this.#ranges[i] as { readonly range: RangeHandler; readonly target: Target };
      if (id >>> 0 >= found.range.from && id >>> 0 <= found.range.to) return found;
    }
    return undefined;
  }
}
