import { CompositionError, type InspectedInterface, inspectTree, type Service } from '@trapline/core';
import type { DeviceTree } from '@trapline/devicetree';
import { firmware, type ProfileName, readPsciNode } from '@trapline/psci';
import { archService, sdeiService, trngService } from '@trapline/smccc';
import { levelFor, type Stack, stackFromTree } from '@trapline/stack';
import { CommandError } from '../command.js';
import { xenService } from './xen-tree.js';

/** Trees of real boards often leave memory to the boot loader. */
const USUAL_MEMORY = [{ base: 0x4000_0000, size: 2 ** 29 }];

/**
 * Composes the machine that a tree describes, with services for the interfaces in it that are known here. Beside PSCI
 * of the specification stand the services that have no node: SMCCC's own calls and TRNG. Where Xen is, PSCI is Xen's.
 *
 * Throws `CommandError` with the file for a composition that cannot be.
 */
export function stackFromTreeFile(file: string, tree: DeviceTree, profile: ProfileName | undefined): Stack {
  const underXen = inspectTree(tree).interfaces.some((found) => found.interface === 'xen');
  if (underXen && profile !== undefined) throw new CommandError(`${file}: PSCI is Xen's here; leave --psci out`);
  try {
    return stackFromTree(tree, {
      services: {
        psci: (found) => (underXen ? [] : psciServices(found, profile)),
        sdei: () => sdeiService(),
        xen: (found) => xenService(found, 'guest'),
      },
      memoryIfNone: USUAL_MEMORY,
      level: (service, found) => (profile === 'qemu-7.2' ? 'outside' : levelFor(service, found)),
    });
  } catch (error) {
    if (error instanceof CompositionError) throw new CommandError(`${file}: ${error.message}`);
    throw error;
  }
}

function psciServices(found: InspectedInterface, profile: ProfileName | undefined): readonly Service[] {
  // Outside, nothing routes: only the instruction that the tree names is PSCI's.
  if (profile === 'qemu-7.2') return [firmware({ profile, ...(found.conduit !== null && { conduit: found.conduit }) })];
  // The profiles of TF-A bring its other services.
  if (profile?.startsWith('tf-a')) return [firmware({ profile })];
  if (profile !== undefined) return [firmware({ profile }), archService(), trngService()];
  if (found.version === '0.1') return [firmware({ version: '0.1', legacyIds: readPsciNode(found.node).legacyIds })];
  if (found.version === '0.2') return [firmware({ version: '0.2' })];
  return [firmware(), archService(), trngService()];
}
