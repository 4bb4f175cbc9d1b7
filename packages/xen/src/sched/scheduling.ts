import type { Outcome, Pe, Saved, Wait } from '@trapline/core';
import { RUNSTATE } from '../abi/structures/vcpu.js';
import type { Domain } from '../domain/domain.js';
import { SavedState } from '../domain/saved-state.js';
import { RunStates } from './run-states.js';
import { Watchdogs } from './watchdogs.js';

const BLOCKED: Wait = {
  kind: 'wait',
  until: 'interrupt',
  onWake: 'return',
  results: ['0x0'],
  why: 'SCHEDOP_block',
};
const POLLING: Wait = { ...BLOCKED, why: 'SCHEDOP_poll' };
/** What is pending already does not end this one, as the caller has masked it: the bus would wake it at once. */
const POLLING_MASKED: Wait = { ...POLLING, until: 'service' };

/** What a vCPU polls: nothing, any of several ports, or one. */
const NO_PORT = 0;
const ANY_PORT = -1;

/** PSTATE.I and CPSR.I. */
export const PSTATE_I = 0x80;

/** When the vCPUs of one domain run: blocking, polling, waking, interrupts into them, and the account of it all. */
export class Scheduling {
  readonly runStates: RunStates;
  readonly watchdogs: Watchdogs;
  readonly #domain: Domain;
  /** vCPUs that a service of Xen keeps waiting until something is injected (VPF_blocked). */
  readonly #blocked: Uint8Array;
  readonly #polled: Int32Array;
  readonly #pinned: Uint8Array;
  #pollers = 0;

  constructor(domain: Domain) {
    this.#domain = domain;
    this.#blocked = new Uint8Array(domain.vcpus.length);
    this.#polled = new Int32Array(domain.vcpus.length);
    this.#pinned = new Uint8Array(domain.vcpus.length);
    this.runStates = new RunStates(domain);
    this.watchdogs = new Watchdogs(domain);
  }

  /** Whether a vCPU is off (VPF_down): from its CPU_OFF on, until its CPU_ON. */
  isDown(vcpu: number): boolean {
    const { guest } = this.#domain;
    const pe = guest?.pes[vcpu];
    if (guest === undefined || pe === undefined) return true;
    const state = guest.ports.power.state(pe);
    return state === 'off' || state === 'stopping';
  }

  /**
   * Makes a private interrupt pending, and wakes the vCPU even where it has that interrupt disabled (vgic_inject_irq,
   * vcpu_kick). One that is off is not interrupted, and does not find the interrupt later.
   */
  interrupt(vcpu: number, intid: number): void {
    const { guest } = this.#domain;
    const pe = guest?.pes[vcpu];
    if (guest === undefined || pe === undefined) return;
    const state = guest.ports.power.state(pe);
    if (state !== 'running' && (state === 'off' || state === 'stopping')) return;
    guest.ports.interrupts.pulse(pe, intid);
    this.unblock(vcpu);
  }

  /**
   * Whether an interrupt or an upcall keeps a vCPU from sleeping (local_events_need_delivery_nomask). An upcall counts
   * where its interrupt is not on its way: handled without the upcall being taken note of, or never injected because the
   * vCPU was off.
   */
  hasWork(vcpu: number): boolean {
    const { guest, events, vcpuInfos } = this.#domain;
    const pe = guest?.pes[vcpu];
    if (guest === undefined || pe === undefined) return false;
    const { interrupts } = guest.ports;
    if (interrupts.pending(pe)) return true;
    return vcpuInfos.isPending(vcpu) && interrupts.inFlight?.(pe, events.interrupt) === false;
  }

  /** Whether a vCPU waits for an event or an interrupt (VPF_blocked). */
  isBlocked(vcpu: number): boolean {
    return this.#blocked[vcpu] === 1;
  }

  /** Blocks a vCPU until an interrupt is injected. */
  block(vcpu: number): Outcome {
    this.suspended(vcpu);
    return BLOCKED;
  }

