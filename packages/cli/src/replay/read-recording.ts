import { existsSync } from 'node:fs';
import { listRecordings, parseRecording, type Recording, readRecordingText } from '@trapline/recordings';
import type { Io } from '../io.js';
import { readInput } from '../read-input.js';

/**
 * Reads a recording: a file, `-` for standard input, or the name of one that the tool brings (no file of that name).
 *
 * Throws `RecordingError` for what is no recording, and Node's error for a file that cannot be read.
 */
export async function readRecording(name: string, io: Pick<Io, 'stdin'>): Promise<Recording> {
  const bundled = listRecordings().find((summary) => summary.name === name);
  if (bundled && !existsSync(name)) return parseRecording(await readRecordingText(bundled.name));
  const bytes = name === '-' ? io.stdin() : readInput(name);
  return parseRecording(new TextDecoder().decode(bytes));
}
