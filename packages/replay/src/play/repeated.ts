import type { PollStep, SweepStep } from '@trapline/recordings';
import { compareRegisters, type RegisterView, recorded } from '../compare/registers.js';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Stage } from '../stage/stage.js';
import { CALL_PATIENCE_MS, canCall, execute, MAX_CALLS } from './call.js';
import { endWords } from './call-end.js';
import { performerOf } from './performer-of.js';

/** How often a poll repeats its call. */
export const MAX_POLLS = 1000;

/** Repeats a call until it gives what is waited for, and compares the last answer. */
export function playPoll(step: PollStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  if (!performer) return;
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    if (!canCall(step, stage, performer, findings)) return;
    const { before, after, end } = execute(step, stage, performer, CALL_PATIENCE_MS);
    if (end.kind !== 'returned') {
      findings.different('end', endWords('returned'), endWords(end));
      return;
    }
    if (isReached(step, after)) {
      compareRegisters(findings, before, after, step.out, step);
      return;
    }
    stage.advance(1);
  }
  findings.different('poll', `ends with ${JSON.stringify(step.until)}`, `does not in ${MAX_POLLS} calls`);
}

function isReached({ until }: PollStep, after: RegisterView): boolean {
  return [...after].every(([register, value]) => {
    const wanted = recorded(until, register);
    return wanted === undefined || BigInt(wanted) === value;
  });
}

/** One call for each number of the ranges, everything else at the fill pattern. */
export function playSweep(step: SweepStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  if (!performer) return;
  const calls = step.ids.reduce((sum, { from, to }) => sum + Number(to) - Number(from) + 1, 0);
  if (calls > MAX_CALLS) {
    findings.skip(`a sweep of ${calls} calls; at most ${MAX_CALLS} are made`);
    return;
  }
  const exceptions = new Map(step.exceptions.map((exception) => [BigInt(exception.id), exception]));
  for (const { from, to } of step.ids) {
    for (let id = BigInt(from); id <= BigInt(to); id++) {
      const call = { ...step, in: { x0: hex(id) } };
      if (!canCall(call, stage, performer, findings)) return;
      const { before, after, end } = execute(call, stage, performer, CALL_PATIENCE_MS);
      const named = findings.of(hex(id));
      named.compare('end', endWords('returned'), endWords(end));
      const exception = exceptions.get(id);
      compareRegisters(named, before, after, exception?.out ?? step.default, exception ?? {});
    }
  }
}
