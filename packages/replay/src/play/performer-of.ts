import type { Actor } from '@trapline/recordings';
import type { Findings } from '../report/findings.js';
import type { Performer } from '../stage/performer.js';
import type { Stage } from '../stage/stage.js';

/** The CPU that does a step; where the machine has none of that number, says that the step is skipped. */
export function performerOf(step: Actor, stage: Stage, findings: Findings): Performer | undefined {
  const performer = stage.performer(step);
  if (performer) return performer;
  const guest = step.domain === undefined ? 'the machine' : `guest ${step.domain}`;
  findings.skip(`${guest} has no CPU ${step.cpu ?? step.vcpu ?? 0}`);
  return undefined;
}
