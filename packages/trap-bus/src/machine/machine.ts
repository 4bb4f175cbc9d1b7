import {
  type ConduitKind,
  type Outcome,
  RETURNED,
  type RunningService,
  type Saved,
  type Service,
} from '@trapline/core';
import type { Observable } from 'rxjs';
import { stepBack, stepOver } from '../cpu/step.js';
import type { Vcpu } from '../cpu/vcpu.js';
import type { Guest } from '../guest/guest.js';
import type { Answerer } from '../guest/standing.js';
import type { VirtualClock } from '../models/clock.js';
import { conditionHolds, decodeSyndrome } from '../rules/syndrome.js';
import { restoreMachine, saveMachine } from '../saved/machine.js';
import type { CallEvent } from '../streams/call-event.js';
import type { InterruptChange, PowerChange } from '../streams/events.js';
import type { Streams } from '../streams/streams.js';
import { explainCall, whoAnswers } from './explain.js';
import type { CallFilter, Disposable, InterceptHandler, Interceptions } from './interception.js';
import type { Lane } from './lane.js';

/** A service as it runs in a machine, for all guests that it serves. */
export interface Running {
  readonly service: Service;
  readonly running: RunningService;
}

/** Everything that {@link createMachine} puts together. */
export interface MachineParts {
  readonly lanes: readonly Lane[];
  readonly running: readonly Running[];
  readonly streams: Streams;
  readonly calls$: Observable<CallEvent>;
  readonly interceptions: Interceptions;
  readonly clock: VirtualClock;
}

/** Guests, their services, and the architecture's rules between them. Made by {@link createMachine}. */
export class Machine {
  readonly guests: readonly Guest[];
  /** Every call, after it was answered. */
  readonly calls$: Observable<CallEvent>;
  /** Every change of a vCPU's power state. */
  readonly power$: Observable<PowerChange>;
  /** Every interrupt line that a service, a model or the embedder drove through a guest's port. */
  readonly interrupts$: Observable<InterruptChange>;
  /** The default clock of guests that bring none: time moves when it is told to. */
  readonly clock: VirtualClock;
  readonly #parts: MachineParts;
  readonly #lanes: readonly Lane[];

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.clock = parts.clock;
    this.#lanes = parts.lanes;
    this.guests = parts.lanes.map((lane) => lane.guest);
    this.calls$ = parts.calls$;
    this.power$ = parts.streams.power.asObservable();
    this.interrupts$ = parts.streams.interrupts.asObservable();
  }

  /** The guest of a name. Throws a RangeError where there is none. */
  guest(name: string): Guest {
    const guest = this.guests.find((g) => g.name === name);
    if (guest) return guest;
    throw new RangeError(`no guest ${name}: there are ${this.guests.map((g) => g.name).join(', ')}`);
  }

  /**
   * Carries a call over: `vcpu` executes HVC, SMC or another trapped instruction, its PC at the instruction. What came
   * of it is done to the vCPU when this returns; the outcome tells it in a word.
   *
   * Throws {@link PowerError} for a vCPU that does not run.
   */
  trap(vcpu: Vcpu, conduit: ConduitKind, immediate: number): Outcome {
    return (this.#lanes[vcpu.guestIndex] as Lane).trap(vcpu, conduit, immediate);
  }

  /**
   * The same for whoever has taken the exception already and holds its syndrome, with the vCPU's registers as the
   * caller left them and PC at the preferred return address (ELR_ELx). Undefined for a syndrome that is no call.
   *
   * An AArch32 SMC trapped under a condition that does not hold is stepped over.
   */
  trapSyndrome(vcpu: Vcpu, esr: number): Outcome | undefined {
    const call = decodeSyndrome(esr);
    if (!call) return undefined;
    if (call.condition !== undefined && !conditionHolds(call.condition, vcpu.pstate)) {
      stepOver(vcpu);
      return RETURNED;
    }
    const route = this.#laneOf(vcpu).routeOf(vcpu, call.conduit);
    if (route === 'el2' || route === 'el3') stepBack(vcpu);
    return this.trap(vcpu, call.conduit, call.immediate);
  }

  /** Who would answer a call that the vCPU made now. Undefined where nobody claims it. */
  who(vcpu: Vcpu, conduit: ConduitKind, immediate: number): Answerer | undefined {
    return whoAnswers(this.#laneOf(vcpu), vcpu, conduit, immediate);
  }

  /** The way of a call that the vCPU made now, in words. */
  explain(vcpu: Vcpu, conduit: ConduitKind, immediate: number): string {
    return explainCall(this.#laneOf(vcpu), vcpu, conduit, immediate);
  }

  /** Overrides or vetoes calls, until disposed of. Interceptions are asked in the order in which they came. */
  intercept(filter: CallFilter, handler: InterceptHandler): Disposable {
    return this.#parts.interceptions.add(filter, handler);
  }

  /** All state as plain data that JSON can hold: a format with a name and a version. */
  save(): Saved {
    return saveMachine(this.#parts);
  }

  /** Takes back what {@link save} of a machine of the same composition gave. Throws {@link RestoreError} otherwise. */
  restore(saved: Saved): void {
    restoreMachine(this.#parts, saved);
  }

  /** Resets all guests. */
  reset(): void {
    for (const guest of this.guests) guest.reset();
  }

  /** Lets go of everything: alarms, streams, services, default models. */
  dispose(): void {
    for (const guest of this.guests) guest.dispose();
    for (const { running } of this.#parts.running) running.dispose?.();
    this.#parts.interceptions.clear();
    this.#parts.streams.complete();
  }

  #laneOf(vcpu: Vcpu): Lane {
    return this.#lanes[vcpu.guestIndex] as Lane;
  }
}
