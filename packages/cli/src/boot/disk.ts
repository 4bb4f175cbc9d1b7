import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import type { BlockMedium } from '@trapline/xen';
import { CommandError } from '../command.js';
import { errorWords } from '../inspect/error-words.js';

/** A disk of the guest's in a file or a block device. */
export interface FileDisk extends BlockMedium {
  close(): void;
}

/**
 * Opens a disk image. What the guest writes is in the file when its request is answered, and on the medium when it asks
 * for a flush. An error of the host's is an error of the request.
 *
 * Throws `CommandError` for a file that cannot be opened.
 */
export function fileDisk(path: string, readOnly: boolean): FileDisk {
  const descriptor = opened(path, readOnly);
  return {
    bytes: sizeOf(descriptor, path),
    readOnly,
    readAt: (position, target) =>
      moved(target, (at) => readSync(descriptor, target, at, target.length - at, position + at)),
    writeAt: (position, source) =>
      moved(source, (at) => writeSync(descriptor, source, at, source.length - at, position + at)),
    flush: () => done(() => fsyncSync(descriptor)),
    close: () => closeSync(descriptor),
  };
}

function opened(path: string, readOnly: boolean): number {
  try {
    return openSync(path, readOnly ? 'r' : 'r+');
  } catch (error) {
    throw new CommandError(`${path}: ${errorWords(error)}`);
  }
}

function sizeOf(descriptor: number, path: string): number {
  const { size } = fstatSync(descriptor);
  if (size >= SECTOR_BYTES) return size;
  closeSync(descriptor);
  throw new CommandError(`${path}: has no whole sector; a disk is a file of at least ${SECTOR_BYTES} bytes`);
}

const SECTOR_BYTES = 512;

/** Moves all of a buffer in as many steps as the host takes; false where one fails or moves nothing. */
function moved(bytes: Uint8Array, step: (at: number) => number): boolean {
  return done(() => {
    for (let at = 0; at < bytes.length; ) {
      const count = step(at);
      if (count === 0) throw new RangeError('the file ends here');
      at += count;
    }
  });
}

function done(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
