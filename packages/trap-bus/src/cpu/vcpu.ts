import {
  affinityOf,
  createRegisters,
  createStartState,
  type ExceptionLevel,
  type ExecutionState,
  type Pe,
  type PowerState,
  type Registers,
  SP,
  type StartState,
} from '@trapline/core';
import { circumstancesKey } from '../rules/routing-table.js';
import type { CpuPort } from './cpu-port.js';
import { SYS, SYSTEM_REGISTERS, type SystemRegister } from './system-registers.js';
import type { WaitRecord } from './wait-record.js';

const SCTLR_SLOTS = [SYS.SCTLR_EL1, SYS.SCTLR_EL1, SYS.SCTLR_EL2, SYS.SCTLR_EL3] as const;

/** What a vCPU is made of. */
export interface VcpuParts {
  readonly guest: string;
  /** Number of its guest in the machine. */
  readonly guestIndex: number;
  readonly index: number;
  readonly mpidr: bigint;
  /** Whether its highest exception level uses AArch32 (an ARMv7 core, a Cortex-A32). */
  readonly aarch32: boolean;
  readonly cpu: CpuPort | undefined;
}

/**
 * A virtual CPU: the registers that calls and exceptions touch, and its power state. It executes nothing by itself:
 * an embedder's CPU (through {@link CpuPort}) or a guest program does.
 *
 * `el`, `state`, `secure`, `pstate`, `hcr`, `scr` and `sctlr` can be set at any time: whoever executes the guest's
 * instructions keeps them current, the bus reads them at each trap. `hcr`, `scr` and `sctlr` are the low halves of
 * HCR_EL2, SCR_EL3 and the current level's SCTLR as int32; {@link Vcpu.read} and {@link Vcpu.write} see the whole.
 */
export class Vcpu implements Pe {
  readonly x: BigUint64Array;
  readonly w: Uint32Array;
  readonly index: number;
  readonly mpidr: bigint;
  readonly affinity: number;
  pstate = 0x3c5;
  sctlr = 0;
  /** What the routing rules look at, as their table's key has it: worked out when it changes, not at every trap. */
  circumstances = 0;
  #el: ExceptionLevel = 1;
  #state: ExecutionState = 'a64';
  #secure = false;
  #hcr = 0;
  #scr = 0;
  /** Name of the guest it belongs to. */
  readonly guest: string;
  readonly guestIndex: number;
  readonly aarch32: boolean;
  /** System registers, by {@link SYS}. HCR_EL2, SCR_EL3 and the current SCTLR are current only through {@link read}. */
  readonly system: BigUint64Array = new BigUint64Array(SYSTEM_REGISTERS.length);
  /** The same in halves, as int32: no BigInt is made on the way of a start. */
  readonly #low: Int32Array = new Int32Array(this.system.buffer);
  readonly cpu: CpuPort | undefined;
  /** Where it begins or resumes; services fill it. */
  readonly startState: StartState = createStartState();
  /** Whether {@link powerState} is `running`: what every trap asks, and a flag is asked faster than a name. */
  running = false;
  #powerState: PowerState = 'off';
  /** Whether a service keeps it from executing (`PowerPort.pause`), whatever its power state. */
  paused = false;
  /** What it waits for while `waiting`. */
  wait: WaitRecord | undefined = undefined;

  constructor(parts: VcpuParts) {
    const registers: Registers = parts.cpu?.registers ?? createRegisters();
    this.x = registers.x;
    this.w = registers.w;
    this.index = parts.index;
    this.mpidr = parts.mpidr;
    this.affinity = affinityOf(parts.mpidr);
    this.guest = parts.guest;
    this.guestIndex = parts.guestIndex;
    this.aarch32 = parts.aarch32;
    this.cpu = parts.cpu;
    this.#changed();
  }

  get el(): ExceptionLevel {
    return this.#el;
  }
  set el(el: ExceptionLevel) {
    this.#el = el;
    this.#changed();
  }

  get state(): ExecutionState {
    return this.#state;
  }
  set state(state: ExecutionState) {
    this.#state = state;
    this.#changed();
  }

  get secure(): boolean {
    return this.#secure;
  }
  set secure(secure: boolean) {
    this.#secure = secure;
    this.#changed();
  }

  get hcr(): number {
    return this.#hcr;
  }
  set hcr(hcr: number) {
    this.#hcr = hcr;
    this.#changed();
  }

  get scr(): number {
    return this.#scr;
  }
  set scr(scr: number) {
    this.#scr = scr;
    this.#changed();
  }

  /** Whether it runs. The bus alone changes this. */
  get powerState(): PowerState {
    return this.#powerState;
  }

  set powerState(state: PowerState) {
    this.#powerState = state;
    this.running = state === 'running';
  }

  /** A system register's value. */
  read(name: SystemRegister): bigint {
    this.#flush();
    return this.system[SYS[name]] as bigint;
  }

  /** Writes a system register; HCR_EL2, SCR_EL3 and the current level's SCTLR take effect at once. */
  write(name: SystemRegister, value: bigint): void {
    this.#flush();
    this.system[SYS[name]] = BigInt.asUintN(64, value);
    this.#load();
  }

  /** Changes the exception level: SCTLR's low half follows. */
  setLevel(el: ExceptionLevel): void {
    if (el === this.el) return;
    this.#flush();
    this.el = el;
    this.#load();
  }

  /** Goes to a level, execution state and PSTATE; SP becomes the one that PSTATE.SP selects there. */
  switchTo(el: ExceptionLevel, state: ExecutionState, pstate: number): void {
    if (this.state === 'a64') this.system[stackOf(this.el, this.pstate)] = this.x[SP] as bigint;
    this.setLevel(el);
    this.state = state;
    this.pstate = pstate;
    if (state === 'a64') this.x[SP] = this.system[stackOf(el, pstate)] as bigint;
  }

  /** Sets ELR and SPSR of EL1, EL2 or EL3. */
  setReturn(el: ExceptionLevel, low: number, high: number, pstate: number): void {
    const bank = Math.max(1, el) - 1;
    this.system[SYS.ELR_EL1 + bank] = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    this.system[SYS.SPSR_EL1 + bank] = BigInt(pstate >>> 0);
  }

  /** Puts the plain fields where {@link system} holds them, before all of it is read. */
  #flush(): void {
    const low = this.#low;
    low[2 * SYS.HCR_EL2] = this.hcr;
    low[2 * SYS.SCR_EL3] = this.scr;
    low[2 * (SCTLR_SLOTS[this.el] as number)] = this.sctlr;
  }

  #load(): void {
    const low = this.#low;
    this.#hcr = low[2 * SYS.HCR_EL2] as number;
    this.#scr = low[2 * SYS.SCR_EL3] as number;
    this.sctlr = low[2 * (SCTLR_SLOTS[this.el] as number)] as number;
    this.#changed();
  }

  #changed(): void {
    this.circumstances = circumstancesKey(this);
  }
}

/** The slot of the stack pointer that is used at a level with PSTATE.SP. */
function stackOf(el: ExceptionLevel, pstate: number): number {
  return SYS.SP_EL0 + (pstate & 1 ? el : 0);
}
