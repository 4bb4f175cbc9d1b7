import { type Outcome, PC, type Pe, RETURNED, type Saved } from '@trapline/core';
import { SCTLR_RESET } from '../calls/psci-profile.js';
import { CoreRegisters } from './core-registers.js';
import type { Errno } from './errno.js';
import { exitOf, type VcpuExit, WAKEUP } from './exits.js';
import { initialStart, resetInPlace } from './reset.js';
import type { ReadResult, RunResult } from './run.js';
import {
  KVM_ARM_VCPU_EL1_32BIT,
  KVM_ARM_VCPU_POWER_OFF,
  KVM_ARM_VCPU_PSCI_0_2,
  KVM_ARM_VCPU_PVTIME_CTRL,
  KVM_ARM_VCPU_PVTIME_IPA,
  KVM_MP_STATE_RUNNABLE,
  KVM_MP_STATE_STOPPED,
  KVM_MP_STATE_SUSPENDED,
} from './vcpu-constants.js';
import type { VmParts } from './vm.js';

const GUEST: RunResult = Object.freeze({ kind: 'guest' });
const BLOCKED: RunResult = Object.freeze({ kind: 'blocked' });

/** A vCPU's file descriptor, so to say: what a VMM does with it, under the ioctls' names. */
export class Vcpu {
  readonly pe: Pe;
  readonly #vm: VmParts;
  /** An exit has taken it out of KVM_RUN in the middle of a call. */
  #held = false;
  #suspended = false;
  /** It sleeps in CPU_OFF. */
  #asleep = false;
  readonly #registers: CoreRegisters;
  #features: readonly string[] | undefined = undefined;

  constructor(pe: Pe, vm: VmParts) {
    this.pe = pe;
    this.#vm = vm;
    this.#registers = new CoreRegisters(pe, vm.guest.ports.power);
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
    this.#registers.pendingPc = undefined;
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
    this.#registers.arrive();
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

  /** KVM_REQ_RECORD_STEAL: its thread was scheduled in again, and the time that was stolen meanwhile is told to the guest. */
  recordSteal(): void {
    this.#vm.stolenTime.update(this.pe);
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
    const firmware = this.#vm.firmware.owns(id);
    if (!firmware) this.#settle();
    const value = firmware ? this.#vm.firmware.get(this.pe, id) : this.#registers.read(id);
    return value === undefined ? { result: 'ENOENT' } : { result: 'OK', value };
  }

  /** KVM_SET_ONE_REG. ENOENT for a register that is not modelled. */
  setOneReg(id: bigint, value: bigint): Errno {
    if (this.#vm.firmware.owns(id)) return this.#vm.firmware.set(this.pe, id, value);
    this.#settle();
    return this.#registers.write(id, value) ? 'OK' : 'ENOENT';
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
    const pc = this.#registers.pendingPc?.toString() ?? null;
    const features = this.#features ?? null;
    return { held: this.#held, suspended: this.#suspended, asleep: this.#asleep, pc, features };
  }

  /** Takes back what {@link save} gave, as far as it is of its kind: the VM checks the whole. */
  restore(saved: { readonly [key: string]: Saved }): void {
    this.#held = saved.held === true;
    this.#suspended = saved.suspended === true;
    this.#asleep = saved.asleep === true;
    const pc = typeof saved.pc === 'string' && /^\d{1,20}$/.test(saved.pc) ? BigInt(saved.pc) : undefined;
    this.#registers.pendingPc = pc;
    this.#features = Array.isArray(saved.features) ? saved.features.map(String) : undefined;
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
