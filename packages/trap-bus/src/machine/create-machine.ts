import type { AttachedGuest, Level, RunningService, Service } from '@trapline/core';
import { Guest } from '../guest/guest.js';
import { type AttachedService, Standing } from '../guest/standing.js';
import { createVirtualClock } from '../models/clock.js';
import { Streams } from '../streams/streams.js';
import { World } from '../world/world.js';
import { checkComposition, checkNeeds, LEVELS, levelsOf, servicesAt } from './compose.js';
import { Interceptions } from './interception.js';
import { Lane, type Shared } from './lane.js';
import { Machine, type Running } from './machine.js';
import type { GuestSpec, MachineSpec } from './spec.js';

/**
 * Builds a machine: guests with their CPUs and worlds, and the services that answer them.
 *
 * Throws {@link CompositionError} for what does not fit together: a service at a level the machine lacks or that it
 * does not list, a port that it needs and nobody gives, two services with one number or one immediate, two vCPUs with
 * one affinity, counts beyond the limits.
 */
export function createMachine(spec: MachineSpec): Machine {
  checkComposition(spec);
  const streams = new Streams();
  const clock = createVirtualClock(spec.clock);
  const lanes: Lane[] = [];
  const onlookersChanged = (): void => {
    for (const lane of lanes) lane.onlookersChanged();
  };
  const interceptions = new Interceptions(onlookersChanged);
  const shared: Shared = { calls: streams.calls, interceptions, onUnclaimed: spec.onUnclaimed };
  const running = new Map<Service, RunningService>();
  for (const [index, guestSpec] of spec.guests.entries()) {
    const guest = new Guest(
      guestSpec,
      index,
      levelsOf(guestSpec),
      (vcpus) => new World(guestSpec, vcpus, { clock, interruptsChanged: (pe) => guest.interruptsChanged(pe) }),
      streams,
    );
    const standings = stand(guestSpec, guest, running);
    const lane = new Lane(guest, standings, shared);
    guest.stand(standings, lane);
    lanes.push(lane);
  }
  const started: Running[] = Array.from(running, ([service, one]) => ({ service, running: one }));
  const calls$ = streams.callsTelling(onlookersChanged);
  return new Machine({ lanes, running: started, streams, calls$, interceptions, clock });
}

/** Attaches a guest's services, level by level. A service that serves several guests runs once. */
function stand(spec: GuestSpec, guest: Guest, running: Map<Service, RunningService>): Standing[] {
  return LEVELS.filter((level) => servicesAt(spec, level).length > 0).map((level) => {
    const attached: AttachedService[] = [];
    for (const service of servicesAt(spec, level)) {
      checkNeeds(guest.name, service, guest.ports);
      let one = running.get(service);
      if (!one) {
        one = service.start();
        running.set(service, one);
      }
      attached.push({ level, service, attachment: one.attach(attachedGuest(guest, level, attached)) });
    }
    return new Standing(level, attached, guest.vcpus);
  });
}

function attachedGuest(guest: Guest, level: Level, attached: readonly AttachedService[]): AttachedGuest {
  return {
    name: guest.name,
    pes: guest.vcpus,
    ports: guest.ports,
    level,
    hasEl2: guest.levels.hasEl2,
    hasEl3: guest.levels.hasEl3,
    midr: guest.midr,
    neighbours: () => attached.flatMap(({ attachment }) => attachment.implementations),
  };
}
