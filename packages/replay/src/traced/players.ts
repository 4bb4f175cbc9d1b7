import type { CallStep, EntryStep, ReturnStep } from '@trapline/recordings';
import { compareRegisters } from '../compare/registers.js';
import { playCall } from '../play/call.js';
import { recordedEnd } from '../play/call-end.js';
import { playEntry } from '../play/entry.js';
import { performerOf } from '../play/performer-of.js';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Performer } from '../stage/performer.js';
import type { Players } from '../stage/plan.js';
import type { Stage } from '../stage/stage.js';
import type { TracedActions, TracedSide } from './traced-side.js';

const PSTATE_DAIF = 0x3c0;

/** How steps of traces are played: each with what passed the ports, and nothing happens between them. */
export function playersOf(side: TracedSide, actions: TracedActions): Players {
  return {
    call: (step, stage, findings) => side.play(step, stage, findings, () => playTracedCall(step, stage, findings)),
    entry: (step, stage, findings) => side.play(step, stage, findings, () => playTracedEntry(step, stage, findings)),
    return: (step, stage, findings) => side.play(step, stage, findings, () => playTracedReturn(step, stage, findings)),
    alarm: (step, stage, findings) =>
      side.play(step, stage, findings, () => {
        if (!side.clock.ring(BigInt(step.at))) findings.different('alarm', `set for ${step.at}`, 'none');
      }),
    vmm: (step, stage, findings) => {
      const { action } = step;
      const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
      if (act === undefined) findings.skip(`the host's '${action}' is not known here`);
      side.play(step, stage, findings, () => act?.(step));
    },
  };
}

function playTracedCall(step: CallStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  if (!performer) return;
  const { vcpu } = performer;
  if (step.el !== undefined) vcpu.setLevel(step.el === 2 ? 2 : step.el === 0 ? 0 : 1);
  if (step.daif !== undefined) vcpu.pstate = (vcpu.pstate & ~PSTATE_DAIF) | (Number(step.daif) & PSTATE_DAIF);
  const masks = vcpu.pstate & PSTATE_DAIF;
  const { memIn: _, memOut: __, ...rest } = step;
  playCall(rest, stage, findings);
  if (recordedEnd(step) === 'returned') {
    findings.compare('daif', step.daifAfter ?? hex(masks), hex(vcpu.pstate & PSTATE_DAIF));
  } else if (step.out && recordedEnd(step) === 'away') {
    // Preempted: the arguments stand rewritten.
    compareRegisters(findings, performer.before, performer.view(), step.out, step);
  }
}

function playTracedEntry(step: EntryStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  if (!performer) return;
  if (!performer.guest.enter(performer.vcpu)) wake(performer);
  playEntry(step, stage, findings);
}

function playTracedReturn(step: ReturnStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  if (!performer) return;
  wake(performer);
  findings.compare('end', 'running', performer.vcpu.powerState);
  compareRegisters(findings, performer.before, performer.view(), step.out, step);
}

/** Its interrupt has come, where no step before has woken it. */
function wake({ guest, vcpu }: Performer): void {
  if (vcpu.powerState === 'waiting') guest.interruptsChanged(vcpu.index);
}
