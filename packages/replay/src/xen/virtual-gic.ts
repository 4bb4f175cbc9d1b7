import type { InterruptPort, Pe } from '@trapline/core';
import type { Guest, Vcpu } from '@trapline/trap-bus';
import { IDLE_PRIORITY, PRIVATE_INTIDS, PrivateInterrupts, SPURIOUS } from './private-interrupts.js';

/** ICH_VMCR_EL2.VPMR has five bits, and list registers' priorities count as many. */
const PRIORITY_BITS = 0xf8;

/** The CPU interface of one vCPU (IHI 0069, chapter 12): group enable, mask and active priorities. */
class CpuInterface {
  readonly private: PrivateInterrupts = new PrivateInterrupts();
  /** ICC_IGRPEN1_EL1. */
  groupEnabled = false;
  /** ICC_PMR_EL1: a vCPU begins with everything masked. */
  mask = 0;
  /** Priorities of what is being handled; the last is the running one. */
  readonly running: number[] = [];

  get runningPriority(): number {
    return this.running.at(-1) ?? IDLE_PRIORITY;
  }

  /** The interrupt that an acknowledge gives. */
  get signalled(): number {
    if (!this.groupEnabled) return SPURIOUS;
    const intid = this.private.highestPending;
    const priority = this.private.priorityOf(intid) & PRIORITY_BITS;
    return intid !== SPURIOUS && priority < this.mask && priority < this.runningPriority ? intid : SPURIOUS;
  }
}

/**
 * The interrupt controller that Xen 4.17 shows a domain (its older virtual GIC, GICv3), as far as private interrupts go.
 * An injection ends the wait of the vCPU whether or not the interrupt is enabled (vcpu_kick), and is dropped where the
 * vCPU is off.
 */
export class VirtualGic implements InterruptPort {
  readonly #cpus: readonly CpuInterface[];
  #guest: Guest | undefined = undefined;

  constructor(pes: number) {
    this.#cpus = Array.from({ length: pes }, () => new CpuInterface());
  }

  /** The guest whose waiting vCPUs an injection wakes. */
  connect(guest: Guest): void {
    this.#guest = guest;
  }

  /** Xen injects edges only: a falling one is nothing. */
  setLevel(pe: Pe, intid: number, asserted: boolean): void {
    if (asserted) this.pulse(pe, intid);
  }

  pulse(pe: Pe, intid: number): void {
    const vcpu = pe as Vcpu;
    if (!(intid >= 0 && intid < PRIVATE_INTIDS) || vcpu.powerState === 'off' || vcpu.powerState === 'stopping') return;
    this.#of(pe).private.inject(intid);
    this.#kick(vcpu);
  }

  /** Whether an interrupt needs handling: what a vCPU that blocks is asked before. */
  pending(pe: Pe): boolean {
    const { private: own, mask, runningPriority } = this.#of(pe);
    return own.hasUrgent(mask, runningPriority);
  }

  /** Whether an interrupt has been injected and not ended, enabled or not. */
  inFlight(pe: Pe, intid: number): boolean {
    return intid >= 0 && intid < PRIVATE_INTIDS && (this.#of(pe).private.inflight & (1 << intid)) !== 0;
  }

  /** Whether the CPU interface signals an interrupt (ISR_EL1.I). */
  signals(pe: Pe): boolean {
    return this.#of(pe).signalled !== SPURIOUS;
  }

  /** ICC_HPPIR1_EL1: mask and running priority do not count. */
  highestPending(pe: Pe): number {
    const { groupEnabled, private: own } = this.#of(pe);
    return groupEnabled ? own.highestPending : SPURIOUS;
  }

  /** ICC_IAR1_EL1. */
  acknowledge(pe: Pe): number {
    const cpu = this.#of(pe);
    const intid = cpu.signalled;
    if (intid === SPURIOUS) return intid;
    cpu.running.push(cpu.private.priorityOf(intid) & PRIORITY_BITS);
    cpu.private.acknowledge(intid);
    return intid;
  }

  /** ICC_EOIR1_EL1 with EOImode 0. */
  endOfInterrupt(pe: Pe, intid: number): void {
    const cpu = this.#of(pe);
    if (intid >= PRIVATE_INTIDS) return;
    cpu.running.pop();
    cpu.private.deactivate(intid);
  }

  /** ICC_PMR_EL1. */
  priorityMask(pe: Pe): number {
    return this.#of(pe).mask;
  }

  setPriorityMask(pe: Pe, priority: number): void {
    this.#of(pe).mask = priority & PRIORITY_BITS;
  }

  /** ICC_IGRPEN1_EL1. */
  groupEnabled(pe: Pe): boolean {
    return this.#of(pe).groupEnabled;
  }

  setGroupEnabled(pe: Pe, enabled: boolean): void {
    this.#of(pe).groupEnabled = enabled;
  }

  /** The private interrupts of a vCPU by its number; undefined where there is none. */
  privateOf(index: number): PrivateInterrupts | undefined {
    return this.#cpus[index]?.private;
  }

  #of(pe: Pe): CpuInterface {
    return this.#cpus[pe.index] as CpuInterface;
  }

  /** A vCPU that waits for nothing (its domain has ended) stays where it is. */
  #kick(vcpu: Vcpu): void {
    if (vcpu.wait !== undefined && vcpu.wait.wait.until !== 'never') this.#guest?.wake(vcpu);
  }
}
