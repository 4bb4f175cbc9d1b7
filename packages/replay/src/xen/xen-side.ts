import type { Actor, CallStep, MemoryBytes, Tolerance } from '@trapline/recordings';
import { compareBytes } from '../compare/memory.js';
import type { Findings } from '../report/findings.js';
import type { Stage } from '../stage/stage.js';
import type { DomainSide } from './domain-side.js';
import { MachineEnd } from './machine-end.js';
import type { DomainState, Monitor } from './monitor.js';

/** What a scenario's replay is set up with beside its domains. */
export interface XenSideParts {
  /** Whether the recording lists every change of watched memory, by domain. */
  readonly mirrored: boolean;
  /** The control domain where it makes none of the recorded calls. */
  readonly monitor: Monitor | undefined;
  /** When, in milliseconds, the recorder looked at the domain's state. */
  readonly sampleTimes: readonly number[];
}

/** All domains of a scenario, and what steps of several domains have in common. */
export class XenSide {
  readonly domains: readonly DomainSide[];
  readonly machine: MachineEnd | undefined;
  readonly sampleTimes: readonly number[];
  /** The domain's state by the time of the look. */
  readonly samples = new Map<number, DomainState>();
  /** Of the last call: when it was made, whether it came back, and whether an interrupt was taken behind it. */
  lastCall = 0n;
  lastReturned = false;
  lastTaken = false;
  readonly #parts: XenSideParts;

  constructor(domains: readonly DomainSide[], parts: XenSideParts, stage: Stage) {
    const control = domains.find(({ settings }) => settings.privileged);
    this.domains = domains;
    this.machine = control && new MachineEnd(control, stage);
    this.sampleTimes = parts.sampleTimes;
    this.#parts = parts;
  }

  /** The state of a domain: as the control domain sees it, or that its program goes on. */
  look({ settings, guest }: DomainSide): DomainState | undefined {
    const { monitor } = this.#parts;
    if (monitor) return monitor.look(settings.domid);
    const running = guest.vcpus[0]?.powerState === 'running';
    return running ? { flags: 0, shutdown: false, shutdownCode: null, blocked: false } : undefined;
  }

  /** The domain that does a step; undefined where there is none of that number. */
  of({ domain }: Actor): DomainSide | undefined {
    return this.domains.find(({ settings }) => settings.actor === domain);
  }

  /** Before a call: what is compared with afterwards, where the recording lists only what calls change. */
  before(side: DomainSide): void {
    if (!this.#parts.mirrored) side.bystanders.remember();
  }

  /** After a call that came back: what no list of the step has is as it was. */
  after(side: DomainSide, step: CallStep, findings: Findings): void {
    if (!this.#parts.mirrored) side.bystanders.compare(step, findings);
  }

  /** Compares what else a step changed, in any domain; what is looked at after every step is compared there. */
  compareAlso(actor: Actor, also: readonly MemoryBytes[] | undefined, tolerance: Tolerance, findings: Findings): void {
    for (const { addr, at, hex, page, domain = actor.domain } of also ?? []) {
      const side = this.of(domain === undefined ? {} : { domain });
      if (side === undefined) {
        findings.skip(`there is no domain ${domain}`);
        continue;
      }
      if (page !== undefined) side.mirror.setMapped(BigInt(addr), page === 'mapped');
      if (hex === undefined) continue;
      side.mirror.put(BigInt(addr), hex);
      if (!this.#parts.mirrored) compareBytes(findings, side.guest.ports.memory, { at, addr, hex }, tolerance);
    }
  }

  /** After every step: memory that nobody said had changed has not, and who waited still waits. */
  compareRest(step: Actor & { readonly waiting?: readonly number[] }, findings: Findings): void {
    for (const { settings, away } of this.domains) {
      if (away === undefined || step.waiting === undefined) continue;
      const waits = away.powerState === 'waiting' ? 'waits' : away.powerState;
      findings.compare(`domain ${settings.domid}`, step.waiting.includes(settings.domid) ? 'waits' : 'running', waits);
    }
    if (!this.#parts.mirrored) return;
    for (const { settings, mirror, away, gone } of this.domains) {
      if (away === undefined && !gone) mirror.compare(of(findings, settings.actor));
    }
  }

  /** A call has ended these domains. */
  stop(domids: readonly number[] | undefined): void {
    for (const side of this.domains) if (domids?.includes(side.settings.domid)) side.gone = true;
  }
}

/** How a stage's players find its side. */
export type SideOf = (stage: Stage) => XenSide;

function of(findings: Findings, domain: number | undefined): Findings {
  return domain === undefined ? findings : findings.of(`domain ${domain}`);
}
