import type { Ports, Saved } from '@trapline/core';
import type { Vcpu } from '../cpu/vcpu.js';
import type { GuestSpec } from '../machine/spec.js';
import type { VirtualClock } from '../models/clock.js';
import { createGic, type Gic } from '../models/gic.js';
import { createLog, type Log } from '../models/log.js';
import { createMemory, type GuestMemory } from '../models/memory.js';
import { createRandom, type SeededRandom } from '../models/random.js';
import { createTimers, type Timers } from '../models/timers.js';
import { recordOf } from '../saved/values.js';
import { loadTranslationRegisters } from '../translation/registers-of-vcpu.js';
import { SystemEvents } from './system-events.js';

/** What a guest's default models share with the rest of the machine. */
export interface Around {
  /** The machine's clock, where nobody brings one. */
  readonly clock: VirtualClock;
  /** Told that an interrupt may newly wake a CPU: one by its number, or any (negative). */
  interruptsChanged(index: number): void;
}

/** The models that stand behind a guest's ports; undefined where the embedder brought a port of its own. */
export interface Models {
  readonly memory: GuestMemory | undefined;
  readonly gic: Gic | undefined;
  /** Timers whose lines go to `gic`, where both it and the clock are default models. */
  readonly timers: Timers | undefined;
  readonly clock: VirtualClock | undefined;
  readonly random: SeededRandom | undefined;
  readonly system: SystemEvents | undefined;
  readonly log: Log | undefined;
}

/** A guest's world: the embedder's ports, and default models for those that it does not bring. */
export class World {
  readonly ports: Omit<Ports, 'power'>;
  readonly models: Models;
  readonly tellsInterrupts: boolean;

  constructor(spec: GuestSpec, vcpus: readonly Vcpu[], around: Around) {
    const given = spec.ports ?? {};
    const memory = given.memory
      ? undefined
      : createMemory(spec.memory ?? [], { registers: (pe, into) => loadTranslationRegisters(pe as Vcpu, into) });
    const gic = given.interrupts ? undefined : createGic({ pes: vcpus.length });
    gic?.onChange((pe) => around.interruptsChanged(pe));
    const clock = given.clock ? undefined : around.clock;
    const timers = gic && clock ? createTimers({ clock, interrupts: gic, pes: vcpus }) : undefined;
    const random = given.random ? undefined : createRandom({ seed: spec.seed ?? 0 });
    const system = given.system ? undefined : new SystemEvents();
    const log = given.log ? undefined : createLog({ clock: given.clock ?? around.clock });
    this.tellsInterrupts = gic !== undefined;
    this.models = { memory, gic, timers, clock, random, system, log };
    this.ports = {
      memory: given.memory ?? (memory as GuestMemory),
      interrupts: given.interrupts ?? (gic as Gic),
      clock: given.clock ?? around.clock,
      random: given.random ?? (random as SeededRandom),
      system: given.system ?? (system as SystemEvents),
      log: given.log ?? (log as Log),
    };
  }

  reset(): void {
    const { gic, timers, random, log } = this.models;
    timers?.reset();
    gic?.reset();
    random?.reset();
    log?.clear();
  }

  save(): Saved {
    const { memory, gic, timers, random, log } = this.models;
    return {
      memory: memory?.save() ?? null,
      gic: gic?.save() ?? null,
      timers: timers?.save() ?? null,
      random: random?.save() ?? null,
      log: log?.save() ?? null,
    };
  }

  restore(saved: Saved, place: string): void {
    const record = recordOf(saved, place);
    const { memory, gic, timers, random, log } = this.models;
    memory?.restore(record.memory ?? null);
    gic?.restore(record.gic ?? null);
    timers?.restore(record.timers ?? null);
    random?.restore(record.random ?? null);
    log?.restore(record.log ?? null);
  }

  dispose(): void {
    this.models.timers?.reset();
    this.models.system?.complete();
    this.models.log?.dispose();
  }
}
