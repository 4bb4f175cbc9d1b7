import type { CallStep, ReturnStep } from '@trapline/recordings';
import { compareOperands } from '../compare/memory.js';
import { compareRegisters } from '../compare/registers.js';
import { CALL_PATIENCE_MS, canCall, compareCaller, endedAs, execute } from '../play/call.js';
import { endWords, recordedEnd } from '../play/call-end.js';
import { catchInterrupt, compareException } from '../play/exception.js';
import { performerOf } from '../play/performer-of.js';
import { bytesOf } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Stage } from '../stage/stage.js';
import type { DomainSide } from './domain-side.js';
import { store } from './stores.js';
import type { XenSide } from './xen-side.js';

/** A call of one domain, and what it changed in all of them. */
export function playXenCall(side: XenSide, step: CallStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  const domain = side.of(step);
  if (!performer || !domain || !canCall(step, stage, performer, findings)) return;
  if (!putOperands(step, domain, findings)) return;
  side.before(domain);
  side.lastCall = stage.clock.now();
  const expected = recordedEnd(step);
  const seen = execute(step, stage, performer, expected === 'away' ? 0 : CALL_PATIENCE_MS);
  const { kind } = seen.end;
  side.lastReturned = kind === 'returned' || kind === 'exception';
  side.lastTaken = seen.end.kind === 'exception' && seen.end.exception.kind === 'irq';
  if (step.settleMs !== undefined) stage.advance(step.settleMs);
  if ((kind === 'machine' ? 'away' : kind) !== expected) findings.different('end', endWords(expected), endedAs(seen));
  else compareCaller(step, stage, performer, findings, seen);
  if (expected === 'away') {
    if (step.returns === 'later') domain.away = performer.vcpu;
    else domain.gone = true;
  } else {
    compareResults(step, domain, findings);
    side.after(domain, step, findings);
  }
  side.stop(step.stops);
  side.compareAlso(step, step.memAlso, step, findings);
  side.compareRest(step, findings);
}

function putOperands({ memIn }: CallStep, { guest, mirror }: DomainSide, findings: Findings): boolean {
  for (const { addr, hex } of memIn ?? []) {
    if (hex === undefined) continue;
    mirror.put(BigInt(addr), hex);
    if (store(guest.ports.memory, BigInt(addr), bytesOf(hex)) === undefined) continue;
    findings.different(`mem:${addr}`, 'memory for an operand', 'a fault');
    return false;
  }
  return true;
}

/** Compares a call's operands; what was compared is not looked at again. */
function compareResults(step: CallStep | ReturnStep, { guest, mirror }: DomainSide, findings: Findings): void {
  compareOperands(findings, guest.ports.memory, step.memOut, step);
  for (const { addr, hex } of step.memOut ?? []) mirror.take(BigInt(addr), (hex ?? '').length / 2);
}

/** A call that the domain had waited in has come back. */
export function playXenReturn(side: XenSide, step: ReturnStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  const domain = side.of(step);
  if (!performer || !domain) return;
  const { vcpu, before } = performer;
  performer.watched = true;
  const came = stage.advanceUntil(() => vcpu.powerState === 'running', CALL_PATIENCE_MS);
  performer.watched = false;
  domain.away = undefined;
  if (!came) {
    findings.different('end', endWords('returned'), `${endWords('away')} (${vcpu.powerState})`);
    return;
  }
  compareRegisters(findings, before, performer.view(), step.out, step);
  findings.compare('exception', step.exception ? 'taken' : 'none', performer.interrupted ? 'taken' : 'none');
  if (step.exception && performer.interrupted) compareException(findings, step.exception, catchInterrupt(performer));
  compareResults(step, domain, findings);
  side.compareAlso(step, step.memAlso, step, findings);
  side.compareRest(step, findings);
}
