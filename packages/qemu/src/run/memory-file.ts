import { randomUUID } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QemuError } from './errors.js';

/** Where files are memory on Linux. */
const MEMORY_FILES = '/dev/shm';

/**
 * Opens a new file of so many bytes, in memory where the host has room, and gives its descriptor. It has no name any more:
 * it is gone when nobody has it open, however this process ends.
 *
 * Throws {@link QemuError} where there is no room.
 */
export function openMemoryFile(bytes: number): number {
  const path = join(roomFor(bytes), `trapline-${randomUUID()}`);
  const descriptor = openSync(path, 'wx+', 0o600);
  rmSync(path);
  try {
    ftruncateSync(descriptor, bytes);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
}

function roomFor(bytes: number): string {
  for (const path of [MEMORY_FILES, tmpdir()]) {
    try {
      const { bavail, bsize } = statfsSync(path);
      if (bavail * bsize > bytes) return path;
    } catch {}
  }
  throw new QemuError(`neither ${MEMORY_FILES} nor ${tmpdir()} has room for ${bytes / 2 ** 20} MiB of guest memory`);
}
