import type { InterruptPort, Pe } from '@trapline/core';
import { Commands } from '../monitor/commands.js';
import type { Executor } from './executor.js';

/** Where the GICv3 of QEMU's virt machine has its distributor and the redistributor of CPU 0. */
export const GICD = 0x0800_0000;
export const GICR = 0x080a_0000;

/** Bytes from one CPU's redistributor to the next (IHI 0069, 12.10). */
const REDISTRIBUTOR = 0x2_0000;
/** Second frame of a redistributor: SGIs and PPIs. */
const SGI_BASE = 0x1_0000;
const ISPENDR = 0x200;
const ICPENDR = 0x280;
const FIRST_SPI = 32;

/**
 * Interrupt lines into a running machine, through the pending registers of its own GIC.
 *
 * A level that rises is made pending once: the GIC takes that back when the guest acknowledges. Who keeps a line up for
 * more drives it up again.
 */
export class MachineInterrupts implements InterruptPort {
  readonly #executor: Executor;
  readonly #isPending: (pe: Pe) => boolean;
  readonly #commands: Commands = new Commands();

  constructor(executor: Executor, isPending: (pe: Pe) => boolean) {
    this.#executor = executor;
    this.#isPending = isPending;
  }

  setLevel(pe: Pe, intid: number, asserted: boolean): void {
    this.#put(pe.index, intid, asserted ? ISPENDR : ICPENDR);
  }

  pulse(pe: Pe, intid: number): void {
    this.#put(pe.index, intid, ISPENDR);
  }

  pending(pe: Pe): boolean {
    return this.#isPending(pe);
  }

  #put(cpu: number, intid: number, register: number): void {
    const frame = intid < FIRST_SPI ? GICR + cpu * REDISTRIBUTOR + SGI_BASE : GICD;
    const address = frame + register + 4 * (intid >>> 5);
    const bit = (1 << (intid & 31)) >>> 0;
    this.#executor.post(() => {
      this.#commands.clear();
      this.#commands.write(address, 4, bit);
      this.#executor.execute(this.#commands);
    });
  }
}
