import type { Actor, MemoryBytes, Tolerance } from '@trapline/recordings';
import { compareBytes } from '../compare/memory.js';
import type { Findings } from '../report/findings.js';
import type { Stage } from '../stage/stage.js';
import type { DomainSide } from './domain-side.js';
import { physicalOf } from './stores.js';

/** All domains of a scenario, and what steps of several domains have in common. */
export class XenSide {
  readonly domains: readonly DomainSide[];
  /** Whether the recording lists every change of watched memory, by domain. */
  readonly #mirrored: boolean;

  constructor(domains: readonly DomainSide[], mirrored: boolean) {
    this.domains = domains;
    this.#mirrored = mirrored;
  }

  /** The domain that does a step; undefined where there is none of that number. */
  of({ domain }: Actor): DomainSide | undefined {
    return this.domains.find(({ settings }) => settings.actor === domain);
  }

  /** Bytes of one domain that a step put or found. */
  note(side: DomainSide, memory: readonly MemoryBytes[] | undefined, tolerance: Tolerance): void {
    for (const { addr, at, hex } of memory ?? []) {
      if (hex !== undefined) side.mirror.put(BigInt(addr), hex, at, tolerance);
    }
  }

  /** Compares what else a step changed, in any domain. */
  compareAlso(actor: Actor, also: readonly MemoryBytes[] | undefined, tolerance: Tolerance, findings: Findings): void {
    for (const { addr, at, hex, page, domain = actor.domain } of also ?? []) {
      const side = this.of({ ...(domain === undefined ? {} : { domain }) });
      if (side === undefined) {
        findings.skip(`there is no domain ${domain}`);
        continue;
      }
      const { memory } = side.guest.ports;
      if (page !== undefined) {
        side.mirror.setMapped(BigInt(addr), page === 'mapped');
        findings.compare(`page:${addr}`, page, memory.has(physicalOf(BigInt(addr)), 1) ? 'mapped' : 'hole');
      }
      if (hex === undefined) continue;
      side.mirror.put(BigInt(addr), hex, at, tolerance);
      compareBytes(of(findings, domain), memory, { at, addr, hex }, tolerance);
    }
  }

  /** After every step: memory that nobody said had changed has not, and who waited still waits. */
  compareRest(step: Actor & { readonly waiting?: readonly number[] }, findings: Findings): void {
    for (const { settings, away } of this.domains) {
      if (away === undefined || step.waiting === undefined) continue;
      const waits = away.powerState === 'waiting' ? 'waits' : away.powerState;
      findings.compare(`domain ${settings.domid}`, step.waiting.includes(settings.domid) ? 'waits' : 'running', waits);
    }
    if (!this.#mirrored) return;
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
