import type { BootState } from '@trapline/recordings';
import { hex } from '../registers/hex.js';
import type { ScenarioTally } from '../report/tally.js';
import type { Stage } from '../stage/stage.js';

/** PSTATE.M of an AArch32 state. */
const MODE_BITS = 0x1f;

/** Compares what the guest's program read when it began: the level or mode it ran at, and the CPU's number. */
export function compareBootState(boot: BootState | undefined, stage: Stage, book: ScenarioTally): void {
  const performer = boot && stage.performer({});
  if (!performer) return;
  const { vcpu, width } = performer;
  const mode = width === 64 ? vcpu.el : vcpu.pstate & MODE_BITS;
  if (boot.mode !== undefined && boot.mode !== hex(mode)) book.different(null, 'boot.mode', boot.mode, hex(mode));
  if (boot.mpidr !== undefined && boot.mpidr !== hex(vcpu.mpidr)) {
    book.different(null, 'boot.mpidr', boot.mpidr, hex(vcpu.mpidr));
  }
}
