import type { Pe, Ports } from '@trapline/core';
import type { Environment, PortTraffic, Step, Subject } from '@trapline/recordings';
import type { CallEvent, Guest, Machine, PowerChange, Vcpu } from '@trapline/trap-bus';
import { hex } from '../registers/hex.js';
import { TappedMemory } from '../tap/tapped-memory.js';
import { type CallerState, callerState, callStep, entryStep, type Halves, returnStep } from './caller-steps.js';
import { StepTraffic } from './step-traffic.js';
import { TappedClock, TappedInterrupts, TappedRandom } from './tapped-ports.js';

/** The ports that a recorder listens at. */
export type RecordedPorts = Pick<Ports, 'memory' | 'interrupts' | 'clock' | 'random'>;

/** What a trace says of itself. */
export interface TraceSubject {
  /** Who answered, so that whoever replays can compose the same. */
  readonly subject: Subject;
  /** Who recorded whom, in words. */
  readonly oracle: string;
  /** The date, as 2026-12-31. */
  readonly recorded: string;
}

/** What the host does on its own account: steps of the kind `vmm`. */
interface HostAction {
  readonly action: string;
  readonly [field: string]: unknown;
}

/** Hears of every use of a disk. */
export interface MediumTap {
  found(position: number, bytes: Uint8Array): void;
  put(position: number, bytes: Uint8Array): void;
}

/** What the trace has to say of a CPU that waits. */
interface Absence {
  readonly before: Halves;
  readonly a64: boolean;
  readonly onWake: 'return' | 'resume' | 'repeat';
}

/** Where host work is told that nobody announced. */
export const OTHER_WORK = 'other';

/**
 * Writes down what happens between one guest and its services, in the format of `@trapline/recordings`: a step a line,
 * as it happens, with everything that passed the guest's ports meanwhile. `replay` plays it by {@link tracedMachine}.
 *
 * 1. {@link ports} gives the ports that the guest is composed with.
 * 2. {@link connect} once the machine is built.
 * 3. {@link start} once the guest's memory is loaded, before its first instruction.
 * 4. {@link act} does what the host does beside the guest's calls.
 * 5. {@link close} makes the text whole.
 *
 * Calls of several CPUs stand in the order in which they were answered. Time stands still while a step is answered. A
 * trace ends with the call that ends the machine, or asks for its reset.
 */
export class TraceRecorder {
  readonly #write: (text: string) => void;
  readonly #about: TraceSubject;
  readonly #traffic = new StepTraffic();
  #guest: Guest | undefined = undefined;
  #ports: RecordedPorts | undefined = undefined;
  #phase: 'composing' | 'loading' | 'running' | 'closed' = 'composing';
  /** Something is being answered: what comes of it follows its step. */
  #busy = false;
  #following: Step[] = [];
  /** What the host does once it is answered. */
  readonly #waiting: (() => void)[] = [];
  #callers = new Map<number, CallerState>();
  #caller: CallerState | undefined = undefined;
  readonly #away = new Map<number, Absence>();
  #steps = 0;
  /** Listens no longer. */
  #leave: () => void = () => {};

  /** `write` is handed the text piece by piece. */
  constructor(write: (text: string) => void, about: TraceSubject) {
    this.#write = write;
    this.#about = about;
  }

