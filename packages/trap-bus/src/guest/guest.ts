import type { Attachment, Caller, ConduitKind, Outcome, Pe, Ports, PowerState } from '@trapline/core';
import { boot } from '../cpu/boot.js';
import type { Levels } from '../cpu/execution-state.js';
import { Vcpu } from '../cpu/vcpu.js';
import type { GuestSpec, VcpuSpec } from '../machine/spec.js';
import { callInstruction } from '../rules/routing.js';
import type { Streams } from '../streams/streams.js';
import type { Models, World } from '../world/world.js';
import { mpidrOf } from './affinity.js';
import { GuestConduit, type Trap, VcpuCaller } from './caller.js';
import { ObservedInterrupts } from './observed-interrupts.js';
import { PowerUnit } from './power-unit.js';
import type { AttachedService, Standing } from './standing.js';

/** MIDR_EL1 of a Cortex-A57 r1p0: the CPU where a composition names none. */
export const DEFAULT_MIDR = 0x411f_d070;

/** What a guest asks of its machine. */
export interface Bus extends Trap {
  decide(vcpu: Vcpu, outcome: Outcome): Outcome;
}

/** One world: vCPUs, ports, and the points of their life that a scheduler or an embedder drives. */
export class Guest {
  readonly name: string;
  readonly index: number;
  readonly vcpus: readonly Vcpu[];
  readonly levels: Levels;
  readonly midr: number;
  /** The ports as its services get them. */
  readonly ports: Ports;
  /** What stands behind the ports, for the machine. */
  readonly world: World;
  readonly #power: PowerUnit;
  readonly #specs: readonly VcpuSpec[];
  readonly #conduits = new Map<ConduitKind, GuestConduit>();
  #bus: Bus | undefined;
  #callers: readonly VcpuCaller[] = [];
  #standings: readonly Standing[] = [];
  #attachments: readonly Attachment[] = [];

