import { CompositionError, type InterruptPort, type Pe, type Saved } from '@trapline/core';
import { CpuInterfaces } from './gic-cpu-interface.js';
import {
  ACTIVE,
  ASSERTED,
  describeInterrupt,
  EDGE,
  ENABLED,
  type InterruptState,
  isInFlight,
  isReady,
  LATCHED,
} from './gic-flags.js';
import { ANY_PE, MAX_INTID, SGI_COUNT, SPI_BASE, SPURIOUS_INTID } from './gic-limits.js';
import { ReadyInterrupts } from './gic-ready.js';
import { restoreGic, saveGic } from './gic-saved.js';

/** Priority of an interrupt that nobody gave one. */
export const DEFAULT_PRIORITY = 0xa0;

/** What a small GIC is made of. */
export interface GicOptions {
  /** PEs, numbered as {@link Pe.index} numbers them. */
  readonly pes: number;
  /** Shared interrupts, INTIDs from 32; 988 (up to {@link MAX_INTID}) where absent. */
  readonly spis?: number;
}

/**
 * Told after a change by which an interrupt may newly wake a PE, or no longer: `pe` is {@link ANY_PE} for a shared
 * interrupt that any PE may take, `intid` {@link SPURIOUS_INTID} where a change concerns several.
 */
export type GicListener = (pe: number, intid: number) => void;

/**
 * A small interrupt controller with affinity routing, as GICv3 has it (IHI 0069): SGIs, PPIs and SPIs, one group.
 *
 * Throws {@link CompositionError} for counts outside the limits.
 */
export function createGic(options: GicOptions): Gic {
  return new Gic(options);
}

/**
 * The default model behind {@link InterruptPort}; made by {@link createGic}. SGIs are edge-triggered, the others
 * level-sensitive until {@link configure} says otherwise; all are disabled, of {@link DEFAULT_PRIORITY}, and shared
 * ones go to PE 0. Priority masks begin open. INTIDs and PEs that do not exist are ignored, as a distributor ignores
 * writes to what is not implemented.
 */
export class Gic implements InterruptPort {
  readonly pes: number;
  /** The first INTID that does not exist. */
  readonly end: number;
  readonly #cpus: CpuInterfaces;
  // Slot of an interrupt: 32 for each PE, then the shared ones.
  readonly #flags: Uint8Array;
  readonly #priorities: Uint8Array;
  readonly #targets: Int32Array;
  readonly #ready: ReadyInterrupts;
  #listener: GicListener | undefined;

  constructor({ pes, spis = MAX_INTID - SPI_BASE }: GicOptions) {
    if (!Number.isInteger(pes) || pes < 1 || pes > 0x1_0000) {
      throw new CompositionError(`an interrupt controller for ${pes} PEs`, 'give from 1 to 65536');
    }
    if (!Number.isInteger(spis) || spis < 0 || spis > MAX_INTID - SPI_BASE) {
      throw new CompositionError(`${spis} shared interrupts`, `give from 0 to ${MAX_INTID - SPI_BASE}`);
    }
    this.pes = pes;
    this.end = SPI_BASE + spis;
    this.#cpus = new CpuInterfaces(pes);
    const slots = SPI_BASE * pes + spis;
    this.#flags = new Uint8Array(slots);
    this.#priorities = new Uint8Array(slots);
    this.#targets = new Int32Array(spis);
    this.#ready = new ReadyInterrupts(pes, spis);
    this.#initialise();
  }

  /** Who is told of changes; one at a time, so that nothing is built for each. */
  onChange(listener: GicListener | undefined): void {
    this.#listener = listener;
  }

  setLevel(pe: Pe, intid: number, asserted: boolean): void {
    const slot = this.#slot(pe.index, intid);
    if (slot < 0) return;
    const flags = this.#flags[slot] as number;
    if (((flags & ASSERTED) !== 0) === asserted) return;
    const rising = asserted && (flags & EDGE) !== 0 ? LATCHED : 0;
    this.#set(pe.index, intid, slot, (flags ^ ASSERTED) | rising);
  }

  pulse(pe: Pe, intid: number): void {
    this.setPending(pe, intid, true);
  }

  /** Whether an interrupt would be signalled to the PE: enabled, pending, above its mask and what it handles. */
  pending(pe: Pe): boolean {
    return this.highestPending(pe) !== SPURIOUS_INTID;
  }

