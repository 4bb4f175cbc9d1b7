import {
  type ConduitKind,
  type Dispatcher,
  type Door,
  type Outcome,
  RETURNED,
  UNCLAIMED,
  UNDEFINED_INSTRUCTION,
} from '@trapline/core';
import type { Subject } from 'rxjs';
import { begin } from '../cpu/begin.js';
import { stepOver } from '../cpu/step.js';
import type { Vcpu } from '../cpu/vcpu.js';
import type { Guest } from '../guest/guest.js';
import { PowerError } from '../guest/power-unit.js';
import type { Answerer, Standing } from '../guest/standing.js';
import { ROUTES, type Route } from '../rules/routing.js';
import { A32_KEY, conduitKey, routingKey, routingTable } from '../rules/routing-table.js';
import { CallEvent, copyRegisters } from '../streams/call-event.js';
import { inject, takeCall } from './injection.js';
import type { Interceptions } from './interception.js';
import type { UnclaimedHandler } from './spec.js';

/** Who answered a call, noted on its way where somebody looks. */
interface Way {
  answerer: Answerer | undefined;
  overridden: boolean;
}

/** What a machine shares among the lanes of its guests. */
export interface Shared {
  readonly calls: Subject<CallEvent>;
  readonly interceptions: Interceptions;
  readonly onUnclaimed: UnclaimedHandler | undefined;
}

/** The way of one guest's calls: from the instruction, by the architecture's rules, to the service, and its outcome. */
export class Lane {
  readonly guest: Guest;
  readonly outside: Standing | undefined;
  readonly el2: Standing | undefined;
  readonly el3: Standing | undefined;
  readonly #shared: Shared;
  readonly #calls: Subject<CallEvent>;
  readonly #table: Uint8Array;
  /** Who answers without further ado: for each of the table's routes by HVC, then by SMC. */
  readonly #doors: readonly (Door | undefined)[];
  readonly #intercepted = new Map<Standing, Dispatcher>();
  /** Whether the rules come first and nobody looks on: no service outside, no interception, no observer. */
  #plain: boolean;

