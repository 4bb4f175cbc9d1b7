import { type Caller, isStatus, type Outcome, RETURNED } from '@trapline/core';
import { type Psci, abi as psciAbi, status } from '@trapline/psci';
import { archAbi } from '@trapline/smccc';
import type { StackGuest } from '@trapline/stack';
import { Alarm } from './alarm.js';
import type { Found } from './drivers.js';
import { askXen } from './exercise-xen.js';
import { type SleepKind, suspendStates } from './suspend-states.js';

type Program = Generator<Outcome, void, void>;

/** Where code lies, as offsets in the first region of memory: a kernel's usual place, and one for resuming CPUs. */
const START = 0x8_0000;
const RESUME = 0x9_0000;

/** Context ids carry the number of the CPU, so that a trace shows that they arrive. */
const CONTEXT = 0xc0de_0000;

/** How long CPUs sleep, in nanoseconds: the boot CPU longer than the others, for it waits for them. */
const SECONDARY_SLEEP = 1_000_000n;
const BOOT_SLEEP = 5_000_000n;

/** Most times the boot CPU looks whether the others are off. */
const MAX_LOOKS = 16;

/** Real calls from every CPU of a guest, as guest programs through the drivers. */
export class Exercise {
  readonly #guest: StackGuest;
  readonly #psci: Psci;
  readonly #found: Found;
  readonly #alarm: Alarm;
  readonly #start: number;
  readonly #resume: number;
  /** Whether the boot CPU has suspended the system already. */
  #suspended = false;

  constructor(guest: StackGuest, psci: Psci, found: Found) {
    const base = guest.memory[0]?.base ?? 0;
    this.#guest = guest;
    this.#psci = psci;
    this.#found = found;
    this.#alarm = new Alarm(guest);
    this.#start = base + START;
    this.#resume = base + RESUME;
    guest.at(this.#start, (cpu) => this.#secondary(cpu));
    guest.at(this.#resume, (cpu) => this.#resumed(cpu));
    guest.spawn((cpu) => this.#boot(cpu));
  }

  /** The boot CPU asks what there is, starts the others, waits until they are off, sleeps, and shuts down. */
  *#boot(cpu: Caller): Program {
    this.#askPsci(cpu);
    this.#askSmccc();
    this.#askTrng();
    if (this.#found.xen !== undefined) yield* askXen(this.#found.xen, cpu.index);
    for (const { index } of this.#guest.vcpus.slice(1)) yield* this.#startCpu(index);
    yield* this.#awaitOthers(cpu);
    yield* this.#sleep(cpu, 'powerdown', BOOT_SLEEP);
    yield* this.#shutDown(cpu);
  }

  /** Another CPU says who it is, sleeps in its own way, and turns off. */
  *#secondary(cpu: Caller): Program {
    const { smccc, trng } = this.#found;
    this.#psci.version();
    this.#psci.affinityInfo({ target: this.#target(cpu.index), lowestLevel: 0 });
    yield RETURNED;
    smccc?.calls?.version();
    trng?.calls.rnd({ bits: 64 });
    yield RETURNED;
    yield* this.#sleep(cpu, cpu.index % 2 === 1 ? 'standby' : 'powerdown', SECONDARY_SLEEP * BigInt(cpu.index));
    yield* this.#psci.cpuOff();
  }

  /** A CPU comes back from a state that lost its context. */
  *#resumed(cpu: Caller): Program {
    this.#alarm.clear(cpu.index);
    if (cpu.index === 0) yield* this.#shutDown(cpu);
    else yield* this.#psci.cpuOff();
  }

  #askPsci(cpu: Caller): void {
    const psci = this.#psci;
    psci.version();
    psci.migrateInfoType();
    if (psci.negotiated.version.major < 1) return;
    for (const { id, wideId } of psciAbi.all) {
      psci.features({ function: (cpu.width === 64 ? (wideId ?? id) : id) >>> 0 });
    }
  }

  #askSmccc(): void {
    const { smccc } = this.#found;
    if (smccc?.calls === undefined) return;
    smccc.calls.version();
    for (const { id } of archAbi.all) smccc.has(id >>> 0);
    smccc.socId();
  }

  #askTrng(): void {
    const { trng } = this.#found;
    if (trng === undefined) return;
    trng.calls.version();
    trng.calls.getUuid();
    trng.calls.rnd({ bits: 96 });
  }

  *#startCpu(index: number): Program {
    const psci = this.#psci;
    const target = this.#target(index);
    const start = { target, entry: this.#start, context: CONTEXT + index };
    psci.affinityInfo({ target, lowestLevel: 0 });
    psci.cpuOn(start);
    if (index === 1) psci.cpuOn(start);
    psci.affinityInfo({ target, lowestLevel: 0 });
    yield RETURNED;
  }

  /** Sleeps until the others have had time to end; looks at each until it is off. */
  *#awaitOthers(cpu: Caller): Program {
    const others = this.#guest.vcpus.slice(1).map(({ index }) => index);
    for (let looks = 0, at = 0; looks < MAX_LOOKS + others.length && at < others.length; looks++) {
      const state = this.#psci.affinityInfo({ target: this.#target(others[at] as number), lowestLevel: 0 });
      if (state === 'OFF') at++;
      else yield* this.#sleep(cpu, 'standby', BOOT_SLEEP);
      // Before 0.2 there is no way to ask.
      if (state === status.NOT_SUPPORTED) break;
    }
  }

  *#sleep(cpu: Caller, kind: SleepKind, nanoseconds: bigint): Program {
    for (const powerState of suspendStates(this.#psci, cpu.index, kind)) {
      this.#alarm.set(cpu.index, nanoseconds);
      const entry = this.#resume;
      const result = yield* this.#psci.cpuSuspend({ powerState, entry, context: CONTEXT + cpu.index });
      this.#alarm.clear(cpu.index);
      if (result === status.SUCCESS || result === status.NOT_SUPPORTED) break;
    }
    yield RETURNED;
  }

  *#shutDown(cpu: Caller): Program {
    if (this.#psci.negotiated.systemSuspend && !this.#suspended) {
      this.#suspended = true;
      this.#alarm.set(cpu.index, BOOT_SLEEP);
      const result = yield* this.#psci.systemSuspend({ entry: this.#resume, context: CONTEXT + cpu.index });
      this.#alarm.clear(cpu.index);
      if (!isStatus(result)) return;
    }
    yield* this.#psci.systemOff();
  }

  /** How the tree names a CPU: MPIDR's affinity fields. */
  #target(index: number): bigint {
    return this.#guest.bus.vcpu(index).mpidr & 0xff_00ff_ffffn;
  }
}
