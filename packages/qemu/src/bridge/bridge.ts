import { type InterruptPort, type MemoryPort, type Outcome, type Pe, writeRegister } from '@trapline/core';
import type { Guest, Machine, Vcpu } from '@trapline/trap-bus';
import { MachineClock } from '../guest/clock.js';
import type { Executor } from '../guest/executor.js';
import { MachineInterrupts } from '../guest/interrupts.js';
import { MachineMemory, type Window } from '../guest/memory.js';
import { Commands } from '../monitor/commands.js';
import { Event, Field, Flag } from '../monitor/layout.js';
import { MonitorError, type MonitorLink } from '../monitor/link.js';
import { Attention } from './attention.js';
import { carryCall, regimeOf, showCaller } from './caller.js';
import { MachineCpu } from './cpu.js';
import { carryOutDirectly } from './direct.js';
import { faultOf } from './fault.js';
import { Timing } from './timing.js';

/** SCTLR_EL1 and SCTLR_EL2 as a CPU has them after reset: RES1 bits, MMU and caches off. */
const RESET_SCTLR_EL1 = 0x30d0_0800;
const RESET_SCTLR_EL2 = 0x30c5_0830;
const HCR_VM = 1;
const HCR_RW = 0x8000_0000;
const ISR_IRQ_FIQ = 0xc0;

/** The host's clocks, in nanoseconds. */
export interface HostClock {
  now(): bigint;
  wall(): bigint;
}

/** VTTBR_EL2 and VTCR_EL2 of a guest whose addresses stage 2 moves. */
export interface StageTwo {
  readonly vttbr: bigint;
  readonly vtcr: bigint;
}

/** What a {@link Bridge} is made of. */
export interface BridgeOptions {
  readonly link: MonitorLink;
  /** What the guest has of the machine's memory. */
  readonly windows: readonly Window[];
  readonly clock: HostClock;
  /** Asked before the first CPU begins. */
  readonly stageTwo?: () => StageTwo | undefined;
}

/** Registers of the first CPU at its first instruction, beyond what its boot state says. */
export type BootRegisters = readonly (readonly [slot: number, value: number | bigint])[];

/**
 * Between a machine's monitor and the trap bus: the machine's CPUs are the vCPUs of one guest, their calls go over the
 * bus, and what comes of them goes back.
 */
export class Bridge implements Executor {
  readonly cpus: readonly MachineCpu[];
  readonly memory: MemoryPort;
  readonly interrupts: InterruptPort;
  readonly clock: MachineClock;
  readonly timing: Timing;
  /** Told whenever the machine has gone through its reset, before the guest runs: gives what its first CPU begins with. */
  onReady: () => BootRegisters = () => [];
  /** Told what went wrong so that the machine cannot go on. */
  onFault: (error: Error) => void = () => {};
  readonly #link: MonitorLink;
  readonly #makeStageTwo: () => StageTwo | undefined;
  #stageTwo: StageTwo | undefined = undefined;
  readonly #queue: (() => void)[] = [];
  readonly #commands = new Commands();
  /** The CPU whose entry is in hand. */
  #current: MachineCpu | undefined = undefined;
  readonly #attention: Attention;
  /** Whether the first CPU has begun: before, and once it is closed, nobody else changes the machine's memory. */
  #begun = false;
  /** Whether the machine is to go, or goes, through a reset after its first. */
  #resets = false;
  #machine: Machine | undefined = undefined;
  #guest: Guest | undefined = undefined;
  #closed = false;