  /** The same ports, listened at. They show neither views of memory nor pages to map. */
  ports(inner: RecordedPorts): RecordedPorts {
    const traffic = this.#traffic;
    this.#ports = {
      memory: new TappedMemory(inner.memory, traffic),
      interrupts: new TappedInterrupts(inner.interrupts, traffic),
      clock: new TappedClock(inner.clock, traffic, (time, fire) => {
        this.#turn({ op: 'alarm', at: hex(time) }, fire);
      }),
      random: new TappedRandom(inner.random, traffic),
    };
    return this.#ports;
  }

  /** A disk that the services read and write: tell it what was found there, and what was put. */
  medium(): MediumTap {
    const number = this.#traffic.addMedium();
    return {
      found: (position, bytes) => this.#traffic.foundOn(number, position, bytes),
      put: (position, bytes) => this.#traffic.putOn(number, position, bytes),
    };
  }

  /** Listens to a guest that was composed with {@link ports}. */
  connect(machine: Machine, guest: Guest): void {
    const { name } = guest;
    this.#guest = guest;
    this.#phase = 'loading';
    // What a loader puts is the guest's: a trace tells of it where a service looks.
    this.#traffic.hears = 'no memory';
    const before = machine.intercept({ guest: name }, ({ pe }) => {
      this.#called(pe);
      return undefined;
    });
    const calls = machine.calls$.subscribe((event) => {
      if (event.guest === name) this.#answered(event);
    });
    const power = machine.power$.subscribe((change) => {
      if (change.guest === name) this.#power(change);
    });
    this.#leave = () => {
      before.dispose();
      calls.unsubscribe();
      power.unsubscribe();
    };
  }

  /** The guest begins: what its machine is like is written. */
  start(): void {
    const { clock } = this.#ports as RecordedPorts;
    clock.now();
    clock.counter();
    clock.wall();
    const { time = {}, random } = this.#traffic.take();
    const environment = this.#environment({ time, ...(random !== undefined && { random }) });
    const head = JSON.stringify({ ...this.#about, environment });
    this.#write(`${head.slice(0, -1)},"scenarios":[{"id":"trace","fresh":true,"steps":[`);
    this.#phase = 'running';
    this.#traffic.hears = 'all';
  }

  /**
   * Does what the host does of itself, as a step: whoever replays has an action of that name. What comes up while a call
   * is answered is done right after it.
   */
  act(what: HostAction, work: () => void): void {
    if (this.#busy && this.#phase === 'running') this.#waiting.push(() => this.act(what, work));
    else this.#turn({ op: 'vmm', ...what }, work);
  }

  /** Ends the text. Nothing is written or kept any more, and the ports are as they were. */
  close(): void {
    if (this.#phase === 'running') this.#write('\n]}]}\n');
    this.#phase = 'closed';
    this.#traffic.hears = 'nothing';
    this.#leave();
    this.#traffic.take();
  }

  #environment(ports: Pick<PortTraffic, 'time' | 'random'>): Environment {
    const guest = this.#guest as Guest;
    const { memory, clock } = this.#ports as RecordedPorts;
    const [first] = guest.vcpus as readonly [Vcpu];
    const regions = memory.regions ?? [];
    return {
      cpus: guest.vcpus.length,
      mpidr: guest.vcpus.map(({ mpidr }) => hex(mpidr)),
      guestWidth: first.state === 'a64' ? 64 : 32,
      callerEL: first.el === 2 ? 2 : 1,
      el2: guest.levels.hasEl2,
      el3: guest.levels.hasEl3,
      fill: { regs: {} },
      traced: {
        guest: guest.name,
        midr: hex(guest.midr),
        frequency: clock.frequency,
        regions: regions.map(({ base, size }) => ({ base: hex(BigInt(base)), size: hex(BigInt(size)) })),
        ports,
      },
    };
  }

  #called(pe: Pe): void {
    if (this.#busy || this.#phase !== 'running') return;
    this.#stray();
    this.#busy = true;
    this.#caller = callerState(pe as Vcpu);
  }

  #answered(event: CallEvent): void {
    if (this.#phase !== 'running') return;
    const { vcpu: cpu, outcome, before, a64 } = event;
    const vcpu = this.#vcpu(cpu);
    const at = this.#caller;
    if (outcome.kind === 'wait') this.#away.set(cpu, { before, a64, onWake: outcome.onWake });
    this.#step({ ...callStep(event, vcpu, at, this.#callers.get(cpu)), ...this.#traffic.take() });
    // Whoever does not go on behind its call may go on in any state.
    if (outcome.kind === 'returned') this.#callers.set(cpu, callerState(vcpu));
    else this.#callers.delete(cpu);
    this.#caller = undefined;
    this.#done();
    if (outcome.kind === 'system') this.close();
  }

  #power({ vcpu: cpu, from, to }: PowerChange): void {
    if (this.#phase !== 'running') return;
    if (to !== 'running') {
      if (from === 'waiting') this.#away.delete(cpu);
      return;
    }
    this.#callers.delete(cpu);
    if (from === 'starting') this.#follows(entryStep(this.#vcpu(cpu)));
    const absence = this.#away.get(cpu);
    if (from !== 'waiting' || absence === undefined) return;
    this.#away.delete(cpu);
    const { before, a64, onWake } = absence;
    const vcpu = this.#vcpu(cpu);
    this.#follows(onWake === 'resume' ? entryStep(vcpu) : returnStep(vcpu, before, a64));
  }

  #turn(step: Step, work: () => void): void {
    if (this.#busy || this.#phase !== 'running') {
      work();
      return;
    }
    this.#stray();
    this.#busy = true;
    try {
      work();
    } finally {
      this.#step({ ...step, ...this.#traffic.take() } as Step);
      this.#done();
    }
  }

  /** A CPU goes on: because of what is being answered, or of itself. */
  #follows(step: Step): void {
    if (this.#busy) this.#following.push(step);
    else this.#step({ ...step, ...this.#traffic.take() } as Step);
  }

  #done(): void {
    this.#busy = false;
    for (const step of this.#following.splice(0)) this.#step(step);
    for (const act of this.#waiting.splice(0)) act();
  }

  /** What passed the ports outside of any step that is known here. */
  #stray(): void {
    const { matters } = this.#traffic;
    const traffic = this.#traffic.take();
    if (matters) this.#step({ op: 'vmm', action: OTHER_WORK, ...traffic });
  }

  #step(step: Step): void {
    if (this.#phase === 'running') this.#write(`${this.#steps++ === 0 ? '' : ','}\n${JSON.stringify(step)}`);
  }

  #vcpu(index: number): Vcpu {
    return (this.#guest as Guest).vcpu(index);
  }
}
