import { type Outcome, PC, type Pe, RETURNED, type Saved, SP } from '@trapline/core';
import { SCTLR_RESET } from '../calls/psci-profile.js';
import type { Errno } from './errno.js';
import { exitOf, type VcpuExit, WAKEUP } from './exits.js';
import { CORE_PC, CORE_PSTATE, CORE_SP, CORE_X0, SYSREG_MPIDR_EL1 } from './register-ids.js';
import { initialStart, resetInPlace } from './reset.js';
import type { VmParts } from './vm.js';

/** KVM_GET_MP_STATE and KVM_SET_MP_STATE. */
export const KVM_MP_STATE_RUNNABLE = 0;
export const KVM_MP_STATE_STOPPED = 5;
export const KVM_MP_STATE_SUSPENDED = 10;

/** Features of KVM_ARM_VCPU_INIT that change what is modelled here. */
export const KVM_ARM_VCPU_POWER_OFF = 'KVM_ARM_VCPU_POWER_OFF';
export const KVM_ARM_VCPU_EL1_32BIT = 'KVM_ARM_VCPU_EL1_32BIT';
export const KVM_ARM_VCPU_PSCI_0_2 = 'KVM_ARM_VCPU_PSCI_0_2';

/** KVM_ARM_VCPU_PVTIME_CTRL and its one attribute. */
export const KVM_ARM_VCPU_PVTIME_CTRL = 2;
export const KVM_ARM_VCPU_PVTIME_IPA = 0;

/** What entering KVM_RUN comes to: guest code runs, the thread sleeps in the kernel, or KVM_RUN returns at once. */
export type RunResult =
  | { readonly kind: 'guest' }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'exit'; readonly exit: VcpuExit };

/** What a read of a register or attribute came to. */
export interface ReadResult {
  readonly result: Errno;
  readonly value?: bigint;
}

/** How a VMM's vCPUs are run: the guest of a trap bus is one. */
export interface VmHost {
  /** A starting vCPU reaches its first instruction. */
  enter(pe: Pe): boolean;
  /** A vCPU that an exit holds goes on. */
  decide(pe: Pe, outcome: Outcome): Outcome;
}

const GUEST: RunResult = Object.freeze({ kind: 'guest' });
const BLOCKED: RunResult = Object.freeze({ kind: 'blocked' });
const CALL_INSTRUCTION = 4n;

/** A vCPU's file descriptor, so to say: what a VMM does with it, under the ioctls' names. */
export class Vcpu {
  readonly pe: Pe;
  readonly #vm: VmParts;
  /** An exit has taken it out of KVM_RUN in the middle of a call. */
  #held = false;
  #suspended = false;
  /** It sleeps in CPU_OFF. */
  #asleep = false;
  /** PC as the VMM has written it in the middle of a call. */
  #pc: bigint | undefined = undefined;
  #features: readonly string[] | undefined = undefined;

  constructor(pe: Pe, vm: VmParts) {
    this.pe = pe;
    this.#vm = vm;
  }

  /** The features it was initialised with, POWER_OFF left out; undefined before. */
  get features(): readonly string[] | undefined {
    return this.#features;
  }

