import { readFileSync } from 'node:fs';
import { packageFile } from './root.js';

/** The package's version. */
export const version: string = (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string })
  .version;
