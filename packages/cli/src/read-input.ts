import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';

/** Largest file, or standard input, that is read, in bytes: four times the largest blob that a reader takes. */
const MAX_INPUT: number = 256 * 1024 * 1024;

/** Bytes that are asked for at once of what has no size: pipes and devices. */
const CHUNK = 1 << 16;

/** Standard input's file descriptor. */
const STDIN = 0;

/**
 * Reads a whole file, or standard input where none is named. What never ends (`/dev/zero`) is given up at
 * {@link MAX_INPUT}.
 *
 * Throws Node's error for what cannot be read, and `RangeError` for more than {@link MAX_INPUT} bytes.
 */
export function readInput(file?: string): Uint8Array {
  if (file === undefined) return readToEnd(STDIN);
  const { size } = statSync(file);
  if (size > MAX_INPUT) throw tooLarge();
  if (size > 0) return readFileSync(file);
  const descriptor = openSync(file, 'r');
  try {
    return readToEnd(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readToEnd(descriptor: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let size = 0; ; ) {
    const chunk = new Uint8Array(CHUNK);
    const count = readSync(descriptor, chunk);
    if (count === 0) return Buffer.concat(chunks, size);
    chunks.push(chunk.subarray(0, count));
    size += count;
    if (size > MAX_INPUT) throw tooLarge();
  }
}

function tooLarge(): RangeError {
  return new RangeError(`there are more than ${MAX_INPUT} bytes`);
}