  /** KVM_GET_MP_STATE. */
  get mpState(): number {
    if (!this.#vm.psci.isOn(this.pe)) return KVM_MP_STATE_STOPPED;
    return this.#suspended ? KVM_MP_STATE_SUSPENDED : KVM_MP_STATE_RUNNABLE;
  }

  /** KVM_SET_MP_STATE: EINVAL for another state than RUNNABLE, STOPPED and SUSPENDED. */
  setMpState(state: number): Errno {
    if (state !== KVM_MP_STATE_RUNNABLE && state !== KVM_MP_STATE_STOPPED && state !== KVM_MP_STATE_SUSPENDED) {
      return 'EINVAL';
    }
    const { psci, guest } = this.#vm;
    this.#suspended = state === KVM_MP_STATE_SUSPENDED;
    psci.setOn(this.pe, state !== KVM_MP_STATE_STOPPED);
    // CPU_OFF sleeps where it was called: a vCPU that is made runnable by force returns from it.
    if (state !== KVM_MP_STATE_STOPPED && this.#asleep) guest.ports.power.wake(this.pe);
    return 'OK';
  }

  /**
   * KVM_ARM_VCPU_INIT: reset state, on unless POWER_OFF is among the features; a call in hand is forgotten. EINVAL for
   * other features than the first time, and since Linux 6.4 for others than another vCPU of the VM has.
   */
  init(features: readonly string[]): Errno {
    const kept = features.filter((name) => name !== KVM_ARM_VCPU_POWER_OFF).sort();
    const fixed = this.#features ?? this.#vm.featuresOfVm();
    if (fixed !== undefined && kept.join() !== fixed.join()) return 'EINVAL';
    this.#features = kept;
    const { guest, psci, state } = this.#vm;
    const { power } = guest.ports;
    const start = power.startState(this.pe);
    state.legacyPsci[this.pe.index] = kept.includes(KVM_ARM_VCPU_PSCI_0_2) ? 0 : 1;
    // kvm_reset_vcpu carries out a reset that CPU_ON has left pending.
    if (!psci.takeReset(this.pe) && power.state(this.pe) !== 'starting') {
      initialStart(start, kept.includes(KVM_ARM_VCPU_EL1_32BIT), SCTLR_RESET);
    }
    this.#begin();
    this.#held = false;
    this.#pc = undefined;
    this.#suspended = false;
    psci.setOn(this.pe, !features.includes(KVM_ARM_VCPU_POWER_OFF));
    return 'OK';
  }

  /** KVM_RUN up to the guest's next instruction. `blocked` lasts until something else has changed: run it again then. */
  run(): RunResult {
    const { guest, state, stolenTime } = this.#vm;
    const { power, interrupts } = guest.ports;
    state.ranOnce = true;
    if (this.mpState === KVM_MP_STATE_STOPPED) return BLOCKED;
    this.#settle();
    stolenTime.update(this.pe);
    if (this.#suspended) return interrupts.pending(this.pe) ? { kind: 'exit', exit: WAKEUP } : BLOCKED;
    if (power.state(this.pe) === 'off') this.#firstRun();
    if (this.#held) {
      this.#held = false;
      this.#vm.host().decide(this.pe, RETURNED);
    }
    if (power.state(this.pe) !== 'running') return BLOCKED;
    if (this.#pc !== undefined) this.pe.x[PC] = this.#pc;
    this.#pc = undefined;
    return GUEST;
  }

  /** What a call of the guest's is for the VMM: an exit, or undefined where KVM_RUN goes on or the thread sleeps in it. */
  exited(outcome: Outcome): VcpuExit | undefined {
    const exit = exitOf(outcome);
    this.#held = exit !== undefined;
    // KVM keeps 64 bits of an AArch32 guest's registers, and writes INTERNAL_FAILURE into all of them.
    const ended = outcome.kind === 'system' && outcome.event !== 'suspend';
    if (ended && this.pe.state !== 'a64') this.pe.w[1] = 0xffff_ffff;
    return exit;
  }

  /** A signal interrupts KVM_RUN: EINTR. A wait for an interrupt is over with it; a stopped vCPU stays stopped. */
  signal(): Errno {
    const { power } = this.#vm.guest.ports;
    if (!this.#asleep && !this.#held && power.state(this.pe) === 'waiting') power.wake(this.pe);
    return 'EINTR';
  }

  /** Its guest has called CPU_OFF. */
  wentOff(): void {
    this.#asleep = true;
  }

  /** It begins at an entry point. */
  entered(): void {
    this.#asleep = false;
  }

  /** Its wait is over. Nothing ends CPU_OFF but CPU_ON and whoever makes the vCPU runnable by force. */
  woke(): void {
    if (this.#asleep) this.#vm.psci.setOn(this.pe, true);
    this.#asleep = false;
  }

  /** KVM_GET_REG_LIST: the firmware registers' ids, those of the groups that have any. */
  get firmwareRegisters(): readonly bigint[] {
    return this.#vm.firmware.ids;
  }

  /** KVM_GET_ONE_REG. ENOENT for a register that is not modelled. */
  getOneReg(id: bigint): ReadResult {
    const value = this.#vm.firmware.owns(id) ? this.#vm.firmware.get(this.pe, id) : this.#read(id);
    return value === undefined ? { result: 'ENOENT' } : { result: 'OK', value };
  }

  /** KVM_SET_ONE_REG. ENOENT for a register that is not modelled. */
  setOneReg(id: bigint, value: bigint): Errno {
    if (this.#vm.firmware.owns(id)) return this.#vm.firmware.set(this.pe, id, value);
    this.#settle();
    if (id === CORE_PC) this.#setPc(BigInt.asUintN(64, value));
    else if (id === CORE_PSTATE) this.pe.pstate = Number(BigInt.asIntN(32, value));
    else {
      const slot = slotOf(id);
      if (slot === undefined) return 'ENOENT';
      this.pe.x[slot] = BigInt.asUintN(64, value);
    }
    return 'OK';
  }

  /** KVM_HAS_DEVICE_ATTR. ENXIO for attributes that are not there. */
  hasDeviceAttr(group: number, attr: number): Errno {
    return group === KVM_ARM_VCPU_PVTIME_CTRL && attr === KVM_ARM_VCPU_PVTIME_IPA ? 'OK' : 'ENXIO';
  }

  /** KVM_GET_DEVICE_ATTR: the address of the stolen time structure, all ones where none is set. */
  getDeviceAttr(group: number, attr: number): ReadResult {
    const result = this.hasDeviceAttr(group, attr);
    return result === 'OK' ? { result, value: this.#vm.stolenTime.address(this.pe) } : { result };
  }

  /** KVM_SET_DEVICE_ATTR: EINVAL for an address that cannot be, EEXIST where one is set. */
  setDeviceAttr(group: number, attr: number, value: bigint): Errno {
    const result = this.hasDeviceAttr(group, attr);
    return result === 'OK' ? this.#vm.stolenTime.setAddress(this.pe, value) : result;
  }

  save(): Saved {
    const pc = this.#pc === undefined ? null : this.#pc.toString();
    const features = this.#features ?? null;
    return { held: this.#held, suspended: this.#suspended, asleep: this.#asleep, pc, features };
  }

  /** Takes back what {@link save} gave, as far as it is of its kind: the VM checks the whole. */
  restore(saved: { readonly [key: string]: Saved }): void {
    this.#held = saved.held === true;
    this.#suspended = saved.suspended === true;
    this.#asleep = saved.asleep === true;
    this.#pc = typeof saved.pc === 'string' && /^\d{1,20}$/.test(saved.pc) ? BigInt(saved.pc) : undefined;
    this.#features = Array.isArray(saved.features) ? saved.features.map(String) : undefined;
  }

  #read(id: bigint): bigint | undefined {
    this.#settle();
    if (id === CORE_PC) return this.#pc ?? this.#pcNow();
    if (id === CORE_PSTATE) return BigInt(this.pe.pstate >>> 0);
    if (id === SYSREG_MPIDR_EL1) return this.pe.mpidr;
    const slot = slotOf(id);
    return slot === undefined ? undefined : this.pe.x[slot];
  }

  /** While a call is in hand the bus's PC is at its instruction; KVM's is behind it. */
  #pcNow(): bigint {
    const pc = this.pe.x[PC] as bigint;
    return this.#inCall ? pc + CALL_INSTRUCTION : pc;
  }

  #setPc(value: bigint): void {
    if (this.#inCall) this.#pc = value;
    else this.pe.x[PC] = value;
  }

  get #inCall(): boolean {
    return this.#vm.guest.ports.power.state(this.pe) === 'waiting';
  }

  /** A reset that CPU_ON owes is paid before registers are looked at or guest code runs. */
  #settle(): void {
    const { guest, psci } = this.#vm;
    const on = psci.isOn(this.pe);
    if (psci.takeReset(this.pe)) resetInPlace(this.pe, guest.ports.power.startState(this.pe));
    else if (guest.ports.power.state(this.pe) === 'starting') this.#enter();
    else return;
    this.#held = false;
    psci.setOn(this.pe, on);
  }

  /** Goes to the start state, whatever it does now. */
  #begin(): void {
    const { power } = this.#vm.guest.ports;
    const state = power.state(this.pe);
    if (state === 'running') {
      resetInPlace(this.pe, power.startState(this.pe));
      return;
    }
    if (state !== 'starting') power.start(this.pe);
    this.#enter();
  }

  /** KVM hands a caller's endianness on in CPSR alone where the guest is AArch32. */
  #enter(): void {
    const start = this.#vm.guest.ports.power.startState(this.pe);
    this.#vm.host().enter(this.pe);
    if (this.pe.state !== 'a64') this.pe.sctlr = start.sctlr;
  }

  /** The VMM has made a vCPU runnable that has never run: it begins with the registers that the VMM gave it. */
  #firstRun(): void {
    const { pe } = this;
    const registers = pe.x.slice(0, PC + 1);
    const { sctlr, pstate } = pe;
    initialStart(this.#vm.guest.ports.power.startState(pe), pe.state !== 'a64', sctlr);
    this.#begin();
    pe.x.set(registers);
    pe.pstate = pstate;
  }
}

function slotOf(id: bigint): number | undefined {
  if (id === CORE_SP) return SP;
  const offset = id - CORE_X0;
  return offset >= 0n && offset < 62n && (offset & 1n) === 0n ? Number(offset >> 1n) : undefined;
}
