import { dirname, resolve } from 'node:path';
import { type DeviceTree, type DtsResolver, readDts } from '@trapline/devicetree';
import { readInput } from '../read-input.js';

/** Compiles DTS source; `/include/` and `/incbin/` find their files beside the file that names them. */
export function readSource(text: string, file: string): DeviceTree {
  return readDts(text, { file, resolver });
}

const resolver: DtsResolver = {
  text: (name, from) => {
    const bytes = readIfThere(name, from);
    return bytes && new TextDecoder().decode(bytes);
  },
  bytes: readIfThere,
};

function readIfThere(name: string, from: string): Uint8Array | undefined {
  try {
    return readInput(resolve(dirname(from), name));
  } catch {
    return undefined;
  }
}