  constructor(guest: Guest, standings: readonly Standing[], shared: Shared) {
    this.guest = guest;
    this.#shared = shared;
    this.#calls = shared.calls;
    this.outside = standings.find(({ level }) => level === 'outside');
    this.el2 = standings.find(({ level }) => level === 'el2');
    this.el3 = standings.find(({ level }) => level === 'el3');
    this.#table = routingTable(guest.levels.hasEl2, guest.levels.hasEl3);
    this.#doors = [...ROUTES, undefined].flatMap((taken) => {
      const dispatcher = taken && this.#standingOf(taken)?.dispatcher;
      return [dispatcher?.door('hvc'), dispatcher?.door('smc')];
    });
    this.#plain = this.outside === undefined;
  }

  /** Told when interceptions or observers come or go. */
  onlookersChanged(): void {
    this.#plain = this.outside === undefined && !this.#watched;
  }

  get #watched(): boolean {
    return this.#calls.observed || this.#shared.interceptions.active;
  }

  /** Which route the rules give for an instruction that `vcpu` executes now; undefined for an instruction of its own. */
  routeOf(vcpu: Vcpu, conduit: ConduitKind): Route | undefined {
    return ROUTES[this.#table[vcpu.circumstances | conduitKey(conduit)] as number];
  }

  trap(vcpu: Vcpu, conduit: ConduitKind, immediate: number): Outcome {
    // Compared, as a bare condition would be a question after every kind of value.
    if (this.#plain !== true || vcpu.running !== true) return this.#trapOtherwise(vcpu, conduit, immediate);
    const key = vcpu.circumstances | conduitKey(conduit);
    const taken = this.#table[key] as number;
    const door = this.#doors[(taken << 1) | (key & 1)];
    if (door === undefined) return this.#route(vcpu, conduit, immediate, undefined);
    const outcome = door.dispatch(vcpu, immediate, (key & A32_KEY) === 0);
    if (outcome === RETURNED) {
      stepOver(vcpu);
      return outcome;
    }
    return this.#carryOut(vcpu, conduit, immediate, this.#standingOf(ROUTES[taken] as Route), outcome, undefined);
  }

  /** Carries out what a held caller's embedder has decided. */
  decide(vcpu: Vcpu, outcome: Outcome): Outcome {
    if (!this.guest.power.release(vcpu)) {
      throw new PowerError(`${vcpu.guest}: CPU ${vcpu.index} is ${vcpu.powerState}: nothing is to be decided about it`);
    }
    const undecided = outcome.kind === 'forward' || outcome.kind === 'unclaimed';
    return this.#carryOut(vcpu, 'hvc', 0, undefined, undecided ? UNDEFINED_INSTRUCTION : outcome, undefined);
  }

  #trapOtherwise(vcpu: Vcpu, conduit: ConduitKind, immediate: number): Outcome {
    if (this.#watched || !vcpu.running || !this.outside) return this.#trapWatched(vcpu, conduit, immediate);
    if (!this.outsideHears(vcpu, conduit)) return this.#route(vcpu, conduit, immediate, undefined);
    const outcome = this.outside.dispatcher.dispatch(vcpu, conduit, immediate);
    if (outcome === UNCLAIMED) return this.#route(vcpu, conduit, immediate, undefined);
    return this.#carryOut(vcpu, conduit, immediate, this.outside, outcome, undefined);
  }

  #trapWatched(vcpu: Vcpu, conduit: ConduitKind, immediate: number): Outcome {
    if (!vcpu.running) {
      throw new PowerError(`${vcpu.guest}: CPU ${vcpu.index} is ${vcpu.powerState} and executes no ${conduit}`);
    }
    const way: Way = { answerer: undefined, overridden: false };
    const before = copyRegisters(vcpu);
    const a64 = vcpu.state === 'a64';
    const outcome = this.#answer(vcpu, conduit, immediate, way);
    if (this.#calls.observed) {
      const { answerer, overridden } = way;
      this.#calls.next(new CallEvent(vcpu, a64, conduit, immediate, before, answerer, overridden, outcome));
    }
    return outcome;
  }

  #answer(vcpu: Vcpu, conduit: ConduitKind, immediate: number, way: Way): Outcome {
    if (this.outside && this.outsideHears(vcpu, conduit)) {
      const outcome = this.#ask(this.outside, vcpu, conduit, immediate, way);
      if (outcome !== UNCLAIMED) return this.#carryOut(vcpu, conduit, immediate, this.outside, outcome, way);
    }
    return this.#route(vcpu, conduit, immediate, way);
  }

  /**
   * Whether a service outside is asked at all. EL0's HVC and SMC are undefined before any call is looked for, and a guest's
   * EL2 may keep its EL1 from calling by HCR_EL2.TSC (QEMU, target/arm/op_helper.c, pre_smc).
   */
  outsideHears(vcpu: Vcpu, conduit: ConduitKind): boolean {
    const route = this.routeOf(vcpu, conduit);
    return route === undefined || (vcpu.el !== 0 && route !== 'el2-trap');
  }

  /** The call's way by the rules, where no service outside took it. */
  #route(vcpu: Vcpu, conduit: ConduitKind, immediate: number, way: Way | undefined): Outcome {
    const route = this.routeOf(vcpu, conduit);
    if (route === undefined) return this.#routeTrapped(vcpu, conduit, immediate, way);
    const standing = this.#standingOf(route);
    if (standing) {
      const outcome = this.#ask(standing, vcpu, conduit, immediate, way);
      return this.#carryOut(vcpu, conduit, immediate, standing, outcome, way);
    }
    if (route === 'el2' || route === 'el2-trap' || route === 'el3') {
      return this.#unclaimed(vcpu, conduit, immediate, way);
    }
    return this.#carryOut(vcpu, conduit, immediate, undefined, UNDEFINED_INSTRUCTION, way);
  }

  /** An instruction other than HVC and SMC that traps (a system register access): EL2 is asked, then EL3. */
  #routeTrapped(vcpu: Vcpu, conduit: ConduitKind, immediate: number, way: Way | undefined): Outcome {
    for (const standing of [this.el2, this.el3]) {
      if (!standing) continue;
      const outcome = this.#ask(standing, vcpu, conduit, immediate, way);
      if (outcome !== UNCLAIMED) return this.#carryOut(vcpu, conduit, immediate, standing, outcome, way);
    }
    return this.#unclaimed(vcpu, conduit, immediate, way);
  }

  #ask(standing: Standing, vcpu: Vcpu, conduit: ConduitKind, immediate: number, way: Way | undefined): Outcome {
    if (!way) return standing.dispatcher.dispatch(vcpu, conduit, immediate);
    way.answerer = standing.who(vcpu, conduit, immediate);
    const { interceptions } = this.#shared;
    if (!interceptions.active) return standing.dispatcher.dispatch(vcpu, conduit, immediate);
    interceptions.overrode = false;
    const outcome = this.#interceptedOf(standing).dispatch(vcpu, conduit, immediate);
    way.overridden = interceptions.overrode;
    return outcome;
  }

  #interceptedOf(standing: Standing): Dispatcher {
    let dispatcher = this.#intercepted.get(standing);
    if (!dispatcher) {
      const { interceptions } = this.#shared;
      dispatcher = standing.around((handler, answerer) => interceptions.before(this.guest.name, handler, answerer));
      this.#intercepted.set(standing, dispatcher);
    }
    return dispatcher;
  }

  #carryOut(
    vcpu: Vcpu,
    conduit: ConduitKind,
    immediate: number,
    standing: Standing | undefined,
    outcome: Outcome,
    way: Way | undefined,
  ): Outcome {
    const { power, levels, ports } = this.guest;
    switch (outcome.kind) {
      case 'returned':
        stepOver(vcpu);
        return outcome;
      case 'redirected':
      case 'again':
        return outcome;
      case 'wait':
        return power.park(vcpu, outcome);
      case 'off':
        power.off(vcpu);
        return outcome;
      case 'resume':
        begin(vcpu, levels, vcpu.startState);
        return outcome;
      case 'system':
        power.hold(vcpu, `system ${outcome.event}`);
        ports.system.raise(outcome, vcpu);
        return outcome;
      case 'inject':
        inject(vcpu, levels, outcome);
        return outcome;
      case 'exit':
        power.hold(vcpu, outcome.reason);
        return outcome;
      case 'forward':
        return this.#forward(vcpu, conduit, immediate, standing, way);
      default:
        return this.#unclaimed(vcpu, conduit, immediate, way);
    }
  }

  /** EL2 passes the call on as its own `smc #0`, which its own rules may send nowhere (no EL3, SMD). */
  #forward(
    vcpu: Vcpu,
    conduit: ConduitKind,
    immediate: number,
    from: Standing | undefined,
    way: Way | undefined,
  ): Outcome {
    if (from !== this.el2 || !from || !this.el3 || !this.#el2ReachesEl3(vcpu)) {
      return this.#unclaimed(vcpu, conduit, immediate, way);
    }
    const outcome = this.#ask(this.el3, vcpu, 'smc', 0, way);
    return this.#carryOut(vcpu, conduit, immediate, this.el3, outcome, way);
  }

  #el2ReachesEl3(vcpu: Vcpu): boolean {
    const { hcr, scr, secure, state } = vcpu;
    return ROUTES[this.#table[routingKey({ el: 2, hcr, scr, secure, state }, 'smc')] as number] === 'el3';
  }

  /** No service takes it: the embedder may; else the guest's own software at that level, else it is undefined. */
  #unclaimed(vcpu: Vcpu, conduit: ConduitKind, immediate: number, way: Way | undefined): Outcome {
    const taken = this.#shared.onUnclaimed?.(vcpu, conduit, immediate) ?? UNCLAIMED;
    if (taken.kind !== 'unclaimed' && taken.kind !== 'forward') {
      if (way) way.overridden = true;
      return this.#carryOut(vcpu, conduit, immediate, undefined, taken, way);
    }
    const route = this.routeOf(vcpu, conduit);
    const owned = route === 'el3' ? !this.el3 : (route === 'el2' || route === 'el2-trap') && !this.el2;
    if (owned) return takeCall(vcpu, this.guest.levels, conduit as 'hvc' | 'smc', immediate, route as 'el2');
    return this.#carryOut(vcpu, conduit, immediate, undefined, UNDEFINED_INSTRUCTION, way);
  }

  #standingOf(route: Route): Standing | undefined {
    if (route === 'el2' || route === 'el2-trap') return this.el2;
    return route === 'el3' ? this.el3 : undefined;
  }
}
