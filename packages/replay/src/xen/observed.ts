import type { ObservedDomain, ObservedEnd, Scenario } from '@trapline/recordings';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Stage } from '../stage/stage.js';
import type { DomainSide } from './domain-side.js';
import type { DomainState } from './monitor.js';
import type { XenSide } from './xen-side.js';

const NS_PER_MS = 1_000_000n;

/** How much longer than it took a replay waits for the machine's end. */
const END_PATIENCE_MS = 1000;

/** Compares how a scenario ended, as it was seen from outside. */
export function compareEnd({ observed }: Scenario, side: XenSide, stage: Stage, findings: Findings): void {
  const [domain] = side.domains;
  if (observed === undefined || domain === undefined) return;
  const end = findings.of('observed');
  if (observed.returns !== undefined) end.compare('returns', String(observed.returns), String(side.lastReturned));
  compareWakeup(observed, side, domain, end);
  if (observed.machine !== undefined) compareMachine(observed, side, stage, end);
  else compareDomain(observed, side.look(domain), end);
  compareSamples(observed, side, end);
}

function compareWakeup({ wokenBy }: ObservedEnd, side: XenSide, { gic, guest }: DomainSide, end: Findings): void {
  if (!wokenBy) return;
  const [vcpu] = guest.vcpus;
  const intid = vcpu && gic.highestPending(vcpu);
  const pending = intid === wokenBy.intid;
  end.compare('wokenBy', `${wokenBy.intid}`, `${intid}`);
  if (wokenBy.pending !== undefined) end.compare('pending', String(wokenBy.pending), String(pending));
  if (wokenBy.taken !== undefined) end.compare('taken', String(wokenBy.taken), String(side.lastTaken));
}

function compareMachine({ machine, afterMs }: ObservedEnd, side: XenSide, stage: Stage, end: Findings): void {
  const patience = afterMs === undefined || afterMs === null ? 0 : afterMs + END_PATIENCE_MS;
  stage.advanceUntil(() => side.machine?.state !== 'running', patience);
  const state = side.machine?.state ?? 'running';
  end.compare('machine', String(machine), state);
  if (state === 'running' || side.machine === undefined || typeof afterMs !== 'number') return;
  end.compare('afterMs', String(afterMs), String((side.machine.time - side.lastCall) / NS_PER_MS));
}

function compareDomain(expected: ObservedDomain, got: DomainState | undefined, end: Findings): void {
  if (got === undefined) {
    end.skip('nobody on this machine can look at the domain');
    return;
  }
  const { shutdown, shutdownCode, blocked, domainFlags } = expected;
  if (typeof shutdown === 'boolean') end.compare('shutdown', String(shutdown), String(got.shutdown));
  if (shutdownCode !== undefined) end.compare('shutdownCode', String(shutdownCode), String(got.shutdownCode));
  if (typeof blocked === 'boolean') end.compare('blocked', String(blocked), String(got.blocked));
  if (domainFlags !== undefined) end.compare('domainFlags', domainFlags, hex(got.flags));
}

function compareSamples({ samples, volatile }: ObservedEnd, side: XenSide, end: Findings): void {
  if (samples === undefined || volatile?.includes('samples')) return;
  for (const sample of samples) compareDomain(sample, side.samples.get(sample.ms), end.of(`${sample.ms} ms`));
}
