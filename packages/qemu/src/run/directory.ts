import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QemuError } from './errors.js';

/** Where files are memory on Linux. */
const MEMORY_FILES = '/dev/shm';

/** A directory for a machine's RAM and sockets, in memory where the host has room; it goes with this process. */
export class WorkDirectory {
  readonly path: string;
  readonly #remove = (): void => rmSync(this.path, { recursive: true, force: true });

  /** Throws {@link QemuError} where there is no room for so many bytes. */
  constructor(bytes: number, under: string = roomFor(bytes)) {
    this.path = mkdtempSync(join(under, 'trapline-'));
    process.on('exit', this.#remove);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    process.off('exit', this.#remove);
    this.#remove();
  }
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
