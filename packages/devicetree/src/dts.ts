export { type DtsOptions, readDts } from './dts/read.js';
export type { DtsResolver } from './dts/scanner.js';
export { printDts, writeDts } from './dts/write.js';
