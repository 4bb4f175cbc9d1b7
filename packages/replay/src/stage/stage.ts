import type { Actor, Environment } from '@trapline/recordings';
import {
  createGic,
  createMachine,
  createTimers,
  createVirtualClock,
  type Gic,
  type Guest,
  type Machine,
  type Timers,
  type VirtualClock,
} from '@trapline/trap-bus';
import { type FillPattern, fillOf } from '../registers/fill.js';
import { Performer } from './performer.js';
import type { PlannedCpu, PlannedGuest, Setting, StagePlan } from './plan.js';

const NS_PER_MS = 1_000_000n;

/** A guest on the stage. */
interface Company {
  readonly plan: PlannedGuest;
  readonly guest: Guest;
  readonly gic: Gic;
  readonly timers: Timers;
  readonly performers: readonly Performer[];
}

/**
 * The machine that a scenario is played on: its CPUs do what the recording says, and everything that the recorded
 * machine did by itself (a started CPU arrives, an off completes, time passes, a timer fires) happens here.
 */
export class Stage {
  readonly environment: Environment;
  readonly plan: StagePlan;
  readonly machine: Machine;
  readonly clock: VirtualClock;
  readonly #ends = new Map<Guest, string>();
  readonly #companies: readonly Company[];
  readonly #fills = new Map<32 | 64, FillPattern>();

  constructor(setting: Setting, plan: StagePlan) {
    this.environment = setting.environment;
    this.plan = plan;
    const frequency = plan.frequency ?? setting.scenario.boot?.cntfrq;
    this.clock = createVirtualClock(frequency === undefined ? {} : { frequency: Number(frequency) });
    const cast = plan.guests.map(({ vcpus, signals }) => vcpus.map((cpu, i) => performerOf(cpu, i, plan, signals)));
    const gics = plan.guests.map(({ vcpus }) => createGic({ pes: vcpus.length }));
    this.machine = createMachine({
      guests: plan.guests.map((guest, g) => ({
        ...guest,
        deferred: true,
        ports: { clock: this.clock, interrupts: gics[g] as Gic, ...guest.ports },
        vcpus: guest.vcpus.map((vcpu, i) => ({ ...vcpu, cpu: cast[g]?.[i] as Performer })),
      })),
    });
    this.#companies = plan.guests.map((planned, g) => {
      const guest = this.machine.guest(planned.name);
      return companyOf(planned, guest, gics[g] as Gic, cast[g] as readonly Performer[], this.clock);
    });
  }

  /** The CPU that does a step; undefined where the machine has none of that number. */
  performer(actor: Actor): Performer | undefined {
    return this.#company(actor)?.performers[actor.cpu ?? actor.vcpu ?? 0];
  }

  /** How the machine of a CPU ended; undefined while it runs. */
  ended({ guest }: Performer): string | undefined {
    return this.#ends.get(guest);
  }

  /** The machine of a CPU ends. */
  end({ guest }: Performer, event: string): void {
    this.#ends.set(guest, event);
  }

  /** The interrupt controller of the guest that does a step. */
  gic(actor: Actor): Gic | undefined {
    return this.#company(actor)?.gic;
  }

  /** What registers hold that a call of this width does not set. */
  fill(width: 32 | 64): FillPattern {
    const known = this.#fills.get(width);
    if (known) return known;
    const fill = fillOf(this.environment, width);
    this.#fills.set(width, fill);
    return fill;
  }

  /**
   * A little time passes: CPUs that were started arrive at their first instruction, those that said off are gone, and
   * whoever was woken has switched off the timer that woke it.
   */
  settle(): void {
    for (const { guest, performers } of this.#companies) {
      for (const performer of performers) {
        const { vcpu } = performer;
        guest.completeOff(vcpu);
        if (this.plan.arrivals !== 'steps') guest.enter(vcpu);
        if (performer.armed && !performer.watched && vcpu.powerState === 'running') this.disarm(performer);
      }
    }
  }

  /** Time passes. */
  advance(milliseconds: number): void {
    this.advanceUntil(() => false, milliseconds);
  }

  /** Time passes until something is so, at most so many milliseconds; gives whether it is. */
  advanceUntil(done: () => boolean, milliseconds: number): boolean {
    const end = this.clock.now() + BigInt(milliseconds) * NS_PER_MS;
    for (;;) {
      this.settle();
      if (done()) return true;
      const now = this.clock.now();
      if (now >= end) return false;
      if (this.clock.next !== undefined && this.clock.next <= end) this.clock.advanceToNext();
      else this.clock.advance(end - now);
    }
  }

  /** Arms the physical timer of a CPU. */
  arm(performer: Performer, milliseconds: number): void {
    const { physical } = this.#timersOf(performer);
    performer.armed = true;
    physical.compare = physical.count + (BigInt(milliseconds) * BigInt(this.clock.frequency)) / 1000n;
    physical.control = 1;
  }

  /** Switches it off. */
  disarm(performer: Performer): void {
    performer.armed = false;
    this.#timersOf(performer).physical.control = 0;
  }

  dispose(): void {
    this.machine.dispose();
  }

  #timersOf(performer: Performer): ReturnType<Timers['of']> {
    const company = this.#companies.find(({ guest }) => guest === performer.guest) as Company;
    return company.timers.of(performer.vcpu);
  }

  #company({ domain }: Actor): Company | undefined {
    return this.#companies.find(({ plan }) => plan.domain === domain);
  }
}

function performerOf(
  { callSite, power }: PlannedCpu,
  index: number,
  { entry }: StagePlan,
  signals: PlannedGuest['signals'],
): Performer {
  const first = power === undefined ? index === 0 : power === 'running';
  return new Performer(index, callSite, entry, first, signals);
}

function companyOf(
  plan: PlannedGuest,
  guest: Guest,
  gic: Gic,
  performers: readonly Performer[],
  clock: VirtualClock,
): Company {
  for (const performer of performers) performer.join(guest);
  gic.onChange(() => guest.interruptsChanged());
  for (const vcpu of guest.vcpus) for (const intid of plan.enabled ?? []) gic.setEnabled(vcpu, intid, true);
  const timers = createTimers({ clock, interrupts: guest.ports.interrupts, pes: guest.vcpus });
  return { plan, guest, gic, timers, performers };
}
