import type { PowerState, Registers } from '@trapline/core';
import { type CpuPort, SYS, type TakenException, type Vcpu } from '@trapline/trap-bus';
import { Frame } from '../monitor/frame.js';
import { Field, Flag } from '../monitor/layout.js';

/** Where a CPU is: in its guest, in the monitor waiting for the outside, or asleep there. */
export type Place = 'guest' | 'waits' | 'sleeps';

/** System registers that an exception at EL1 reads and writes, with their fields in the frame. */
const LOADED: readonly (readonly [slot: number, field: number])[] = [
  [SYS.VBAR_EL1, Field.vbarEl1],
  [SYS.VBAR_EL2, Field.vbarEl2],
  [SYS.SCTLR_EL1, Field.sctlrEl1],
  [SYS.SCTLR_EL2, Field.sctlrEl2],
  [SYS.TCR_EL1, Field.tcrEl1],
  [SYS.ESR_EL1, Field.esrEl1],
  [SYS.FAR_EL1, Field.farEl1],
  [SYS.IFSR32_EL2, Field.ifsr],
  [SYS.SPSR_und, Field.spsrUnd],
  [SYS.SPSR_abt, Field.spsrAbt],
];

/** One CPU of the machine, behind its vCPU on the bus. */
export class MachineCpu implements CpuPort {
  readonly index: number;
  readonly frame: Frame = new Frame();
  readonly registers: Registers = this.frame.registers;
  place: Place = 'sleeps';
  /** Somebody has sent it a kick that it has not answered yet. */
  kicked = false;
  /** Answer flags gathered since it rang. */
  flags = 0;
  #resumes = false;
  readonly #wanted: (cpu: MachineCpu) => void;

  constructor(index: number, wanted: (cpu: MachineCpu) => void) {
    this.index = index;
    this.#wanted = wanted;
  }

  /** The machine has gone through its reset: the CPU sleeps, as at the beginning. */
  reset(): void {
    this.place = 'sleeps';
    this.kicked = false;
    this.flags = 0;
    this.#resumes = false;
  }

  power(vcpu: Vcpu, state: PowerState): void {
    if (state === 'waiting') {
      this.#resumes = vcpu.wait?.wait.onWake === 'resume';
      return;
    }
    if (state === 'starting') this.flags |= Flag.restart;
    else if (state === 'running' && this.#resumes) this.flags |= Flag.restart;
    else if (state !== 'running') return;
    this.#resumes = false;
    this.#wanted(this);
  }

  /** The bus does the entry; the registers that it reads come from the frame, and those it writes go back with the answer. */
  takeException(vcpu: Vcpu, { target }: TakenException): boolean {
    const { frame } = this;
    for (const [slot, field] of LOADED) vcpu.system[slot] = frame.get(field);
    this.flags |= target === 2 ? Flag.exceptionEl2 : Flag.exception;
    return false;
  }

  /** Puts what an exception entry has left in the vCPU's system registers into the answer. */
  storeException(vcpu: Vcpu): void {
    if ((this.flags & (Flag.exception | Flag.exceptionEl2)) === 0) return;
    const { frame } = this;
    const { system } = vcpu;
    const bank = (this.flags & Flag.exceptionEl2) !== 0 ? 1 : 0;
    frame.set(Field.esrEl1, system[SYS.ESR_EL1 + bank] as bigint);
    frame.set(Field.farEl1, system[SYS.FAR_EL1 + bank] as bigint);
    frame.set(Field.elrEl1, system[SYS.ELR_EL1 + bank] as bigint);
    frame.set(Field.spsrEl1, system[SYS.SPSR_EL1 + bank] as bigint);
    frame.set(Field.ifsr, system[SYS.IFSR32_EL2] as bigint);
    frame.set(Field.spsrUnd, system[SYS.SPSR_und] as bigint);
    frame.set(Field.spsrAbt, system[SYS.SPSR_abt] as bigint);
  }
}
