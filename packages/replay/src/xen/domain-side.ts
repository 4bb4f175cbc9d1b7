import { createTimers, type Guest, type Timers, type Vcpu, type VirtualClock } from '@trapline/trap-bus';
import type { Stage } from '../stage/stage.js';
import { Bystanders } from './bystanders.js';
import { Mirror } from './mirror.js';
import type { DomainSettings } from './settings.js';
import type { VirtualGic } from './virtual-gic.js';

/** A domain on the stage: what of its world this replay models itself. */
export class DomainSide {
  readonly settings: DomainSettings;
  readonly gic: VirtualGic;
  readonly guest: Guest;
  readonly timers: Timers;
  readonly mirror: Mirror;
  readonly bystanders: Bystanders;
  /** The vCPU whose call has not come back when it was made, and that no `return` step has looked at. */
  away: Vcpu | undefined = undefined;
  /** Its program makes no more steps: memory is not looked at any more. */
  gone = false;

  constructor(settings: DomainSettings, gic: VirtualGic, stage: Stage) {
    const guest = stage.machine.guest(settings.name);
    this.settings = settings;
    this.gic = gic;
    this.guest = guest;
    gic.connect(guest);
    const clock: VirtualClock = stage.clock;
    this.timers = createTimers({ clock, interrupts: guest.ports.interrupts, pes: guest.vcpus, fires: 'masked' });
    this.bystanders = new Bystanders(guest.ports.memory, settings.watched);
    this.mirror = new Mirror(guest.ports.memory, settings.watched, settings.holes);
  }
}
