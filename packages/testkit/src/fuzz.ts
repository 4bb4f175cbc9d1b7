import { type CallDeclaration, type Caller, type Interface, type Outcome, RETURNED, SMC64 } from '@trapline/core';
import type { Guest, Vcpu } from '@trapline/trap-bus';
import { Coverage, endOf } from './coverage.js';
import { Random } from './random.js';
import { createWorld, type Subject, type World } from './subject.js';
import { candidates } from './values.js';

/** General registers that are looked at: X0–X30. */
const REGISTERS = 31;

/** A fuzz run. Two runs with equal options make the same calls. */
export interface FuzzOptions {
  /** How many calls are made. */
  readonly calls: number;
  readonly seed: number;
  /** Counts on in an earlier run's coverage: several worlds together may reach what one cannot. */
  readonly coverage?: Coverage;
  /** What happens in the world between two calls besides the life of its CPUs. */
  readonly between?: (world: World, random: Random) => void;
}

/** A call that broke a rule that holds for every service. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';
}

/** One number as it can be called. */
interface Number32 {
  readonly abi: Interface;
  readonly declaration: CallDeclaration;
  readonly id: number;
  /** Halves of the values worth trying, argument by argument: low, high, low, high… */
  readonly values: readonly Int32Array[];
}

/**
 * Makes random calls: nine of ten take a declared number and arguments from {@link candidates}, with random high
 * halves and anything at all mixed in; CPUs start, stop, wait and wake between them, and a system event or an exit
 * resets the guest.
 *
 * Throws {@link FuzzFailure} for a call that throws, or that changes a register which is neither a result of its own
 * nor, for a number nobody declares, X0 to X3. Gives how often each call came to each end.
 */
export function fuzzCalls(subject: Subject, options: FuzzOptions): Coverage {
  const coverage = options.coverage ?? new Coverage(subject.interfaces);
  const random = new Random(options.seed);
  const world = createWorld(subject);
  const run = new FuzzRun(world, subject, random, coverage);
  for (let made = 0; made < options.calls; made++) {
    run.call(made);
    run.live();
    options.between?.(world, random);
  }
  world.machine.dispose();
  return coverage;
}

class FuzzRun {
  readonly #guest: Guest;
  readonly #conduit: 'hvc' | 'smc';
  readonly #random: Random;
  readonly #coverage: Coverage;
  readonly #numbers: readonly Number32[];
  readonly #least: number;
  readonly #before = new Int32Array(2 * REGISTERS);

  constructor(world: World, subject: Subject, random: Random, coverage: Coverage) {
    this.#guest = world.guest;
    this.#conduit = subject.conduit ?? 'smc';
    this.#random = random;
    this.#coverage = coverage;
    this.#least = subject.resultRegisters ?? 1;
    this.#numbers = subject.interfaces.flatMap((abi) => abi.all.flatMap((call) => numbersOf(abi, call, subject)));
  }