  /** A vCPU waits in a call that is not this room's (CPU_SUSPEND), in which an injected interrupt wakes it as well. */
  suspended(vcpu: number): void {
    this.#blocked[vcpu] = 1;
    this.runStates.enter(vcpu, RUNSTATE.blocked);
  }

  /** Blocks a vCPU until a port of those it polls has an event: `port` where it polls only one. */
  poll(vcpu: number, port: number | undefined, deadline: bigint | undefined): Outcome {
    const wait = this.hasWork(vcpu) ? POLLING_MASKED : POLLING;
    this.suspended(vcpu);
    this.#polled[vcpu] = port ?? ANY_PORT;
    this.#pollers++;
    return deadline === undefined ? wait : { ...wait, deadline };
  }

  /** A port has an event, masked or not: wakes those who poll it (evtchn_check_pollers). */
  wakePollers(port: number): void {
    if (this.#pollers === 0) return;
    for (let vcpu = 0; vcpu < this.#polled.length; vcpu++) {
      const polled = this.#polled[vcpu];
      if (polled === port || polled === ANY_PORT) this.unblock(vcpu);
    }
  }

  /** Lets a vCPU go on that waits for an event or an interrupt. */
  unblock(vcpu: number): void {
    if (this.#blocked[vcpu] === 0) return;
    const { guest } = this.#domain;
    const pe = guest?.pes[vcpu];
    this.#clear(vcpu);
    if (guest !== undefined && pe !== undefined) guest.ports.power.wake(pe);
  }

  /** The bus says that a waiting vCPU wakes, whoever woke it. */
  woke(pe: Pe): void {
    this.#clear(pe.index);
    this.runStates.enter(pe.index, RUNSTATE.running);
  }

  /** The bus says that a vCPU begins its life. */
  entered(pe: Pe): void {
    this.#clear(pe.index);
    this.runStates.enter(pe.index, RUNSTATE.running);
  }

  /** The bus says that a vCPU has gone. */
  offCompleted(pe: Pe): void {
    this.#clear(pe.index);
    this.runStates.enter(pe.index, RUNSTATE.offline);
  }

  /** SCHEDOP_pin_override's state of a vCPU; false where it is so already. */
  pin(vcpu: number, pinned: boolean): boolean {
    if ((this.#pinned[vcpu] !== 0) === pinned) return false;
    this.#pinned[vcpu] = pinned ? 1 : 0;
    return true;
  }

  reset(): void {
    this.#blocked.fill(0);
    this.#polled.fill(NO_PORT);
    this.#pinned.fill(0);
    this.#pollers = 0;
    this.runStates.reset();
    this.watchdogs.reset();
  }

  /** The domain dies: no timer of it is left. */
  destroy(): void {
    this.watchdogs.reset();
  }

  save(): Saved {
    return {
      blocked: [...this.#blocked],
      polled: [...this.#polled],
      pinned: [...this.#pinned],
      runStates: this.runStates.save(),
      watchdogs: this.watchdogs.save(),
    };
  }

  /** Throws RestoreError, and changes nothing of its own, for what {@link save} did not give. */
  restore(saved: Saved): void {
    const state = new SavedState(saved, 'scheduling');
    const count = this.#blocked.length;
    const blocked = state.integers('blocked', 0, 1, count);
    const polled = state.integers('polled', ANY_PORT, 0x7fff_ffff, count);
    const pinned = state.integers('pinned', 0, 1, count);
    this.runStates.restore(state.saved('runStates'));
    this.watchdogs.restore(state.saved('watchdogs'));
    this.#blocked.set(blocked);
    this.#polled.set(polled);
    this.#pinned.set(pinned);
    this.#pollers = polled.filter((port) => port !== NO_PORT).length;
  }

  #clear(vcpu: number): void {
    this.#blocked[vcpu] = 0;
    if (this.#polled[vcpu] === NO_PORT) return;
    this.#polled[vcpu] = NO_PORT;
    this.#pollers--;
  }
}
