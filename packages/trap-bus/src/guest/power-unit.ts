import {
  AGAIN,
  type ClockPort,
  type InterruptPort,
  type Outcome,
  type Pe,
  type PowerPort,
  type PowerState,
  RESUME,
  RETURNED,
  type StartState,
  type Wait,
} from '@trapline/core';
import type { Subject } from 'rxjs';
import { begin } from '../cpu/begin.js';
import type { Levels } from '../cpu/execution-state.js';
import { nextPower, type PowerEvent } from '../cpu/power.js';
import { stepOver } from '../cpu/step.js';
import type { Vcpu } from '../cpu/vcpu.js';
import type { WaitRecord } from '../cpu/wait-record.js';
import { resultOf } from '../saved/wait.js';
import type { PowerChange } from '../streams/events.js';

/** What the power unit needs of its guest. */
export interface PowerSurroundings {
  readonly vcpus: readonly Vcpu[];
  readonly levels: Levels;
  readonly deferred: boolean;
  readonly clock: ClockPort;
  readonly interrupts: InterruptPort;
  readonly changes: Subject<PowerChange>;
  entered(vcpu: Vcpu): void;
  offCompleted(vcpu: Vcpu): void;
  woke(vcpu: Vcpu, resumes: boolean): void;
}

/** What a wait comes to that has ended before its caller could be told of it. */
const WOKEN: { readonly [W in Wait['onWake']]: Outcome } = { return: RETURNED, resume: RESUME, repeat: AGAIN };

/** An impossible power change: a service started a CPU that runs, or the embedder ran one that does not. */
export class PowerError extends Error {
  override readonly name = 'PowerError';
}

/** Starts, parks and wakes the vCPUs of one guest: the one place that changes their power state. */
export class PowerUnit implements PowerPort {
  readonly #around: PowerSurroundings;
  /** vCPUs whose wait an interrupt ends and which have entered it: what an interrupt has to look at. */
  readonly #sleepers = new Set<Vcpu>();

  constructor(around: PowerSurroundings) {
    this.#around = around;
  }

  state(pe: Pe): PowerState {
    return this.#vcpu(pe).powerState;
  }

  startState(pe: Pe): StartState {
    return this.#vcpu(pe).startState;
  }

  start(pe: Pe): void {
    const vcpu = this.#vcpu(pe);
    allowed(vcpu, 'start');
    this.#forget(vcpu);
    this.#change(vcpu, 'start', undefined);
  }

  wake(pe: Pe): void {
    const vcpu = this.#vcpu(pe);
    const { wait } = vcpu;
    if (!wait || wait.decision) return;
    if (wait.entered) this.#wake(vcpu, wait);
    else wait.woken = true;
  }

  pause(pe: Pe): void {
    this.#vcpu(pe).paused = true;
  }

  unpause(pe: Pe): void {
    this.#vcpu(pe).paused = false;
  }

