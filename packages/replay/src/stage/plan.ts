import type { Pe } from '@trapline/core';
import type { Environment, Scenario, Step, Subject } from '@trapline/recordings';
import type { GuestSpec, VcpuSpec } from '@trapline/trap-bus';
import type { Findings } from '../report/findings.js';
import type { Stage } from './stage.js';

/** What a scenario is to be played on: what the recording and the caller of the replay say about it. */
export interface Setting {
  /** The recording's subject; its profile replaced by the one that was asked for. */
  readonly subject: Subject;
  /** The recording's environment with the scenario's own fields over it. */
  readonly environment: Environment;
  readonly scenario: Scenario;
}

/** Turns a setting into a machine with services: how a backend comes into a replay. */
export type SubjectAdapter = (setting: Setting) => StagePlan;

/** The adapters, by the package that a recording's subject names. */
export type Subjects = Readonly<Record<string, SubjectAdapter>>;

/** The machine of a scenario, and how its steps are played. */
export interface StagePlan {
  readonly guests: readonly PlannedGuest[];
  /** Kinds of steps that only this subject has, or plays in a way of its own. */
  readonly players?: Players;
  /** Where the guest's program expects the CPUs that it starts; one that begins elsewhere executes none of its calls. */
  readonly entry?: bigint;
  /** Condition flags and masks (PSTATE bits 31:28 and 9:6) before every call; given where they were looked at after it. */
  readonly pstate?: number;
  /** Who lets a started CPU arrive at its first instruction: time, where absent, or steps (of the VMM, of a trace). */
  readonly arrivals?: 'time' | 'steps';
  /** Whether `memIn` was observed before the call (KVM) instead of put there. */
  readonly observesOperands?: boolean;
  /** Whether a machine that suspends stays so: whoever controls it resumes it, and not an interrupt (Xen's domains). */
  readonly suspendEnds?: boolean;
  /** Ticks of the system counter a second; the scenario's `boot` says it where absent. */
  readonly frequency?: number;
  /** What happens on the fresh machine before the first step; findings are the first step's. */
  readonly opening?: (stage: Stage, findings: Findings) => void;
  /** What is looked at after the last step of each scenario; findings are the last step's. */
  readonly closing?: (scenario: Scenario, stage: Stage, findings: Findings) => void;
}

/** A guest of the machine. */
export interface PlannedGuest extends Omit<GuestSpec, 'vcpus' | 'deferred'> {
  /** The number that steps name it by, where there are several. */
  readonly domain?: number;
  readonly vcpus: readonly PlannedCpu[];
  /** Private interrupts that the guest's program has enabled on every CPU. */
  readonly enabled?: readonly number[];
  /** Whether a CPU is signalled an interrupt, which it takes unless it masks it; where absent, one that is pending. */
  readonly signals?: (pe: Pe) => boolean;
}

/** A CPU of a guest. */
export interface PlannedCpu extends Omit<VcpuSpec, 'cpu'> {
  /** Address of the instruction with which it calls. */
  readonly callSite: bigint;
}

/** Plays one step on a stage. */
export type Player<S extends Step = Step> = (step: S, stage: Stage, findings: Findings) => void;

/** Players by kind of step. */
export type Players = { readonly [Op in Step['op']]?: Player<Extract<Step, { readonly op: Op }>> };
