/** Something that was not as recorded, or could not be played, and where. */
export interface Detail {
  readonly verdict: 'different' | 'skipped';
  readonly file: string;
  /** The scenario's name, and its number from 0. */
  readonly scenario: string;
  readonly scenarioIndex: number;
  /** The step's number in the scenario, from 0; null for the scenario as a whole. */
  readonly step: number | null;
  /** The kind of the step. */
  readonly op: string | null;
  /** What differs: a register (`x0`), a byte in memory (`mem:0x40001000`), `exception.esr`, `entry.sctlr`, `returns`, … */
  readonly what: string;
  readonly expected: string;
  readonly got: string;
  /** Why it could not be played. Empty where something differs. */
  readonly reason: string;
}

/** What came of one recording. */
export interface FileReport {
  readonly file: string;
  /** Calls, each in one of the three groups. */
  readonly calls: number;
  readonly equal: number;
  readonly different: number;
  readonly skipped: number;
  /** At most {@link MAX_DETAILS}. */
  readonly details: readonly Detail[];
  /** Details beyond that; the calls are counted all the same. */
  readonly omitted: number;
}

/** What came of several recordings. */
export interface Report {
  readonly files: readonly FileReport[];
}

/** Details kept of one recording. */
export const MAX_DETAILS = 10_000;

/** Whether everything was played and is as recorded. */
export function isEqual({ files }: Report): boolean {
  return files.every(({ different, skipped }) => different === 0 && skipped === 0);
}