  /** A starting CPU reaches its first instruction; false where it is not starting. */
  enter(pe: Pe): boolean {
    const vcpu = this.#vcpu(pe);
    if (vcpu.powerState !== 'starting') return false;
    this.#around.entered(vcpu);
    begin(vcpu, this.#around.levels, vcpu.startState);
    this.#change(vcpu, 'enter', undefined);
    return true;
  }

  /** A stopping CPU has gone; false where it is not stopping. */
  completeOff(pe: Pe): boolean {
    const vcpu = this.#vcpu(pe);
    if (vcpu.powerState !== 'stopping') return false;
    this.#change(vcpu, 'gone', undefined);
    this.#around.offCompleted(vcpu);
    return true;
  }

  /** A CPU that waits enters its low-power state: wake-ups count from now on. False where there is none to enter. */
  enterWait(pe: Pe): boolean {
    const vcpu = this.#vcpu(pe);
    const { wait } = vcpu;
    if (!wait || wait.entered || wait.decision) return false;
    this.#enterWait(vcpu, wait);
    return true;
  }

  /** Powers a running CPU off. */
  off(vcpu: Vcpu): void {
    this.#change(vcpu, 'off', undefined);
    if (!this.#around.deferred) this.completeOff(vcpu);
  }

  /** Keeps a caller waiting; gives the outcome, which is that of the wake where that has come already. */
  park(vcpu: Vcpu, wait: Wait): Outcome {
    const record: WaitRecord = { wait, decision: false, entered: false, woken: false, cancel: undefined };
    vcpu.wait = record;
    this.#change(vcpu, 'wait', wait.why);
    if (!this.#around.deferred && vcpu.wait === record) this.#enterWait(vcpu, record);
    return vcpu.wait === record ? wait : WOKEN[wait.onWake];
  }

  /** Keeps a caller until the embedder has decided. */
  hold(vcpu: Vcpu, why: string): WaitRecord {
    const wait: Wait = { kind: 'wait', until: 'never', onWake: 'return', why };
    const record: WaitRecord = { wait, decision: true, entered: true, woken: false, cancel: undefined };
    vcpu.wait = record;
    this.#change(vcpu, 'wait', why);
    return record;
  }

  /** Lets a held caller go on; false where it is not held. */
  release(vcpu: Vcpu): boolean {
    if (!vcpu.wait?.decision) return false;
    vcpu.wait = undefined;
    this.#change(vcpu, 'wake', undefined);
    return true;
  }

  /**
   * An interrupt may have become pending: for one CPU, or, where `index` is negative or absent, for any. Wakes those
   * that have one, masked or not.
   */
  interruptsChanged(index: number = -1): void {
    if (index < 0) {
      for (const vcpu of this.#sleepers) this.#wakeIfPending(vcpu);
      return;
    }
    const vcpu = this.#around.vcpus[index];
    if (vcpu?.wait !== undefined && this.#sleepers.has(vcpu)) this.#wakeIfPending(vcpu);
  }

  #wakeIfPending(vcpu: Vcpu): void {
    if (this.#around.interrupts.pending(vcpu)) this.wake(vcpu);
  }

  /** Forgets all waits and puts a state, without any event of its life: for reset and restore. */
  put(vcpu: Vcpu, state: PowerState, record: WaitRecord | undefined): void {
    this.#forget(vcpu);
    const from = vcpu.powerState;
    vcpu.powerState = state;
    vcpu.wait = record;
    if (record?.entered && !record.decision) this.#arm(vcpu, record);
    if (from !== state) this.#tell(vcpu, from, record?.wait.why);
  }

  #enterWait(vcpu: Vcpu, record: WaitRecord): void {
    const { wait } = record;
    record.entered = true;
    const { clock, interrupts } = this.#around;
    const late = wait.deadline !== undefined && clock.now() >= wait.deadline;
    if (record.woken || late || (wait.until === 'interrupt' && interrupts.pending(vcpu))) this.#wake(vcpu, record);
    else this.#arm(vcpu, record);
  }

  #arm(vcpu: Vcpu, record: WaitRecord): void {
    const { wait } = record;
    if (wait.until === 'interrupt') this.#sleepers.add(vcpu);
    if (wait.deadline === undefined) return;
    record.cancel = this.#around.clock.at(wait.deadline, () => {
      record.cancel = undefined;
      if (vcpu.wait === record) this.#wake(vcpu, record);
    });
  }

  #wake(vcpu: Vcpu, record: WaitRecord): void {
    const { wait } = record;
    this.#around.woke(vcpu, wait.onWake === 'resume');
    if (vcpu.wait !== record) return;
    this.#forget(vcpu);
    if (wait.onWake === 'resume') begin(vcpu, this.#around.levels, vcpu.startState);
    else if (wait.onWake === 'return') {
      wait.results?.forEach((value, i) => {
        vcpu.x[i] = BigInt.asUintN(64, resultOf(value));
      });
      stepOver(vcpu);
    }
    this.#change(vcpu, 'wake', undefined);
  }

  #forget(vcpu: Vcpu): void {
    if (vcpu.wait === undefined) return;
    vcpu.wait.cancel?.();
    vcpu.wait = undefined;
    this.#sleepers.delete(vcpu);
  }

  #change(vcpu: Vcpu, event: PowerEvent, why: string | undefined): void {
    const from = vcpu.powerState;
    const to = allowed(vcpu, event);
    vcpu.powerState = to;
    if (from !== to) this.#tell(vcpu, from, why);
  }

  #tell(vcpu: Vcpu, from: PowerState, why: string | undefined): void {
    const { changes } = this.#around;
    if (changes.observed) changes.next({ guest: vcpu.guest, vcpu: vcpu.index, from, to: vcpu.powerState, why });
    vcpu.cpu?.power?.(vcpu, vcpu.powerState);
  }

  #vcpu(pe: Pe): Vcpu {
    return this.#around.vcpus[pe.index] as Vcpu;
  }
}

function allowed(vcpu: Vcpu, event: PowerEvent): PowerState {
  const to = nextPower(vcpu.powerState, event);
  if (to) return to;
  throw new PowerError(`${vcpu.guest}: CPU ${vcpu.index} is ${vcpu.powerState} and cannot ${event}`);
}
