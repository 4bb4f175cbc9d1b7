import type { Level, Outcome, Saved, Service } from '@trapline/core';
import { createMachine, type Guest, type GuestSpec, type Machine, type Vcpu } from '@trapline/trap-bus';

/** Base of the memory of a test's guest. */
export const RAM = 0x4000_0000;

/** What stands in registers that nobody set. */
export const FILL = 0x5a5a_0000_5a5a_0000n;

/** How a test calls. */
export interface How {
  readonly cpu?: number;
  readonly conduit?: 'hvc' | 'smc';
  readonly immediate?: number;
}

/** A machine with one guest, and calls on it register by register. */
export class TestGuest {
  readonly machine: Machine;
  readonly guest: Guest;
  readonly #conduit: 'hvc' | 'smc';

  constructor(
    services: readonly Service[],
    spec: Partial<Omit<GuestSpec, 'name' | 'services'>> & { readonly level?: Level } = {},
  ) {
    const { level = 'el3', ...guest } = spec;
    this.#conduit = level === 'el2' ? 'hvc' : 'smc';
    this.machine = createMachine({
      guests: [
        {
          vcpus: 4,
          memory: [{ base: RAM, size: 0x10_0000 }],
          ...guest,
          name: 'guest',
          services: { [level]: services },
        },
      ],
    });
    this.guest = this.machine.guest('guest');
  }

  cpu(index: number): Vcpu {
    return this.guest.vcpus[index] as Vcpu;
  }

  /** Makes one call with every other register at {@link FILL}. */
  outcome(id: number, args: readonly (number | bigint)[] = [], how: How = {}): Outcome {
    const vcpu = this.cpu(how.cpu ?? 0);
    vcpu.x.fill(FILL, 0, 31);
    vcpu.x[0] = BigInt(id >>> 0);
    args.forEach((value, i) => {
      vcpu.x[i + 1] = BigInt.asUintN(64, BigInt(value));
    });
    return this.machine.trap(vcpu, how.conduit ?? this.#conduit, how.immediate ?? 0);
  }

  /** X0 after a call that returns, as a signed number. */
  call(id: number, args: readonly (number | bigint)[] = [], how: How = {}): bigint {
    const outcome = this.outcome(id, args, how);
    if (outcome.kind !== 'returned') throw new Error(`the call did not return: ${outcome.kind}`);
    return BigInt.asIntN(64, this.x(0, how.cpu));
  }

  /** A register after the last call. */
  x(register: number, cpu = 0): bigint {
    return this.cpu(cpu).x[register] as bigint;
  }

  /** Saves, and restores what JSON has carried. */
  hop(): void {
    this.machine.restore(JSON.parse(JSON.stringify(this.machine.save())) as Saved);
  }
}

/** Registers that a call left changed, by name, as recordings have them: X0 always, others where not at {@link FILL}. */
export function changed(guest: TestGuest, args: number, cpu = 0): Record<string, string> {
  const out: Record<string, string> = { x0: hex(guest.x(0, cpu)) };
  for (let i = args + 1; i < 31; i++) if (guest.x(i, cpu) !== FILL) out[`x${i}`] = hex(guest.x(i, cpu));
  return out;
}

export function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