  constructor(
    spec: GuestSpec,
    index: number,
    levels: Levels,
    makeWorld: (vcpus: readonly Vcpu[]) => World,
    streams: Streams,
  ) {
    this.name = spec.name;
    this.index = index;
    this.levels = levels;
    this.midr = spec.midr ?? DEFAULT_MIDR;
    this.#specs = vcpuSpecs(spec);
    this.vcpus = this.#specs.map(
      (v, i) =>
        new Vcpu({
          guest: spec.name,
          guestIndex: index,
          index: i,
          mpidr: v.mpidr ?? mpidrOf(i),
          aarch32: v.aarch32 ?? false,
          cpu: v.cpu,
        }),
    );
    this.world = makeWorld(this.vcpus);
    const { ports } = this.world;
    this.#power = new PowerUnit({
      vcpus: this.vcpus,
      levels,
      deferred: spec.deferred ?? false,
      clock: ports.clock,
      interrupts: ports.interrupts,
      changes: streams.power,
      // Indexed loops: these lie on the way of CPU_ON and CPU_OFF, and an iterator is an object.
      entered: (vcpu) => {
        for (let i = 0; i < this.#attachments.length; i++) this.#attachments[i]?.entered?.(vcpu);
      },
      offCompleted: (vcpu) => {
        for (let i = 0; i < this.#attachments.length; i++) this.#attachments[i]?.offCompleted?.(vcpu);
      },
      woke: (vcpu, resumes) => {
        for (let i = 0; i < this.#attachments.length; i++) this.#attachments[i]?.woke?.(vcpu, resumes);
      },
    });
    const changed = this.world.tellsInterrupts ? () => {} : () => this.#power.interruptsChanged();
    const interrupts = new ObservedInterrupts(spec.name, ports.interrupts, streams.interrupts, changed);
    this.ports = { ...ports, interrupts, power: this.#power };
    for (const vcpu of this.vcpus) vcpu.powerState = this.#bootPower(vcpu);
    this.#boot(false);
  }

  /** The services that serve it, level by level: outside, EL2, EL3. */
  get services(): readonly AttachedService[] {
    return this.#standings.flatMap((standing) => standing.services);
  }

  /** The default models behind its ports: undefined where the embedder brought a port of its own. */
  get models(): Models {
    return this.world.models;
  }

  /** A vCPU by its number. Throws a RangeError where there is none. */
  vcpu(index: number): Vcpu {
    const vcpu = this.vcpus[index];
    if (!vcpu) throw new RangeError(`${this.name} has ${this.vcpus.length} vCPUs, no number ${index}`);
    return vcpu;
  }

  /** A vCPU as the software on it sees it. */
  caller(index: number): Caller {
    return this.#callers[this.vcpu(index).index] as VcpuCaller;
  }

  /** The guest's conduit of a kind, always the same object; its caller is CPU 0 until somebody sets another. */
  conduit(kind: ConduitKind): GuestConduit {
    let conduit = this.#conduits.get(kind);
    if (!conduit) {
      // A name out of a device tree's blob is a string of its own: comparing it would cost as much as the call.
      conduit = new GuestConduit(callInstruction(kind) ?? kind, this.caller(0));
      this.#conduits.set(kind, conduit);
    }
    return conduit;
  }

  /** Makes a CPU the caller of all conduits: guest code runs on it from now on. */
  select(index: number): Caller {
    const caller = this.caller(index);
    for (const kind of ['hvc', 'smc']) this.conduit(kind);
    for (const conduit of this.#conduits.values()) conduit.caller = caller;
    return caller;
  }

  /** A starting CPU reaches its first instruction: its start state is loaded. False where it is not starting. */
  enter(pe: Pe): boolean {
    return this.#power.enter(pe);
  }

  /** A stopping CPU has gone. False where it is not stopping. Needed only in a guest built with `deferred`. */
  completeOff(pe: Pe): boolean {
    return this.#power.completeOff(pe);
  }

  /** A waiting CPU enters its low-power state. False where it has, or does not wait. Needed only with `deferred`. */
  enterWait(pe: Pe): boolean {
    return this.#power.enterWait(pe);
  }

  /** Wakes a waiting CPU, as {@link PowerPort.wake} does for services. */
  wake(pe: Pe): void {
    this.#power.wake(pe);
  }

  /**
   * Says that an interrupt may have become pending behind the port's back (the embedder's own controller): for one
   * vCPU by its number, or for any.
   */
  interruptsChanged(index: number = -1): void {
    this.#power.interruptsChanged(index);
  }

  /**
   * Ends the stay of a caller that a system event or an exit holds, with any outcome: `RETURNED` (results stand in its
   * registers), `RESUME` at its start state, `OFF`, an exception. Gives what came of it. Throws {@link PowerError}
   * where nothing holds it.
   */
  decide(pe: Pe, outcome: Outcome): Outcome {
    return (this.#bus as Bus).decide(this.vcpus[pe.index] as Vcpu, outcome);
  }

  /** The guest as it was built: CPUs at their boot state, services and default models reset. RAM keeps what it holds. */
  reset(): void {
    this.halt();
    this.world.reset();
    this.#boot(this.#standings.some((s) => s.level === 'el2' && s.trapsSmc));
    for (const attachment of this.#attachments) attachment.reset();
    for (const vcpu of this.vcpus) this.#power.put(vcpu, this.#bootPower(vcpu), undefined);
  }

  /** Puts all CPUs off and forgets what they wait for: services hear nothing of it. */
  halt(): void {
    for (const vcpu of this.vcpus) this.#power.put(vcpu, 'off', undefined);
  }

  /** Lets go of alarms, services and default models. */
  dispose(): void {
    this.halt();
    for (const attachment of this.#attachments) attachment.dispose?.();
    this.world.dispose();
  }

  /** The machine's part of the power port. */
  get power(): PowerUnit {
    return this.#power;
  }

  /** Called once by the machine, when the guest's services are attached. */
  stand(standings: readonly Standing[], bus: Bus): void {
    this.#standings = standings;
    this.#attachments = this.services.map(({ attachment }) => attachment);
    this.#bus = bus;
    this.#callers = this.vcpus.map((vcpu) => new VcpuCaller(vcpu, bus));
    this.#boot(standings.some((s) => s.level === 'el2' && s.trapsSmc));
  }

  #boot(trapsSmc: boolean): void {
    this.vcpus.forEach((vcpu, i) => {
      const spec = this.#specs[i] as VcpuSpec;
      boot(vcpu, this.levels, spec.boot ?? {}, spec.secure ?? false, trapsSmc);
    });
  }

  #bootPower(vcpu: Vcpu): PowerState {
    return this.#specs[vcpu.index]?.power ?? (vcpu.index === 0 ? 'running' : 'off');
  }
}

/** The vCPUs of a guest, one by one. */
export function vcpuSpecs(spec: GuestSpec): readonly VcpuSpec[] {
  return typeof spec.vcpus === 'number' ? Array.from({ length: spec.vcpus }, () => ({})) : spec.vcpus;
}
