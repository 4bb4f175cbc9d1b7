import { CompositionError, type GuestProgram } from '@trapline/core';
import { StepLimitError } from './errors.js';
import type { ScheduledClock, ScheduledGuest, ScheduledVcpu } from './guest.js';
import { type Choose, type Point, roundRobin } from './point.js';
import { ProgramSlot } from './program-slot.js';

/** Most steps of one run, unless it says otherwise. */
export const MAX_STEPS = 1_000_000;

/** Choices about a scheduler. */
export interface SchedulerOptions {
  /** Moves on to its next alarm when nothing else can happen; without, time stands. */
  readonly clock?: ScheduledClock;
  /** Who comes next; {@link roundRobin} where absent. */
  readonly choose?: Choose;
  /** Programs by the address at which a CPU begins: CPU_ON starts one, a resume too. */
  readonly programs?: Readonly<Record<number, GuestProgram>>;
}

/** A CPU whose program is not through. */
export interface Unfinished {
  readonly cpu: number;
  /** Its power state and what it waits for, or that no program is where it began. */
  readonly why: string;
}

/** How a run ended. */
export interface RunResult {
  readonly steps: number;
  /** CPUs that nothing will wake any more, or that began where no program is. */
  readonly unfinished: readonly Unfinished[];
}

/**
 * Runs guest programs, one to a CPU, in an order that is the same every time: that of its choices.
 *
 * A program gives its CPU up where it yields: at calls that wait (`yield* client.cpuSuspend(…)`), and wherever it
 * says so (`yield RETURNED`), which makes that place a point too. A program that never yields cannot be stopped.
 */
export class Scheduler {
  readonly #guest: ScheduledGuest;
  readonly #clock: ScheduledClock | undefined;
  readonly #choose: Choose;
  readonly #slots: readonly ProgramSlot[];
  readonly #programs = new Map<number, GuestProgram>();
  readonly #actions: { readonly name: string; readonly run: () => void }[] = [];
  readonly #trace: string[] = [];
  #steps = 0;

  constructor(guest: ScheduledGuest, options: SchedulerOptions = {}) {
    this.#guest = guest;
    this.#clock = options.clock;
    this.#choose = options.choose ?? roundRobin();
    for (const [entry, program] of Object.entries(options.programs ?? {})) this.#programs.set(Number(entry), program);
    this.#slots = guest.vcpus.map((vcpu) => new ProgramSlot(vcpu, this.#programs));
  }

  /** Names of the points that were taken, in order: at most {@link MAX_STEPS}. */
  get trace(): readonly string[] {
    return this.#trace;
  }

  /** Runs a program on a CPU that runs already. Throws {@link CompositionError} for one that does not. */
  spawn(index: number, program: GuestProgram): void {
    const slot = this.#slot(index);
    if (slot.vcpu.powerState !== 'running') {
      throw new CompositionError(
        `cpu ${index} is ${slot.vcpu.powerState} and can run no program`,
        'give the program to the address where it will begin',
      );
    }
    slot.spawn(program, this.#guest.select(index));
  }

  /** Gives the program that begins where CPUs start or resume at an address. */
  at(entry: number, program: GuestProgram): void {
    this.#programs.set(entry, program);
  }

  /** Lets something happen once, at any point: an interrupt, a save and restore, a call of the embedder's. */
  interpose(name: string, run: () => void): void {
    this.#actions.push({ name, run });
  }

  /** Says that the embedder has let a CPU go on at another address (a system event decided with `resume`). */
  jumped(index: number): void {
    this.#slot(index).jump();
  }

  /** What can happen next. Time moves only when nothing else can, and somebody waits. */
  points(): readonly Point[] {
    const points: Point[] = [];
    for (const slot of this.#slots) {
      const kind = pointOf(slot);
      if (kind) points.push({ kind, cpu: slot.vcpu.index, name: `cpu ${slot.vcpu.index}: ${kind}` });
    }
    for (const { name } of this.#actions) points.push({ kind: 'action', cpu: -1, name });
    if (points.length === 0 && this.#clock?.next !== undefined && this.unfinished().length > 0) {
      points.push({ kind: 'timer', cpu: -1, name: 'timer' });
    }
    return points;
  }

  /** Takes one point; false where there is none. Throws `GuestProgramError` where a program throws. */
  step(): boolean {
    const points = this.points();
    if (points.length === 0) return false;
    const chosen = this.#choose(points);
    const point = points[chosen];
    if (!point) throw new RangeError(`choice ${chosen} among ${points.length} points`);
    if (this.#trace.length < MAX_STEPS) this.#trace.push(point.name);
    this.#steps++;
    this.#take(point, chosen - (points.length - this.#actions.length));
    return true;
  }

  /**
   * Takes points until there are none. Throws {@link StepLimitError}, naming the CPUs that are not through, after
   * `limit` steps, and `GuestProgramError` where a program throws.
   */
  run(limit: number = MAX_STEPS): RunResult {
    for (let steps = 0; steps < limit; steps++) {
      if (!this.step()) return { steps, unfinished: this.unfinished() };
    }
    if (this.points().length === 0) return { steps: limit, unfinished: this.unfinished() };
    throw new StepLimitError(limit, this.unfinished());
  }

  /** CPUs whose programs are not through. */
  unfinished(): readonly Unfinished[] {
    return this.#slots.flatMap(({ vcpu, unfinished }) => (unfinished ? [{ cpu: vcpu.index, why: unfinished }] : []));
  }

  /**
   * Where all programs stand, for {@link ExploreOptions.fingerprint}: it tells two states apart if programs learn
   * only from the registers X0–X3, make at most one call between two yields, and share nothing but the guest.
   */
  fingerprint(): string {
    const actions = this.#actions.map(({ name }) => name).join();
    return `${this.#slots.map(({ history }) => history).join('|')}|${actions}`;
  }

  #take(point: Point, action: number): void {
    if (point.kind === 'timer') {
      this.#clock?.advanceToNext();
      return;
    }
    if (point.kind === 'action') {
      this.#actions.splice(action, 1)[0]?.run();
      return;
    }
    const slot = this.#slot(point.cpu);
    const { vcpu } = slot;
    switch (point.kind) {
      case 'enter':
        slot.jump();
        this.#guest.enter(vcpu);
        break;
      case 'off':
        slot.end();
        this.#guest.completeOff(vcpu);
        break;
      case 'suspend':
        this.#guest.enterWait(vcpu);
        break;
      default:
        slot.step(this.#guest.select(vcpu.index), this.#steps);
    }
  }

  #slot(index: number): ProgramSlot {
    const slot = this.#slots[index];
    if (!slot) throw new RangeError(`no cpu ${index}: the guest has ${this.#slots.length}`);
    return slot;
  }
}

function pointOf(slot: ProgramSlot): Point['kind'] | undefined {
  const vcpu: ScheduledVcpu = slot.vcpu;
  switch (vcpu.powerState) {
    case 'starting':
      return 'enter';
    case 'stopping':
      return 'off';
    case 'waiting':
      return vcpu.wait && !vcpu.wait.entered && !vcpu.wait.decision ? 'suspend' : undefined;
    case 'running':
      return slot.runnable ? (slot.waited ? 'wake' : 'step') : undefined;
    default:
      return undefined;
  }
}
