import {
  type Environment,
  type Recording,
  RecordingError,
  type Scenario,
  type Step,
  type Subject,
} from '@trapline/recordings';
import { compareBootState } from './play/boot-state.js';
import { PLAYERS } from './play/players.js';
import type { FileReport } from './report/detail.js';
import { Findings } from './report/findings.js';
import { type ScenarioTally, Tally } from './report/tally.js';
import type { Player, Setting, StagePlan, Subjects } from './stage/plan.js';
import { Stage } from './stage/stage.js';

/** Choices about a replay. */
export interface ReplayOptions {
  /** Who answers, by the package that the recording's subject names. */
  readonly subjects: Subjects;
  /** Name of the file, for the report. */
  readonly file?: string;
  /** Answers with this profile in place of the recording's own. */
  readonly profile?: string;
}

/**
 * Plays a recording, step by step in its order, and compares everything that was observed.
 *
 * It acts on fields only. A step that cannot be played here, and every call of a scenario whose machine cannot be
 * built, counts as skipped, with the reason. It throws nothing for what a recording holds or a service does: a service
 * that throws is a difference, and the rest of the scenario is skipped.
 */
export function replay(recording: Recording, options: ReplayOptions): FileReport {
  const tally = new Tally(options.file ?? recording.subject.profile);
  const theatre = new Theatre(recording, options);
  recording.scenarios.forEach((scenario, index) => {
    const book = tally.scenario(scenario, index);
    theatre.play(scenario, book);
    book.close();
  });
  theatre.close();
  return tally.report();
}

/** The stage of the moment, which scenarios that are not fresh share. */
class Theatre {
  readonly #recording: Recording;
  readonly #options: ReplayOptions;
  #stage: Stage | undefined = undefined;
  /** Scenarios that go on with the machine cannot. */
  #broken = false;

  constructor(recording: Recording, options: ReplayOptions) {
    this.#recording = recording;
    this.#options = options;
  }

  play(scenario: Scenario, book: ScenarioTally): void {
    if (scenario.fresh) this.close();
    else if (this.#broken) {
      book.skipFrom(0, 'the machine broke in an earlier scenario');
      return;
    }
    const stage = this.#stageFor(scenario, book);
    if (stage) this.#broken = !playScenario(scenario, stage, book);
  }

  #stageFor(scenario: Scenario, book: ScenarioTally): Stage | undefined {
    try {
      this.#stage ??= this.#open(scenario, book);
      if (scenario.fresh) compareBootState(scenario.boot, this.#stage, book);
      return this.#stage;
    } catch (error) {
      this.#broken = true;
      book.skipFrom(0, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  close(): void {
    this.#stage?.dispose();
    this.#stage = undefined;
    this.#broken = false;
  }

  #open(scenario: Scenario, book: ScenarioTally): Stage {
    const { environment } = this.#recording;
    const subject = subjectOf(this.#recording, this.#options);
    const setting: Setting = { subject, environment: merged(environment, scenario.environment), scenario };
    const { subjects } = this.#options;
    const adapter = Object.hasOwn(subjects, subject.package) ? subjects[subject.package] : undefined;
    if (!adapter) throw new Error(`nothing here answers for the package ${subject.package}`);
    const stage = new Stage(setting, adapter(setting));
    stage.plan.opening?.(stage, new Findings(book, 0));
    return stage;
  }
}

/** Plays a scenario and looks at its end; false where the machine cannot be used after it. */
function playScenario(scenario: Scenario, stage: Stage, book: ScenarioTally): boolean {
  if (!playSteps(scenario.steps, stage, book)) return false;
  stage.plan.closing?.(scenario, stage, new Findings(book, Math.max(0, scenario.steps.length - 1)));
  return true;
}

/** Plays the steps of a scenario; false where the machine cannot be used after it. */
function playSteps(steps: readonly Step[], stage: Stage, book: ScenarioTally): boolean {
  let inBurst = false;
  for (const [index, step] of steps.entries()) {
    const bursts = step.op === 'call' && step.burst === true;
    try {
      if (!(bursts && inBurst)) stage.settle();
      playStep(step, stage, new Findings(book, index));
    } catch (error) {
      if (error instanceof RecordingError) book.skipFrom(index, error.message);
      else {
        book.different(index, 'the answering side', 'answers', `throws ${wordsOf(error)}`);
        if (index + 1 < steps.length) book.skipFrom(index + 1, 'the machine broke in an earlier step');
      }
      return false;
    }
    inBurst = bursts;
  }
  return true;
}

function playStep(step: Step, stage: Stage, findings: Findings): void {
  const player = playerOf(stage.plan, step.op) as Player | undefined;
  if (player) player(step, stage, findings);
  else findings.skip(`nothing here plays steps of the kind ${step.op}`);
}

function playerOf({ players = {} }: StagePlan, op: Step['op']): unknown {
  for (const some of [players, PLAYERS]) if (Object.hasOwn(some, op)) return some[op];
  return undefined;
}

function subjectOf({ subject }: Recording, { profile }: ReplayOptions): Subject {
  return profile === undefined ? subject : { ...subject, profile };
}

function merged(environment: Environment, own: Environment | undefined): Environment {
  return own === undefined ? environment : { ...environment, ...own };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
