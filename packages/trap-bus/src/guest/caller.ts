import { AGAIN, type Caller, type Conduit, type ConduitKind, type Outcome } from '@trapline/core';
import type { Vcpu } from '../cpu/vcpu.js';
import { MAX_REPEATS } from '../machine/limits.js';
import { A32_KEY } from '../rules/routing-table.js';

/** Who carries a guest's calls over. */
export interface Trap {
  trap(vcpu: Vcpu, conduit: ConduitKind, immediate: number): Outcome;
}

/** A vCPU as software on it sees it. */
export class VcpuCaller implements Caller {
  readonly x: BigUint64Array;
  readonly w: Uint32Array;
  readonly index: number;
  readonly vcpu: Vcpu;
  readonly #bus: Trap;

  constructor(vcpu: Vcpu, bus: Trap) {
    this.x = vcpu.x;
    this.w = vcpu.w;
    this.index = vcpu.index;
    this.vcpu = vcpu;
    this.#bus = bus;
  }

  get width(): 32 | 64 {
    return (this.vcpu.circumstances & A32_KEY) === 0 ? 64 : 32;
  }

  /** Executes the instruction, again and again while it is preempted, at most {@link MAX_REPEATS} times. */
  execute(conduit: ConduitKind, immediate: number): Outcome {
    const outcome = this.#bus.trap(this.vcpu, conduit, immediate);
    return outcome === AGAIN ? this.#repeat(conduit, immediate) : outcome;
  }

  #repeat(conduit: ConduitKind, immediate: number): Outcome {
    for (let i = 1; i < MAX_REPEATS; i++) {
      const outcome = this.#bus.trap(this.vcpu, conduit, immediate);
      if (outcome.kind !== 'again') return outcome;
    }
    return AGAIN;
  }
}

/** A guest's conduit of one kind; whoever schedules guest code sets `caller` to the CPU that runs it. */
export class GuestConduit implements Conduit {
  readonly kind: ConduitKind;
  caller: Caller;

  constructor(kind: ConduitKind, caller: Caller) {
    this.kind = kind;
    this.caller = caller;
  }
}
