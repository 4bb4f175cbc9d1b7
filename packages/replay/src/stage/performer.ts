import { type ExceptionLevel, type ExecutionState, PC, type Pe, SP } from '@trapline/core';
import type { RegisterValues } from '@trapline/recordings';
import {
  a32Slot,
  CALL_INSTRUCTION_SIZE,
  type CpuPort,
  type Guest,
  type TakenException,
  type Vcpu,
} from '@trapline/trap-bus';
import { type RegisterView, recorded } from '../compare/registers.js';
import type { FillPattern } from '../registers/fill.js';

/** General registers that a recording speaks of: R13 of a 32-bit caller is its stack, which recorders keep to themselves. */
const REGISTERS_64: readonly number[] = Array.from({ length: 31 }, (_, n) => n);
const REGISTERS_32: readonly number[] = [...Array.from({ length: 13 }, (_, n) => n), 14];

/** PSTATE's condition flags and exception masks. */
export const PSTATE_OBSERVED: number = 0xf000_03c0 | 0;
const PSTATE_I = 0x80;

/** Where the program stood when it called. */
interface Context {
  readonly el: ExceptionLevel;
  readonly state: ExecutionState;
  readonly pstate: number;
  readonly sp: bigint;
}

/** A CPU as a replay drives it: the program that the recorder ran on it, reduced to where it is and what it saw. */
export class Performer implements CpuPort {
  readonly index: number;
  readonly callSite: bigint;
  /** It has begun or resumed at an entry point, and no step has looked at that yet. */
  arrived = false;
  /** It began where none of its program is: it makes no more calls. */
  lost = false;
  /** It was running from the start and came back through an entry point: the program that made its calls is gone. */
  left = false;
  /** Its timer is set to wake it. */
  armed = false;
  /** A step looks at what its call does: its program has not gone on. */
  watched = false;
  /** Its registers before its last call. */
  before: RegisterView = new Map();
  /** The interrupt that it acknowledged last. */
  acknowledged: bigint | undefined = undefined;
  /** The exception that its last call took. */
  taken: TakenException | undefined = undefined;
  readonly #entry: bigint | undefined;
  #guest: Guest | undefined = undefined;
  #asleep = false;
  readonly #first: boolean;
  readonly #signals: ((pe: Pe) => boolean) | undefined;
  #context: Context | undefined = undefined;

  constructor(
    index: number,
    callSite: bigint,
    entry: bigint | undefined,
    first: boolean,
    signals?: (pe: Pe) => boolean,
  ) {
    this.index = index;
    this.callSite = callSite;
    this.#entry = entry;
    this.#first = first;
    this.#signals = signals;
  }

  /** Joins the guest, once the machine is built. */
  join(guest: Guest): void {
    this.#guest = guest;
  }

  get guest(): Guest {
    return this.#guest as Guest;
  }

  get vcpu(): Vcpu {
    return this.guest.vcpus[this.index] as Vcpu;
  }

  /** Whether it can make a call now. */
  get ready(): boolean {
    return this.vcpu.powerState === 'running' && !this.lost;
  }

  get width(): 32 | 64 {
    return this.vcpu.state === 'a64' ? 64 : 32;
  }

  /** What it sees as its general registers. */
  view(): RegisterView {
    return new Map((this.width === 64 ? REGISTERS_64 : REGISTERS_32).map((n) => [n, this.register(n)]));
  }

  /** A general register, its stack pointer among them. */
  register(n: number): bigint {
    const { vcpu } = this;
    return this.width === 64 ? (vcpu.x[n] as bigint) : BigInt(vcpu.w[2 * a32Slot(vcpu.pstate, n)] as number);
  }

  /**
   * Puts values and, everywhere else, the fill pattern into its registers, sets the observed bits of PSTATE where they
   * are given, and stands at its call instruction.
   */
  load(values: RegisterValues, fill: FillPattern, pstate: number | undefined): void {
    const { vcpu } = this;
    if (pstate !== undefined) vcpu.pstate = (vcpu.pstate & ~PSTATE_OBSERVED) | (pstate & PSTATE_OBSERVED);
    const wide = this.width === 64;
    for (const register of wide ? REGISTERS_64 : REGISTERS_32) {
      const slot = wide ? register : a32Slot(vcpu.pstate, register);
      const value = recorded(values, register);
      vcpu.x[slot] = value === undefined ? (fill[register] as bigint) : BigInt(value);
    }
    vcpu.x[PC] = this.callSite;
    this.taken = undefined;
    this.arrived = false;
    this.before = this.view();
    this.#context = { el: vcpu.el, state: vcpu.state, pstate: vcpu.pstate, sp: vcpu.x[SP] as bigint };
  }

  /** The exception handler of its program lets it go on behind its call. */
  leaveHandler(): void {
    const { vcpu } = this;
    const context = this.#context as Context;
    vcpu.setLevel(context.el);
    vcpu.state = context.state;
    vcpu.pstate = context.pstate;
    vcpu.x[SP] = context.sp;
    vcpu.x[PC] = this.behindCall;
  }

  /** Whether it takes an interrupt before its next instruction. */
  get interrupted(): boolean {
    if ((this.vcpu.pstate & PSTATE_I) !== 0) return false;
    return this.#signals?.(this.vcpu) ?? this.guest.ports.interrupts.pending(this.vcpu);
  }

  /** The address after its call instruction. */
  get behindCall(): bigint {
    return this.callSite + BigInt(CALL_INSTRUCTION_SIZE);
  }

  /** It has begun at an entry point. */
  arrive(): void {
    this.arrived = true;
    this.left = this.#first;
    this.lost = this.#entry !== undefined && this.vcpu.x[PC] !== this.#entry;
  }

  takeException(_: Vcpu, exception: TakenException): boolean {
    this.taken = exception;
    return false;
  }

  power(vcpu: Vcpu, state: Vcpu['powerState']): void {
    const woke = state === 'running' && this.#asleep;
    this.#asleep = state !== 'running';
    if (woke && this.#guest !== undefined && vcpu.x[PC] !== this.behindCall) this.arrive();
  }
}
