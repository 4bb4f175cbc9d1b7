import { fileURLToPath } from 'node:url';

/** A file of this package by its path from the root. Holds in `src`, in `dist` and in the bundle, which lies flat there. */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}
