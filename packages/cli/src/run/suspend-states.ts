import type { Psci } from '@trapline/psci';

/** Whether context survives. */
export type SleepKind = 'standby' | 'powerdown';

/**
 * States to try where the tree names none: that of StateID 0, and what TF-A's platforms use (local state 1 for
 * retention, 2 for off).
 */
const GUESSES = {
  original: { standby: [0x0000_0000, 0x0000_0001], powerdown: [0x0001_0000, 0x0001_0002] },
  extended: { standby: [0x0000_0000, 0x0000_0001], powerdown: [0x4000_0000, 0x4000_0002] },
} as const;

/** The values of `power_state` with which a CPU may sleep: those its node names, or guesses. */
export function suspendStates(psci: Psci, cpu: number, kind: SleepKind): readonly number[] {
  const format = psci.negotiated.powerStateFormat ?? 'original';
  const named = psci.idleStates(cpu).filter(({ decoded }) => decoded.type === kind);
  return named.length > 0 ? named.slice(0, 1).map(({ powerState }) => powerState) : GUESSES[format][kind];
}
