import { type ExceptionLevel, type ExecutionState, PC, type Pe, RestoreError, type Saved } from '@trapline/core';
import { CONTEXT_REGISTERS } from './abi.js';
import { copyChecked } from './records.js';

/** Handlers that one PE can run within another: a critical one within a normal one (DEN0054A, 4.4). */
export const MAX_NESTING = 2;

/** Words of a saved context: X0 to X17, PC, PSTATE, level and execution state. */
const WORDS = 2 * CONTEXT_REGISTERS + 5;
const PC_WORD = 2 * CONTEXT_REGISTERS;
const PSTATE_WORD = PC_WORD + 2;
const LEVEL_WORD = PC_WORD + 3;
const STATE_WORD = PC_WORD + 4;

const STATES: readonly ExecutionState[] = ['a64', 'a32', 't32'];

/** What handlers have interrupted, on each PE: a stack of {@link MAX_NESTING}. */
export class SdeiContexts {
  readonly #pes: number;
  readonly #depth: Uint8Array;
  /** Event of each running handler. */
  readonly #event: Int32Array;
  readonly #words: Uint32Array;

  constructor(pes: number) {
    this.#pes = pes;
    this.#depth = new Uint8Array(pes);
    this.#event = new Int32Array(pes * MAX_NESTING);
    this.#words = new Uint32Array(pes * MAX_NESTING * WORDS);
  }

  depth(pe: number): number {
    return this.#depth[pe] as number;
  }

  /** The event whose handler runs; only where {@link depth} is not 0. */
  running(pe: number): number {
    return this.#event[this.#top(pe)] as number;
  }

  /** Saves what the PE does; `pcOffset` is added to its PC. */
  push(pe: Pe, event: number, pcOffset: number): void {
    this.#depth[pe.index] = this.depth(pe.index) + 1;
    const top = this.#top(pe.index);
    this.#event[top] = event;
    const at = top * WORDS;
    for (let i = 0; i < 2 * CONTEXT_REGISTERS; i++) this.#words[at + i] = pe.w[i] as number;
    const low = ((pe.w[2 * PC] as number) + pcOffset) | 0;
    this.#words[at + PC_WORD] = low;
    this.#words[at + PC_WORD + 1] = (pe.w[2 * PC + 1] as number) + (low >>> 0 < pcOffset ? 1 : 0);
    this.#words[at + PSTATE_WORD] = pe.pstate;
    this.#words[at + LEVEL_WORD] = pe.el;
    this.#words[at + STATE_WORD] = STATES.indexOf(pe.state);
  }

  /** Puts back what the running handler interrupted. */
  pop(pe: Pe): void {
    const at = this.#top(pe.index) * WORDS;
    switchTo(
      pe,
      this.#words[at + LEVEL_WORD] as ExceptionLevel,
      STATES[this.#words[at + STATE_WORD] as number] as ExecutionState,
      (this.#words[at + PSTATE_WORD] as number) | 0,
    );
    for (let i = 0; i < 2 * CONTEXT_REGISTERS; i++) pe.w[i] = this.#words[at + i] as number;
    pe.w[2 * PC] = this.#words[at + PC_WORD] as number;
    pe.w[2 * PC + 1] = this.#words[at + PC_WORD + 1] as number;
    this.drop(pe.index);
  }

  /** Half `i` of the context at the top: registers first, then PC. */
  word(pe: number, i: number): number {
    return (this.#words[this.#top(pe) * WORDS + i] as number) | 0;
  }

  pcLow(pe: number): number {
    return this.word(pe, PC_WORD);
  }

  pcHigh(pe: number): number {
    return this.word(pe, PC_WORD + 1);
  }

  pstate(pe: number): number {
    return this.word(pe, PSTATE_WORD);
  }

  /** Forgets the context at the top: what it holds is never gone back to. */
  drop(pe: number): void {
    this.#depth[pe] = this.depth(pe) - 1;
  }

  reset(): void {
    this.#depth.fill(0);
  }

  save(): Saved {
    return { depth: [...this.#depth], event: [...this.#event], words: [...this.#words] };
  }

  /** Throws {@link RestoreError} for anything that {@link save} did not give for as many PEs and events. */
  restore(saved: Saved, events: number): void {
    const { depth, event, words } = (saved ?? {}) as { readonly [part: string]: Saved };
    copyChecked('SDEI depth', this.#depth, depth);
    copyChecked('SDEI running events', this.#event, event);
    copyChecked('SDEI contexts', this.#words, words);
    if (this.#depth.some((d) => d > MAX_NESTING) || this.#event.some((e) => e < 0 || e >= events)) {
      throw new RestoreError(`SDEI contexts: depths up to ${MAX_NESTING} and events below ${events} are wanted`);
    }
    for (let i = 0; i < this.#pes * MAX_NESTING; i++) {
      const level = this.#words[i * WORDS + LEVEL_WORD] as number;
      const state = this.#words[i * WORDS + STATE_WORD] as number;
      if (level > 3 || state >= STATES.length) throw new RestoreError('SDEI contexts: no such level or state');
    }
  }

  #top(pe: number): number {
    return pe * MAX_NESTING + Math.max(0, this.depth(pe) - 1);
  }
}

/** Changes level, execution state and PSTATE of a PE, with what is banked by them. */
export function switchTo(pe: Pe, el: ExceptionLevel, state: ExecutionState, pstate: number): void {
  if (pe.switchTo) {
    pe.switchTo(el, state, pstate);
    return;
  }
  pe.el = el;
  pe.state = state;
  pe.pstate = pstate;
}
