import type { PowerState, Registers } from '@trapline/core';
import type { TakenException } from './exception.js';
import type { Vcpu } from './vcpu.js';

/** An embedder's own CPU behind a vCPU: all parts optional, for the bus keeps a model of each. */
export interface CpuPort {
  /** The CPU's own register file, shared with the bus: nothing is copied at a trap. */
  readonly registers?: Registers;
  /**
   * The CPU's power has changed. `running`: execute from the vCPU's registers (a wake has written results, a start has
   * loaded entry and context). `starting`: begin when it suits, by {@link Guest.enter}; at once is allowed.
   * Others: execute nothing.
   */
  power?(vcpu: Vcpu, state: PowerState): void;
  /** The CPU takes an exception. True where it has done the entry itself; otherwise the vCPU's registers are changed. */
  takeException?(vcpu: Vcpu, exception: TakenException): boolean;
}
