import { catalogue, type RecordingName } from '../data/index.js';
import { RecordingError } from './error.js';
import type { Recording } from './format/recording.js';
import { unpackText } from './unpack.js';

/** What a recording holds, and where it is from. */
export interface RecordingSummary {
  readonly name: RecordingName;
  /** The package and profile that should answer alike. */
  readonly package: string;
  readonly profile: string;
  /** Who answered: versions and how it was run. */
  readonly oracle: string;
  /** Date of the recording. */
  readonly recorded: string;
  readonly scenarios: number;
  readonly steps: number;
  readonly calls: number;
  /** Length and SHA-256 of {@link readRecordingText}, in bytes and hexadecimal. */
  readonly bytes: number;
  readonly sha256: string;
  /** The recorder's notes, a file of this package. */
  readonly notes: string;
}

/** The recordings of this package, by name in alphabetical order. Nothing is unpacked for it. */
export function listRecordings(): readonly RecordingSummary[] {
  return catalogue.map(({ load, ...summary }) => summary);
}

/**
 * The text of a recording as its recorder wrote it, byte for byte.
 *
 * Throws {@link RecordingError} for a name that is not in {@link listRecordings}.
 */
export async function readRecordingText(name: RecordingName): Promise<string> {
  const found = catalogue.find((row) => row.name === name);
  if (!found) {
    const names = catalogue.map((row) => row.name).join(', ');
    throw new RecordingError('', `there is no recording ${JSON.stringify(name)}: the names are ${names}`);
  }
  const { gzip } = await found.load();
  return unpackText(gzip);
}

/**
 * Loads a recording of this package. Each call gives a value of its own.
 *
 * Numbers above 2^53 are rounded (only KVM's informative `hostRealtimeNs` has any); {@link readRecordingText} has all
 * digits. Throws {@link RecordingError} for a name that is not in {@link listRecordings}.
 */
export async function loadRecording(name: RecordingName): Promise<Recording> {
  return JSON.parse(await readRecordingText(name)) as Recording;
}
