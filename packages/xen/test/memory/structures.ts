import { memoryOperations } from '../../src/abi/operations/memory.js';
import type { Structure } from '../../src/abi/structure.js';

export { GRANT_RESOURCE, XENMAPSPACE, XENMEM_RESOURCE, XENMEMF } from '../../src/abi/structures/memory.js';
export { DOMID_SELF } from '../../src/domain/xen.js';

/** A sub-operation's name. */
export type MemoryCommand = keyof typeof memoryOperations.operations;

/** Its number and structure. */
export function memoryStructures(name: MemoryCommand): { readonly command: number; readonly structure?: Structure } {
  return memoryOperations.operations[name];
}