  constructor(options: BridgeOptions) {
    const { link, windows, clock } = options;
    this.#link = link;
    this.#attention = new Attention(link, (error) => this.onFault(error));
    this.#makeStageTwo = options.stageTwo ?? (() => undefined);
    this.timing = new Timing(link.cpus);
    this.cpus = Array.from({ length: link.cpus }, (_, index) => new MachineCpu(index, (cpu) => this.#kick(cpu)));
    this.clock = new MachineClock({
      now: () => clock.now(),
      wall: () => clock.wall(),
      waited: (pe) => this.timing.waited(pe.index),
      post: (work) => this.post(work),
    });
    this.interrupts = new MachineInterrupts(this, (pe) => this.#isPending(pe));
    this.memory = new MachineMemory(link.memory, windows, this, (pe, into) =>
      regimeOf(pe, (this.cpus[pe.index] as MachineCpu).frame, into),
    );
    link.onRing = (cpu) => this.#rang(this.cpus[cpu] as MachineCpu);
  }

  /** Stands the machine's CPUs behind the vCPUs of a guest, whose spec had {@link cpus} and the ports. */
  connect(machine: Machine, guest: Guest): void {
    this.#machine = machine;
    this.#guest = guest;
  }

  execute(commands: Commands): void {
    if (!this.#begun || this.#closed) {
      carryOutDirectly(this.#link.memory, commands);
      return;
    }
    if (this.#current === undefined) {
      throw new MonitorError('no CPU is in the monitor: give the work to post()');
    }
    this.#link.execute(this.#current.index, commands);
  }

  post(work: () => void): void {
    if (this.#closed) return;
    if (this.#begun && this.#current !== undefined) {
      work();
      return;
    }
    this.#queue.push(work);
    // Before the machine has begun its first sign is waited for.
    if (this.#begun) this.#attention.call();
  }

  /**
   * Puts the machine through its reset: afterwards the guest and its services are as they were built, and {@link onReady}
   * is asked anew. False where it is in its reset, or ends.
   */
  reset(): boolean {
    if (!this.#begun || this.#resets || this.#closed) return false;
    this.#resets = true;
    this.post(() => {});
    return true;
  }

  /** Forgets work and alarms, and hears nothing more. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    this.#attention.end();
    this.clock.close();
    this.#link.onRing = () => {};
  }

  #rang(cpu: MachineCpu): void {
    // A byte too many: nothing waits there.
    if (cpu.place === 'waits') return;
    this.#current = cpu;
    try {
      this.#handle(cpu);
    } catch (error) {
      this.onFault(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#current = undefined;
    }
  }

  #handle(cpu: MachineCpu): void {
    const { frame } = cpu;
    const vcpu = this.#vcpu(cpu);
    const slept = cpu.place === 'sleeps';
    this.#link.readFrame(cpu.index, frame, !slept);
    cpu.place = 'waits';
    cpu.kicked = false;
    this.timing.left(cpu.index, frame.get(Field.left));
    this.clock.heard(frame.get(Field.entered));
    if (slept) this.#wokeUp(cpu, vcpu);
    else this.#entered(cpu, vcpu);
    for (let work = this.#queue.shift(); work !== undefined; work = this.#queue.shift()) work();
    if (this.#closed) return;
    if (this.#resets) this.#reset(cpu);
    else this.#settle(cpu, vcpu);
  }

  #reset(cpu: MachineCpu): void {
    for (const one of this.cpus) one.reset();
    this.#begun = false;
    this.#attention.end();
    this.#link.reset(cpu.index);
  }

  #wokeUp(cpu: MachineCpu, vcpu: Vcpu): void {
    const { event } = cpu.frame;
    if (!this.#begun) {
      if (event !== Event.hello || cpu.index !== 0) throw faultOf(cpu);
      this.#begin(cpu, vcpu);
      return;
    }
    if (event !== Event.woken) throw faultOf(cpu);
    this.#attention.end();
    if (vcpu.powerState === 'starting') this.#guest?.enter(vcpu);
    else this.#guest?.interruptsChanged(cpu.index);
  }

  /** The machine is past its reset. Services come before the loader: they are firmware, or stand below the guest. */
  #begin(cpu: MachineCpu, vcpu: Vcpu): void {
    if (this.#resets) this.#guest?.reset();
    this.#resets = false;
    this.#stageTwo = this.#makeStageTwo();
    for (const [slot, value] of this.onReady()) writeRegister(vcpu, slot, value);
    cpu.flags |= Flag.restart;
    this.#begun = true;
  }

  #entered(cpu: MachineCpu, vcpu: Vcpu): void {
    const { frame } = cpu;
    showCaller(vcpu, frame);
    switch (frame.event) {
      case Event.attention:
      case Event.attention32:
        this.#attention.end();
        return;
      case Event.sync:
      case Event.sync32:
      case Event.el2 | Event.sync:
      case Event.el2 | Event.sync32: {
        const outcome = carryCall(this.#machine as Machine, vcpu, frame);
        if (outcome === undefined) throw faultOf(cpu);
        this.#carriedOut(cpu, outcome);
        return;
      }
      default:
        throw faultOf(cpu);
    }
  }

  #carriedOut(cpu: MachineCpu, outcome: Outcome): void {
    if (outcome.kind === 'resume') cpu.flags |= Flag.restart;
    else if (outcome.kind === 'returned') this.timing.answered(cpu.index, cpu.frame.get(Field.entered));
  }

  /** Lets a CPU go on, or sleep, as its power says. */
  #settle(cpu: MachineCpu, vcpu: Vcpu): void {
    if (vcpu.powerState === 'running') this.#resume(cpu, vcpu);
    else {
      const { wait } = vcpu;
      cpu.place = 'sleeps';
      this.#link.sleep(cpu.index, wait?.wait.until !== 'interrupt');
    }
  }

  #resume(cpu: MachineCpu, vcpu: Vcpu): void {
    const { frame } = cpu;
    cpu.storeException(vcpu);
    frame.pstate = vcpu.pstate;
    frame.set(Field.flags, cpu.flags);
    if ((cpu.flags & Flag.restart) !== 0) this.#restart(frame, vcpu);
    cpu.flags = 0;
    cpu.place = 'guest';
    this.#link.resume(cpu.index, frame);
  }

  #restart(frame: MachineCpu['frame'], vcpu: Vcpu): void {
    const stageTwo = vcpu.el === 2 ? undefined : this.#stageTwo;
    const wide = vcpu.state === 'a64' || vcpu.el === 2 ? HCR_RW : 0;
    const hcr = (vcpu.hcr & ~HCR_RW) | (stageTwo === undefined ? 0 : HCR_VM);
    frame.set(Field.hcr, BigInt((hcr | wide) >>> 0));
    frame.set(Field.startSctlrEl1, vcpu.el === 2 ? RESET_SCTLR_EL1 : vcpu.sctlr >>> 0);
    frame.set(Field.startSctlrEl2, vcpu.el === 2 ? vcpu.sctlr >>> 0 : RESET_SCTLR_EL2);
    frame.set(Field.vttbr, stageTwo?.vttbr ?? 0n);
    frame.set(Field.vtcr, stageTwo?.vtcr ?? 0n);
  }

  /** A CPU that sleeps is to go on. */
  #kick(cpu: MachineCpu): void {
    if (cpu.place !== 'sleeps' || cpu.kicked) return;
    cpu.kicked = true;
    this.post(() => {
      if (cpu.place !== 'sleeps') return;
      this.#commands.clear();
      this.#commands.kick(cpu.index);
      this.execute(this.#commands);
    });
  }

  #isPending(pe: Pe): boolean {
    const cpu = this.cpus[pe.index] as MachineCpu;
    return cpu.place === 'waits' && (cpu.frame.low(Field.isr) & ISR_IRQ_FIQ) !== 0;
  }

  #vcpu(cpu: MachineCpu): Vcpu {
    const vcpu = this.#guest?.vcpus[cpu.index];
    if (vcpu === undefined) throw new MonitorError(`CPU ${cpu.index} rang, and no guest is connected`);
    return vcpu;
  }
}
