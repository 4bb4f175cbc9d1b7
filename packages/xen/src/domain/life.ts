import { type Outcome, type Pe, RETURNED, RestoreError, type Saved, type SystemEvent } from '@trapline/core';
import { SHUTDOWN } from '../abi/structures/sched.js';
import type { Domain } from './domain.js';
import type { XenVcpu } from './vcpu.js';

/** What a domain that has not ended shows in place of a reason (SHUTDOWN_CODE_INVALID, in 8 bits). */
export const NO_SHUTDOWN_CODE = 0xff;
/** How much later the machine restarts after dom0 crashed, or asked for what Xen does not know (maybe_reboot). */
export const RESTART_DELAY_MS = 5000;

/** How far a domain's end has come (`is_dying`). */
export type Dying = 'alive' | 'dying' | 'dead';

/** The event of a domain's end by its reason; reasons of later versions turn it off. */
const EVENTS: readonly SystemEvent['event'][] = ['shutdown', 'reset', 'suspend', 'crash', 'crash', 'reset'];

/** The life of a domain: pauses, its shutdown, its death (common/domain.c). */
export class DomainLife {
  readonly #domain: Domain;
  #code = NO_SHUTDOWN_CODE;
  #shutDown = false;
  #pauses = 0;
  #dying: Dying = 'alive';

  constructor(domain: Domain) {
    this.#domain = domain;
    this.reset();
  }

  /** The reason of its shutdown, or of the next one (SCHEDOP_shutdown_code); {@link NO_SHUTDOWN_CODE} where there is none. */
  get shutdownCode(): number {
    return this.#code;
  }

  get isShutDown(): boolean {
    return this.#shutDown;
  }

  /** Whether whoever controls it has paused it. */
  get isPaused(): boolean {
    return this.#pauses > 0;
  }

  /** Whether the host or the control domain has paused it (controller_pause_count): its death pauses it as well. */
  get isPausedByController(): boolean {
    return this.#pauses > (this.#dying === 'alive' ? 0 : 1);
  }

  get dying(): Dying {
    return this.#dying;
  }

  /** Remembers a reason; the first one counts. */
  latch(reason: number): void {
    if (this.#code === NO_SHUTDOWN_CODE) this.#code = reason & 0xff;
  }

  /**
   * Ends it, with the reason given or remembered before. Gives what becomes of the caller, one of its vCPUs: it does not
   * return. Without a caller the machine's surroundings are told by the system port. The control domain takes the machine
   * with it (common/shutdown.c): reasons that Xen does not know restart it, {@link RESTART_DELAY_MS} later.
   */
  shutdown(reason: number, caller?: XenVcpu): Outcome {
    this.latch(reason);
    const again = this.#shutDown;
    this.#shutDown = true;
    this.#hold();
    if (!again) {
      this.#domain.services?.shutDown();
      this.#domain.xen.domainEnded();
    }
    const event = this.#event();
    if (caller !== undefined) return event;
    if (!again) this.#tell(event);
    return RETURNED;
  }

  /** Lets a domain that is shut down go on (domain_resume). */
  resume(): void {
    this.#shutDown = false;
    this.#code = NO_SHUTDOWN_CODE;
    this.#hold();
  }

  /** Pauses for whoever controls it; counted. */
  pause(): void {
    this.#pauses++;
    this.#hold();
  }

  /** Takes one pause back; false where there is none. */
  unpause(): boolean {
    if (this.#pauses === 0) return false;
    this.#pauses--;
    this.#hold();
    return true;
  }

  /** Says how far its death has come. */
  die(dying: Dying): void {
    this.#dying = dying;
  }

  reset(): void {
    this.#code = NO_SHUTDOWN_CODE;
    this.#shutDown = false;
    this.#dying = 'alive';
    this.#pauses = this.#domain.config.paused ? 1 : 0;
    this.#hold();
  }

  save(): Saved {
    return { code: this.#code, shutDown: this.#shutDown, pauses: this.#pauses, dying: this.#dying };
  }

  restore(saved: Saved): void {
    const record = (typeof saved === 'object' && saved !== null ? saved : {}) as Readonly<Record<string, Saved>>;
    const { code, shutDown, pauses, dying } = record;
    const stage = (['alive', 'dying', 'dead'] as const).find((name) => name === dying);
    const good =
      isCount(code) && code <= 0xff && typeof shutDown === 'boolean' && isCount(pauses) && stage !== undefined;
    if (!good) throw new RestoreError('xen: the life of a domain has a code, pauses, and how far it has come');
    this.#pauses = pauses;
    this.#code = code;
    this.#shutDown = shutDown;
    this.#dying = stage;
    this.#hold();
  }

  /** Keeps the vCPUs of a domain that is paused or shut down from running, and lets those of another run. */
  #hold(): void {
    const { guest, vcpus } = this.#domain;
    const held = this.#pauses > 0 || this.#shutDown;
    for (const { pe } of vcpus) {
      if (held) guest?.ports.power.pause?.(pe);
      else guest?.ports.power.unpause?.(pe);
    }
  }

  #event(): SystemEvent {
    const { id, privileged } = this.#domain;
    const code = this.#code;
    if (!privileged) return { kind: 'system', event: EVENTS[code] ?? 'shutdown', detail: { domain: id, reason: code } };
    if (code === SHUTDOWN.poweroff) return { kind: 'system', event: 'shutdown', detail: { domain: id, reason: code } };
    const atOnce = code === SHUTDOWN.reboot || code === SHUTDOWN.watchdog || code === SHUTDOWN.softReset;
    const afterMs = atOnce ? 0 : RESTART_DELAY_MS;
    return { kind: 'system', event: 'reset', detail: { domain: id, reason: code, afterMs } };
  }

  #tell(event: SystemEvent): void {
    const { guest } = this.#domain;
    if (guest !== undefined) guest.ports.system.raise(event, guest.pes[0] as Pe);
  }
}

/** Pauses that a saved state may hold. */
const MAX_PAUSES = 0xffff;

function isCount(value: Saved | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_PAUSES;
}