  call(made: number): void {
    const vcpu = this.#running();
    const number = this.#random.once(10) ? undefined : this.#random.pick(this.#numbers);
    this.#load(vcpu, number);
    const caller = this.#guest.select(vcpu.index);
    let outcome: Outcome;
    try {
      outcome = caller.execute(this.#conduit, immediateOf(number));
    } catch (error) {
      throw this.#failure(made, number, `threw ${error}`);
    }
    if (outcome === RETURNED) this.#checkPreserved(made, vcpu, number);
    if (number) this.#note(number, caller, outcome);
    if (outcome.kind === 'system' || outcome.kind === 'exit' || outcome.kind === 'inject') this.#guest.reset();
  }

  /** What CPUs do of themselves: starting ones arrive, waiting ones wake, now and then. */
  live(): void {
    const vcpu = this.#random.pick(this.#guest.vcpus);
    if (vcpu.powerState === 'starting' && this.#random.once(2)) this.#guest.enter(vcpu);
    else if (vcpu.powerState === 'stopping') this.#guest.completeOff(vcpu);
    else if (vcpu.powerState === 'waiting' && this.#random.once(3)) this.#guest.wake(vcpu);
  }

  #running(): Vcpu {
    const { vcpus } = this.#guest;
    const first = this.#random.below(vcpus.length);
    for (let i = 0; i < vcpus.length; i++) {
      const vcpu = vcpus[(first + i) % vcpus.length] as Vcpu;
      if (vcpu.powerState === 'running') return vcpu;
    }
    this.#guest.reset();
    return vcpus[0] as Vcpu;
  }

  /** Everything random, then the number and its arguments over it. */
  #load(vcpu: Vcpu, number: Number32 | undefined): void {
    const { w } = vcpu;
    for (let i = 0; i < 2 * REGISTERS; i++) w[i] = this.#random.bits();
    if (number) {
      const { convention } = number.abi;
      if (convention.selector !== 'immediate') {
        const slot = 2 * (vcpu.state === 'a64' ? convention.selector.a64 : convention.selector.a32);
        w[slot] = number.id;
        w[slot + 1] = 0;
      }
      for (let i = 0; i < number.values.length; i++) this.#argument(w, 2 * (convention.firstArgument + i), number, i);
    }
    for (let i = 0; i < 2 * REGISTERS; i++) this.#before[i] = w[i] as number;
  }

  #argument(w: Uint32Array, slot: number, number: Number32, index: number): void {
    const values = number.values[index] as Int32Array;
    const choice = this.#random.below(8);
    if (choice === 0) return;
    const at = 2 * this.#random.below(values.length / 2);
    w[slot] = values[at] as number;
    if (choice > 1) w[slot + 1] = values[at + 1] as number;
  }

  #checkPreserved(made: number, vcpu: Vcpu, number: Number32 | undefined): void {
    const first = number?.abi.convention.firstResult ?? 0;
    const results = number ? Math.max(this.#least, number.declaration.resultTypes.length) : 4;
    for (let register = 0; register < REGISTERS; register++) {
      if (register >= first && register < first + results) continue;
      const slot = 2 * register;
      if (
        ((vcpu.w[slot] as number) | 0) === this.#before[slot] &&
        ((vcpu.w[slot + 1] as number) | 0) === this.#before[slot + 1]
      )
        continue;
      throw this.#failure(made, number, `changed X${register}`);
    }
  }

  #note(number: Number32, caller: Caller, outcome: Outcome): void {
    const wide = number.abi.convention.narrow !== 'by-id' || (number.id & SMC64) !== 0;
    this.#coverage.count(number.declaration, endOf(number.abi, number.declaration, caller, wide, outcome));
  }

  #failure(made: number, number: Number32 | undefined, what: string): FuzzFailure {
    const name = number ? `${number.abi.name}.${number.declaration.name}` : 'a number that nobody declares';
    const registers = Array.from(this.#before.subarray(0, 10), (half) => (half >>> 0).toString(16)).join(' ');
    return new FuzzFailure(`call ${made}, ${name}, ${what}; halves of X0–X4 were ${registers}`);
  }
}

/** The immediate that makes the call; 0 for a number that nobody declares. */
function immediateOf(number: Number32 | undefined): number {
  if (number === undefined) return 0;
  const { selector, immediates } = number.abi.convention;
  return selector === 'immediate' ? number.id : (immediates[0]?.[0] ?? 0);
}

function numbersOf(abi: Interface, declaration: CallDeclaration, subject: Subject): Number32[] {
  const values = candidates(declaration, subject.valid).map((list) => {
    const halves = new Int32Array(2 * list.length);
    list.forEach((value, i) => {
      halves[2 * i] = Number(BigInt.asIntN(32, value));
      halves[2 * i + 1] = Number(BigInt.asIntN(32, value >> 32n));
    });
    return halves;
  });
  const ids = declaration.wideId === undefined ? [declaration.id] : [declaration.id, declaration.wideId];
  return ids.map((id) => ({ abi, declaration, id, values }));
}
