/** INTIDs below this are private to a vCPU: SGIs and PPIs (IHI 0069, 2.2). */
export const PRIVATE_INTIDS = 32;
/** What an acknowledge gives where there is nothing to take. */
export const SPURIOUS = 1023;
/** No priority is lower: nothing runs, or nothing is pending. */
export const IDLE_PRIORITY = 0x100;

/**
 * The private interrupts of one vCPU as Xen's virtual GIC keeps them (xen/arch/arm/vgic.c and gic-vgic.c, 4.17): a bit
 * for each INTID. An interrupt is `inflight` from its injection until its list register is empty again.
 */
export class PrivateInterrupts {
  /** GICR_ISENABLER0. */
  enabled = 0;
  inflight = 0;
  /** Injected and not in a list register yet, or once more while it is in one. */
  queued = 0;
  /** States of the list registers. */
  pending = 0;
  active = 0;
  /** GICR_IPRIORITYR. */
  readonly priorities: Uint8Array = new Uint8Array(PRIVATE_INTIDS);
  /** GICR_ICFGR0, which stays as it is, and GICR_ICFGR1: without effect on injections. */
  readonly configuration: Uint32Array = new Uint32Array(2);
  /** The priorities with which the interrupts in flight were injected. */
  readonly #injected: Uint8Array = new Uint8Array(PRIVATE_INTIDS);

  /** vgic_inject_irq. */
  inject(intid: number): void {
    const bit = 1 << intid;
    this.queued |= bit;
    if (this.inflight & bit) {
      this.synchronise();
      return;
    }
    this.inflight |= bit;
    this.#injected[intid] = this.priorities[intid] as number;
    if (this.enabled & bit) this.#raise(bit);
  }

  /** vgic_enable_irqs: what was injected meanwhile is raised. */
  enable(bits: number): void {
    const fresh = bits & ~this.enabled;
    this.enabled |= bits;
    this.#raise(fresh & this.inflight & ~(this.pending | this.active));
  }

  /** vgic_disable_irqs: what is in a list register stays there. */
  disable(bits: number): void {
    this.enabled &= ~bits;
  }

  /** Takes an interrupt (ICC_IAR1_EL1): pending becomes active. */
  acknowledge(intid: number): void {
    this.pending &= ~(1 << intid);
    this.active |= 1 << intid;
  }

  /** Deactivates (ICC_EOIR1_EL1 with EOImode 0); false where it was not active. */
  deactivate(intid: number): boolean {
    const bit = 1 << intid;
    if (!(this.active & bit)) return false;
    this.active &= ~bit;
    this.synchronise();
    return true;
  }

  /**
   * What Xen does whenever the vCPU traps (gic_update_one_lr): a queued one becomes pending again beside its active
   * state; one whose list register is empty is raised once more or leaves the flight. One that was injected while it was
   * disabled and active is lost then.
   */
  synchronise(): void {
    this.queued &= ~(this.pending & ~this.active);
    const again = this.queued & this.enabled & this.active;
    this.pending |= again;
    this.queued &= ~again;
    const done = this.inflight & this.#listed & ~(this.pending | this.active);
    this.#listed &= ~done;
    const raised = done & this.queued & this.enabled;
    this.inflight &= ~done | raised;
    this.#raise(raised);
  }

  /** INTID of the pending interrupt of the highest priority that is not active; {@link SPURIOUS} where there is none. */
  get highestPending(): number {
    let best = SPURIOUS;
    let least = IDLE_PRIORITY;
    for (let bits = this.pending & ~this.active; bits !== 0; bits &= bits - 1) {
      const intid = 31 - Math.clz32(bits & -bits);
      const priority = this.#injected[intid] as number;
      if (priority >= least) continue;
      least = priority;
      best = intid;
    }
    return best;
  }

  /** The priority that an interrupt in flight was injected with. */
  priorityOf(intid: number): number {
    return this.#injected[intid] ?? IDLE_PRIORITY;
  }

  /**
   * vgic_vcpu_pending_irq: whether an enabled interrupt in flight is of higher priority than mask and running priority.
   * The first that is not, in order of priority, ends the search.
   */
  hasUrgent(mask: number, running: number): boolean {
    const limit = Math.min(mask, running);
    for (let bits = this.inflight & this.enabled; bits !== 0; bits &= bits - 1) {
      const intid = 31 - Math.clz32(bits & -bits);
      if ((this.#injected[intid] as number) < limit) return true;
    }
    return false;
  }

  /** Bits of the interrupts that have a list register. */
  #listed = 0;

  #raise(bits: number): void {
    this.pending |= bits;
    this.#listed |= bits;
    this.queued &= ~bits;
  }
}
