import type { Service } from '@trapline/core';
import type { Environment, Hex } from '@trapline/recordings';
import type { Findings } from '../report/findings.js';
import type { PlannedGuest, Setting, StagePlan } from '../stage/plan.js';
import type { Stage } from '../stage/stage.js';
import { DomainSide } from './domain-side.js';
import { playXenGuest } from './guest.js';
import { domainOptions, hostOf, policyOf } from './host.js';
import { IDLE_DOMAIN_RAM, Monitor } from './monitor.js';
import { compareEnd } from './observed.js';
import type { XenParts } from './parts.js';
import { playersOf } from './players.js';
import { callPstate, cpusOf, type DomainSettings, domainsOf, nameOf } from './settings.js';
import { VirtualGic } from './virtual-gic.js';
import { XenSide } from './xen-side.js';

/**
 * The machine of Xen's recordings: the domains that `environment.domain` or `environment.domains` describes, under one
 * hypervisor and the virtual interrupt controller and timers that Xen gives a domain.
 *
 * Throws `RecordingError` for an environment without domains.
 */
export function xenMachine(setting: Setting, parts: XenParts): StagePlan {
  const { environment, subject, scenario } = setting;
  const domains = domainsOf(environment);
  const gics = domains.map(({ recorded }) => new VirtualGic(recorded.vcpus));
  const policy = policyOf(environment);
  const service = parts.hypervisor({
    profile: subject.profile as never,
    ...(policy === undefined ? {} : { policy }),
    domains: domainOptions(domains, environment.otherDomains ?? [], environment),
    host: hostOf(environment),
  });
  const others = environment.otherDomains ?? [];
  const sides = new WeakMap<Stage, XenSide>();
  const sideOf = (stage: Stage): XenSide => {
    const known = sides.get(stage);
    if (known) return known;
    const made = domains.map((domain, i) => new DomainSide(domain, gics[i] as VirtualGic, stage));
    const monitor = others.includes(0) ? new Monitor(stage.machine.guest(nameOf(0))) : undefined;
    const sampleTimes = (scenario.observed?.samples ?? []).map(({ ms }) => ms);
    const side = new XenSide(made, { mirrored: environment.domains !== undefined, monitor, sampleTimes }, stage);
    sides.set(stage, side);
    return side;
  };
  const opening = (stage: Stage, findings: Findings): void => {
    for (const step of environment.setup ?? []) {
      if (step.op === 'guest') playXenGuest(sideOf(stage), step, stage, findings);
    }
  };
  return {
    // Domains that are there already when those of the recording are made.
    guests: [
      ...others.map((domid) => idleGuest(domid, service)),
      ...domains.map((domain, i) => guestOf(domain, gics[i] as VirtualGic, service, environment)),
    ],
    suspendEnds: true,
    players: playersOf(sideOf),
    pstate: callPstate(environment),
    opening,
    closing: (ended, stage, findings) => compareEnd(ended, sideOf(stage), stage, findings),
    ...(environment.virtualCounterHz === undefined ? {} : { frequency: environment.virtualCounterHz }),
  };
}

function guestOf(domain: DomainSettings, gic: VirtualGic, service: Service, environment: Environment): PlannedGuest {
  const midr = (environment.boot as { readonly midr?: Hex } | undefined)?.midr;
  return {
    name: domain.name,
    vcpus: cpusOf(domain, environment),
    memory: [{ base: Number(domain.recorded.ramBase), size: Number(domain.recorded.ramSize) }],
    services: { el2: [service] },
    ports: { interrupts: gic },
    signals: (pe) => gic.signals(pe),
    ...(domain.actor === undefined ? {} : { domain: domain.actor }),
    ...(midr === undefined ? {} : { midr: Number(midr) }),
  };
}

/** A domain that is there and makes no call of the recording. */
function idleGuest(domid: number, service: Service): PlannedGuest {
  return {
    name: nameOf(domid),
    domain: domid,
    vcpus: [{ callSite: BigInt(IDLE_DOMAIN_RAM.base) }],
    memory: [IDLE_DOMAIN_RAM],
    services: { el2: [service] },
  };
}
