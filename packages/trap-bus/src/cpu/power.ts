import type { PowerState } from '@trapline/core';

/** What may happen to a CPU's power. */
export type PowerEvent = 'start' | 'enter' | 'wait' | 'wake' | 'off' | 'gone';

/**
 * The life of a CPU: off → starting → running → waiting or stopping, and back. A start is pending until the first
 * instruction, an off until the CPU has gone: services tell their callers so (ON_PENDING).
 */
const NEXT: { readonly [S in PowerState]: { readonly [E in PowerEvent]?: PowerState } } = {
  off: { start: 'starting' },
  starting: { start: 'starting', enter: 'running' },
  running: { wait: 'waiting', off: 'stopping' },
  waiting: { start: 'starting', wake: 'running', off: 'stopping' },
  stopping: { gone: 'off' },
};

/** The state after an event, or undefined where the event cannot happen in that state. */
export function nextPower(state: PowerState, event: PowerEvent): PowerState | undefined {
  return NEXT[state][event];
}
