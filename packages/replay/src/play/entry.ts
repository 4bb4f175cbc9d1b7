import { PC } from '@trapline/core';
import type { EntryStep } from '@trapline/recordings';
import { compareState } from '../compare/state.js';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Stage } from '../stage/stage.js';
import { performerOf } from './performer-of.js';

/** How long a replay waits, in milliseconds of its clock, for a started CPU to arrive. */
export const ENTRY_PATIENCE_MS = 1000;

/** Waits for a CPU to arrive at an entry point, and looks at it there. */
export function playEntry(step: EntryStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  if (!performer) return;
  const arrived = stage.advanceUntil(() => performer.arrived, ENTRY_PATIENCE_MS);
  performer.arrived = false;
  const expected = step.entered ?? true;
  if ((arrived && !performer.lost) !== expected) {
    const where = arrived ? `began at ${hex(performer.vcpu.x[PC] as bigint)}` : performer.vcpu.powerState;
    findings.different('entry', expected ? 'arrives' : 'does not arrive', where);
    return;
  }
  if (!expected) return;
  compareState(findings, performer, { ...step.state, ...step.regs, ...step.sysregs }, step);
  if (step.pc !== undefined) compareState(findings, performer, { pc: step.pc }, step);
}
