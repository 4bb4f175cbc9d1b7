import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type DeviceTree, type DtsResolver, readDts } from '@trapline/devicetree';

/** Compiles DTS source; `/include/` and `/incbin/` find their files beside the file that names them. */
export function readSource(text: string, file: string): DeviceTree {
  return readDts(text, { file, resolver });
}

const resolver: DtsResolver = {
  text: (name, from) => readIfThere(name, from)?.toString('utf8'),
  bytes: readIfThere,
};

function readIfThere(name: string, from: string): Buffer | undefined {
  try {
    return readFileSync(resolve(dirname(from), name));
  } catch {
    return undefined;
  }
}
