/**
 * The life of one CPU as PSCI sees it (DEN0022F.b, 5.6 and 6.6), as a pure state machine.
 *
 * States and events are small numbers: one byte a CPU, one table look-up an event.
 */
export type CpuState = 0 | 1 | 2 | 3 | 4;

/** Powered off, or never started. */
export const CPU_OFF = 0;
/** CPU_ON has succeeded; the CPU has not reached its entry point. */
export const CPU_ON_PENDING = 1;
/** Runs. */
export const CPU_ON = 2;
/** CPU_OFF has been called; the CPU has not gone yet, and is still on for everybody else. */
export const CPU_STOPPING = 3;
/** In an idle state of CPU_SUSPEND, CPU_DEFAULT_SUSPEND or SYSTEM_SUSPEND; still on for everybody else. */
export const CPU_SUSPENDED = 4;

/** The names of the states, by number. */
export const CPU_STATE_NAMES: readonly string[] = ['OFF', 'ON_PENDING', 'ON', 'STOPPING', 'SUSPENDED'];

export type CpuEvent = 0 | 1 | 2 | 3 | 4 | 5;

/** CPU_ON accepted. */
export const EVENT_START = 0;
/** The CPU executes its first instruction. */
export const EVENT_ENTERED = 1;
/** CPU_OFF or CPU_FREEZE accepted. */
export const EVENT_STOP = 2;
/** The CPU has gone. */
export const EVENT_STOPPED = 3;
/** An idle state is entered. */
export const EVENT_SUSPEND = 4;
/** The CPU wakes from it. */
export const EVENT_WAKE = 5;

/** What {@link nextCpuState} gives for an event that the state does not allow. */
export const REFUSED = -1;

const EVENTS = 6;

// Rows: OFF, ON_PENDING, ON, STOPPING, SUSPENDED. An embedder may start or stop a CPU by itself, so `entered` and
// `stopped` are facts that every state accepts.
const NEXT = Int8Array.of(
  ...[CPU_ON_PENDING, CPU_ON, REFUSED, CPU_OFF, REFUSED, REFUSED],
  ...[REFUSED, CPU_ON, REFUSED, CPU_OFF, REFUSED, REFUSED],
  ...[REFUSED, CPU_ON, CPU_STOPPING, CPU_OFF, CPU_SUSPENDED, REFUSED],
  ...[REFUSED, CPU_ON, REFUSED, CPU_OFF, REFUSED, REFUSED],
  ...[REFUSED, CPU_ON, REFUSED, CPU_OFF, REFUSED, CPU_ON],
);

/** The state after an event, or {@link REFUSED}. */
export function nextCpuState(state: CpuState, event: CpuEvent): CpuState | typeof REFUSED {
  return NEXT[state * EVENTS + event] as CpuState | typeof REFUSED;
}
