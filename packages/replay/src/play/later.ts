import type { DelayStep, ReturnStep } from '@trapline/recordings';
import { compareOperands } from '../compare/memory.js';
import { compareRegisters } from '../compare/registers.js';
import type { Findings } from '../report/findings.js';
import type { Stage } from '../stage/stage.js';
import { CALL_PATIENCE_MS } from './call.js';
import { endWords } from './call-end.js';
import { catchInterrupt, compareException } from './exception.js';
import { performerOf } from './performer-of.js';

/** Time passes. */
export function playDelay(step: DelayStep, stage: Stage): void {
  stage.advance(step.ms);
}

/** A call that did not come back when it was made has now. */
export function playReturn(step: ReturnStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  if (!performer) return;
  const { vcpu, before } = performer;
  performer.watched = true;
  const came = stage.advanceUntil(() => vcpu.powerState === 'running', CALL_PATIENCE_MS);
  performer.watched = false;
  if (!came) {
    findings.different('end', endWords('returned'), `${endWords('away')} (${vcpu.powerState})`);
    return;
  }
  compareRegisters(findings, before, performer.view(), step.out, step);
  const { memory } = performer.guest.ports;
  compareOperands(findings, memory, step.memOut, step);
  compareOperands(findings, memory, step.memAlso, step);
  findings.compare('exception', step.exception ? 'taken' : 'none', performer.interrupted ? 'taken' : 'none');
  if (step.exception && performer.interrupted) compareException(findings, step.exception, catchInterrupt(performer));
}
