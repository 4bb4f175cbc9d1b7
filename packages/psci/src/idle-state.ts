import { CompositionError } from '@trapline/core';
import { hasReservedBits, isPowerdown, type PowerStateFormat } from './power-state.js';

/**
 * The local state of one power domain, as platforms number them: 0 runs, higher numbers are deeper. A CPU or domain in
 * a state of {@link LOCAL_OFF} or deeper loses its context.
 */
export type LocalState = 0 | 1 | 2 | 3;

export const LOCAL_RUN = 0;
/** The first state that loses context; those between run and it retain. */
export const LOCAL_OFF = 2;
/** Local states a domain can have. */
export const LOCAL_STATES = 4;

/** An idle state that firmware supports: one `power_state` that CPU_SUSPEND takes. */
export interface IdleState {
  readonly name: string;
  /** The `power_state` parameter, in the profile's format. */
  readonly powerState: number;
  /** The local state asked for at each level, from the CPU's up. Levels left out keep running. */
  readonly levels: readonly LocalState[];
  /** For device trees, in microseconds. */
  readonly entryLatency?: number;
  readonly exitLatency?: number;
  readonly minResidency?: number;
}

/** An idle state as the mechanism reads it. */
export interface CompiledIdleState {
  readonly state: IdleState;
  readonly powerdown: boolean;
  /** The highest level that does not run. */
  readonly level: number;
  /** The local state at that level. */
  readonly local: number;
}

/**
 * Compiles a table of idle states, by `power_state` as int32. States of levels above `maxLevel` are left out: there is no
 * domain that could enter them.
 *
 * Throws {@link CompositionError} where a state sets reserved bits, disagrees with its own type bit, asks a level for a
 * deeper state than the one below it, or is there twice.
 */
export function compileIdleStates(
  states: readonly IdleState[],
  format: PowerStateFormat,
  maxLevel: number,
): ReadonlyMap<number, CompiledIdleState> {
  const compiled = new Map<number, CompiledIdleState>();
  for (const state of states) {
    const value = state.powerState | 0;
    const at = `psci idle state ${state.name} (0x${(value >>> 0).toString(16)})`;
    if (hasReservedBits(value, format))
      throw new CompositionError(`${at} sets reserved bits`, `use the ${format} format`);
    const powerdown = isPowerdown(value, format);
    const { levels } = state;
    if ((levels[0] ?? 0) === LOCAL_RUN || (levels[0] as number) >= LOCAL_OFF !== powerdown) {
      throw new CompositionError(
        `${at} does not do to the CPU what its type bit says`,
        'correct levels[0] or the type bit',
      );
    }
    if (levels.some((local, i) => i > 0 && local > (levels[i - 1] as number))) {
      throw new CompositionError(`${at} goes deeper at a level than below it`, 'correct its levels');
    }
    if (compiled.has(value)) throw new CompositionError(`${at} is there twice`, 'leave one out');
    const running = levels.indexOf(LOCAL_RUN);
    const level = (running < 0 ? levels.length : running) - 1;
    if (level <= maxLevel) compiled.set(value, { state, powerdown, level, local: levels[level] as number });
  }
  return compiled;
}

/** Whether a state has what a device tree must say of it (Linux, idle-states.yaml). */
export function hasDescription(state: IdleState): boolean {
  return state.exitLatency !== undefined && state.minResidency !== undefined;
}
