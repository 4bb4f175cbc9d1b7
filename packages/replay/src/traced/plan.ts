import type { ExceptionLevel } from '@trapline/core';
import { type Environment, RecordingError } from '@trapline/recordings';
import type { GuestServices } from '@trapline/trap-bus';
import type { PlannedCpu, Setting, StagePlan } from '../stage/plan.js';
import type { PlayedMedium } from './played-medium.js';
import { playersOf } from './players.js';
import { type TracedActions, TracedSide } from './traced-side.js';

/** Who answers in a traced machine, and what its host does of itself. */
export interface TracedMachineParts {
  readonly services: GuestServices;
  readonly actions?: TracedActions;
  /** The disks that they read and write, in the order in which the recorder was asked for them. */
  readonly media?: readonly PlayedMedium[];
}

/** Where the program stands that makes the calls: nothing depends on it. */
const CALL_SITE = 0x1000n;

/**
 * The machine of a trace that {@link TraceRecorder} wrote: what the guest's memory, clocks, interrupt controller and
 * entropy gave is in its steps, so that services that do the same give equal answers.
 *
 * Throws `RecordingError` for an environment without `traced` or `mpidr`.
 */
export function tracedMachine(setting: Setting, { services, actions = {}, media = [] }: TracedMachineParts): StagePlan {
  const { environment } = setting;
  const { traced } = environment;
  if (traced === undefined) throw new RecordingError('environment.traced', 'is missing');
  const side = new TracedSide(traced, media);
  const { memory, interrupts, clock, random } = side;
  return {
    arrivals: 'steps',
    guests: [
      {
        name: traced.guest,
        vcpus: cpusOf(environment),
        midr: Number(traced.midr),
        hasEl2: environment.el2 ?? false,
        hasEl3: environment.el3 ?? false,
        services,
        ports: { memory, interrupts, clock, random },
        // What it takes between its calls is no part of a trace.
        signals: () => false,
      },
    ],
    players: playersOf(side, actions),
  };
}

function cpusOf({ mpidr, guestWidth, callerEL }: Environment): PlannedCpu[] {
  if (mpidr === undefined) throw new RecordingError('environment.mpidr', 'is missing');
  const narrow = guestWidth === 32;
  const el: ExceptionLevel = callerEL ?? 1;
  return mpidr.map((one, index) => ({
    mpidr: BigInt(one),
    callSite: CALL_SITE,
    power: index === 0 ? 'running' : 'off',
    boot: { el, state: narrow ? 'a32' : 'a64', entry: CALL_SITE },
  }));
}