  inFlight(pe: Pe, intid: number): boolean {
    const slot = this.#slot(pe.index, intid);
    return slot >= 0 && isInFlight(this.#flags[slot] as number);
  }

  /** The interrupt that an acknowledge would give (ICC_HPPIR1_EL1, as far as the mask lets it through). */
  highestPending(pe: Pe): number {
    const index = pe.index;
    if (!(index >= 0 && index < this.pes)) return SPURIOUS_INTID;
    return this.#ready.best(index, this.#cpus.threshold(index), this.#priorities, this.#targets);
  }

  /** Takes the highest pending interrupt (ICC_IAR1_EL1): it becomes active. {@link SPURIOUS_INTID} where there is none. */
  acknowledge(pe: Pe): number {
    const intid = this.highestPending(pe);
    if (intid === SPURIOUS_INTID) return intid;
    const slot = this.#slot(pe.index, intid);
    this.#cpus.activate(pe.index, this.#priorities[slot] as number);
    this.#set(pe.index, intid, slot, ((this.#flags[slot] as number) & ~LATCHED) | ACTIVE);
    return intid;
  }

  /** Drops the running priority and deactivates (ICC_EOIR1_EL1 with EOImode 0); false where it was not active. */
  endOfInterrupt(pe: Pe, intid: number): boolean {
    const slot = this.#slot(pe.index, intid);
    if (slot < 0 || ((this.#flags[slot] as number) & ACTIVE) === 0) return false;
    this.#cpus.drop(pe.index);
    this.#put(slot, (this.#flags[slot] as number) & ~ACTIVE);
    // One that is this PE's alone is among those that the second change concerns.
    if (intid >= SPI_BASE) this.#listener?.(this.#target(pe.index, intid), intid);
    this.#listener?.(pe.index, SPURIOUS_INTID);
    return true;
  }

  /** GICD_ISENABLER, GICD_ICENABLER. */
  setEnabled(pe: Pe, intid: number, enabled: boolean): void {
    this.#change(pe, intid, ENABLED, enabled);
  }

  /** GICD_ISPENDR, GICD_ICPENDR: the latch. A level-sensitive interrupt stays pending while its line is asserted. */
  setPending(pe: Pe, intid: number, pending: boolean): void {
    this.#change(pe, intid, LATCHED, pending);
  }

  /** GICD_ISACTIVER, GICD_ICACTIVER. */
  setActive(pe: Pe, intid: number, active: boolean): void {
    this.#change(pe, intid, ACTIVE, active);
  }

  /** Edge-triggered or level-sensitive (GICD_ICFGR). SGIs are always edge-triggered. */
  configure(pe: Pe, intid: number, trigger: 'edge' | 'level'): void {
    if (intid >= SGI_COUNT) this.#change(pe, intid, EDGE, trigger === 'edge');
  }

  /** GICD_IPRIORITYR: 0 is the highest, 255 is never signalled. */
  setPriority(pe: Pe, intid: number, priority: number): void {
    const slot = this.#slot(pe.index, intid);
    if (slot < 0) return;
    this.#priorities[slot] = priority;
    this.#listener?.(this.#target(pe.index, intid), intid);
  }

  /** ICC_PMR_EL1: only interrupts of a lower number are signalled to the PE. */
  setPriorityMask(pe: Pe, priority: number): void {
    if (!(pe.index >= 0 && pe.index < this.pes)) return;
    this.#cpus.setMask(pe.index, priority);
    this.#listener?.(pe.index, SPURIOUS_INTID);
  }

  /** Sends a shared interrupt to one PE, or to {@link ANY_PE} (GICD_IROUTER). */
  route(intid: number, target: number): void {
    if (!(intid >= SPI_BASE && intid < this.end) || !(target >= ANY_PE && target < this.pes)) return;
    this.#targets[intid - SPI_BASE] = target;
    this.#listener?.(target, intid);
  }

  /** State of one interrupt as the PE sees it; undefined for an INTID that does not exist. */
  inspect(pe: Pe, intid: number): InterruptState | undefined {
    const slot = this.#slot(pe.index, intid);
    if (slot < 0) return undefined;
    return describeInterrupt(
      this.#flags[slot] as number,
      this.#priorities[slot] as number,
      this.#target(pe.index, intid),
    );
  }

  /** As made: everything disabled, nothing pending. */
  reset(): void {
    this.#cpus.reset();
    this.#initialise();
    this.#listener?.(ANY_PE, SPURIOUS_INTID);
  }

  save(): Saved {
    return saveGic(this, this.#cpus, { flags: this.#flags, priorities: this.#priorities, targets: this.#targets });
  }

  /**
   * Takes back what {@link save} gave, and tells nobody: those who wait are restored as well. Throws `RestoreError`, and
   * changes nothing, for anything else.
   */
  restore(saved: Saved): void {
    const tables = { flags: this.#flags, priorities: this.#priorities, targets: this.#targets };
    restoreGic(saved, this, this.#cpus, tables);
    for (let slot = 0; slot < this.#flags.length; slot++) this.#ready.mark(slot, isReady(this.#flags[slot] as number));
  }

  #initialise(): void {
    this.#flags.fill(0);
    for (let pe = 0; pe < this.pes; pe++) this.#flags.fill(EDGE, SPI_BASE * pe, SPI_BASE * pe + SGI_COUNT);
    this.#priorities.fill(DEFAULT_PRIORITY);
    this.#targets.fill(0);
    this.#ready.clear();
  }

  /** -1 for what does not exist. */
  #slot(pe: number, intid: number): number {
    if (!(intid >= 0 && intid < this.end && (intid | 0) === intid && pe >= 0 && pe < this.pes)) return -1;
    return intid < SPI_BASE ? SPI_BASE * pe + intid : SPI_BASE * (this.pes - 1) + intid;
  }

  #target(pe: number, intid: number): number {
    return intid < SPI_BASE ? pe : (this.#targets[intid - SPI_BASE] as number);
  }

  #change(pe: Pe, intid: number, flag: number, on: boolean): void {
    const slot = this.#slot(pe.index, intid);
    if (slot < 0) return;
    const flags = this.#flags[slot] as number;
    const next = on ? flags | flag : flags & ~flag;
    if (next !== flags) this.#set(pe.index, intid, slot, next);
  }

  #put(slot: number, flags: number): void {
    this.#flags[slot] = flags;
    this.#ready.mark(slot, isReady(flags));
  }

  #set(pe: number, intid: number, slot: number, flags: number): void {
    this.#put(slot, flags);
    this.#listener?.(this.#target(pe, intid), intid);
  }
}
