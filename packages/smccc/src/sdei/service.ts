import {
  type AttachedGuest,
  type Attachment,
  type Call,
  type CallDeclaration,
  type Convention,
  type Handler,
  type Handlers,
  implement,
  type Outcome,
  type Pe,
  perGuest,
  REDIRECTED,
  RETURNED,
  returnHalves,
  returnInt,
  type Saved,
  type Service,
} from '@trapline/core';
import { type SdeiVersion, sdeiAbi, sdeiStatus } from './abi.js';
import { describeSdei } from './binding.js';
import { bindingHandlers } from './binding-calls.js';
import { checkedEvents, isPrivateInterrupt, type SdeiEvent } from './events.js';
import { handlerCalls } from './handler-calls.js';
import { copyChecked, NO_EVENT } from './records.js';
import { registrationHandlers } from './registration.js';
import { SdeiWorld } from './world.js';

/** How SDEI answers. */
export interface SdeiOptions {
  /** 1.0 where absent. */
  readonly version?: SdeiVersion;
  /** The platform's events beside event 0. */
  readonly events?: readonly SdeiEvent[];
  /** Interrupts that belong to the secure world: binding one is DENIED. */
  readonly secureInterrupts?: readonly number[];
  /**
   * Packed affinities of PEs that events may be routed to beside those that exist: a platform's own list of CPUs can be
   * longer than what a machine has.
   */
  readonly declared?: readonly number[];
  /** Gives the platform's sources of events the means to signal them. */
  readonly connect?: (guest: AttachedGuest, signals: SdeiSignals) => void;
  /** How registers are read. */
  readonly convention?: Partial<Convention>;
}

/**
 * The platform's side of SDEI: what an interrupt controller, an error handler or a watchdog uses. To be called while no
 * CPU is within a call: a CPU that can take the event is sent to its handler at once.
 */
export interface SdeiSignals {
  /** Signals an event, a private one to `pe`. False where nobody has registered a handler: it is lost. */
  raise(event: number, pe: Pe): boolean;
  /**
   * An interrupt is asserted. False where no event with a handler belongs to it: it is the guest's ordinary interrupt.
   */
  interrupt(intid: number, pe: Pe): boolean;
  /** Sends a CPU that goes on, from a wait for one, to what was signalled meanwhile; false where there is nothing. */
  deliver(pe: Pe): boolean;
}

/**
 * SDEI for one guest (DEN0054A): handlers are registered, enabled, masked and signalled by calls, and begin where a CPU
 * can take their event: X0 to X3 and PC set, what was interrupted kept for SDEI_EVENT_CONTEXT and COMPLETE.
 *
 * A CPU that starts has its events masked and no private handler; one that goes on at an entry point, after a power-down,
 * has them masked and keeps its handlers. Calls from the secure state, and from another level than the one whose software
 * registers handlers (EL2 where there is one), are NOT_SUPPORTED.
 * SDEI_EVENT_COMPLETE_AND_RESUME is there where every CPU can be given ELR and SPSR (`Pe.setReturn`).
 *
 * Throws `CompositionError` for events that contradict one another.
 */
export function attachSdei(guest: AttachedGuest, options: SdeiOptions = {}): Attachment {
  const events = checkedEvents(options.events ?? []);
  const world = new SdeiWorld(guest, events, options.declared);
  options.connect?.(guest, signalsOf(world));
  return {
    implementations: [implement(sdeiAbi, handlersOf(world, options), { convention: options.convention ?? {} })],
    entered: (pe) => world.clearPe(pe.index),
    offCompleted: (pe) => world.clearPe(pe.index),
    woke: (pe, resumes) => {
      if (resumes) world.masked[pe.index] = 1;
    },
    reset: () => world.reset(),
    save: () => ({
      records: world.records.save(),
      contexts: world.contexts.save(),
      masked: Array.from(world.masked),
    }),
    restore: (saved) => {
      restore(new SdeiWorld(guest, events, options.declared), saved);
      restore(world, saved);
    },
    describe: describeSdei,
  };
}

/** {@link attachSdei} as a service by itself. */
export function sdeiService(options: SdeiOptions = {}): Service {
  return perGuest({
    name: 'sdei',
    levels: ['el3', 'el2', 'outside'],
    needs: ['power'],
    attach: (guest) => attachSdei(guest, options),
  });
}

/** Calls after which an event can be delivered that could not be before: those whose clients are given a `Pending`. */
const MAY_DELIVER: ReadonlySet<string> = new Set(
  (sdeiAbi.all as readonly CallDeclaration[]).filter(({ spec }) => spec.waits).map(({ name }) => name),
);

function handlersOf(world: SdeiWorld, options: SdeiOptions): Handlers<typeof sdeiAbi> {
  const version = options.version ?? { major: 1, minor: 0, vendor: 0 };
  const high = ((version.major & 0x7fff) << 16) | (version.minor & 0xffff);
  const handlers: Handlers<typeof sdeiAbi> = {
    version: (call) => returnHalves(call, version.vendor, high),
    ...registrationHandlers(world),
    ...bindingHandlers(world, new Set(options.secureInterrupts)),
    ...handlerCalls(world),
  };
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [
      name,
      forClient(world, MAY_DELIVER.has(name) ? delivering(world, handler) : handler),
    ]),
  );
}

function forClient(world: SdeiWorld, handler: Handler): Handler {
  const { clientLevel } = world.delivery;
  return (call) => {
    const { pe } = call;
    const isClient = !pe.secure && pe.el === clientLevel;
    return isClient ? handler(call) : returnInt(call, sdeiStatus.NOT_SUPPORTED.code);
  };
}

/** A call after which an event may be delivered that could not be before: its caller may find itself in the handler. */
function delivering(world: SdeiWorld, handler: Handler): Handler {
  return (call: Call): Outcome => {
    const outcome = handler(call);
    const taken = world.delivery.afterCall(call.pe, outcome === RETURNED);
    return taken ? REDIRECTED : outcome;
  };
}

function signalsOf(world: SdeiWorld): SdeiSignals {
  const { records, delivery } = world;
  const signal = (event: number, pe: Pe): boolean => {
    if (event === NO_EVENT || !delivery.signal(event, pe)) return false;
    delivery.deliverAll();
    return true;
  };
  return {
    raise: (event, pe) => signal(records.find(event), pe),
    interrupt: (intid, pe) => {
      const event = records.byInterrupt(intid);
      return signal(event, isPrivateInterrupt(intid) ? pe : (world.guest.pes[0] as Pe));
    },
    deliver: (pe) => delivery.deliver(pe),
  };
}

function restore(world: SdeiWorld, saved: Saved): void {
  const parts = (saved ?? {}) as { readonly [part: string]: Saved };
  world.records.restore(parts.records ?? null);
  world.contexts.restore(parts.contexts ?? null, world.records.events.length);
  copyChecked('SDEI masks', world.masked, parts.masked);
}
