export { readDtb } from './fdt/read.js';
export type { DeviceTree } from './tree.js';
