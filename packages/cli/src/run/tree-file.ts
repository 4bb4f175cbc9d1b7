import { CompositionError, type InspectedInterface, type Service } from '@trapline/core';
import type { DeviceTree } from '@trapline/devicetree';
import { firmware, type ProfileName, readPsciNode } from '@trapline/psci';
import { archService, sdeiService, trngService } from '@trapline/smccc';
import { levelFor, type Stack, stackFromTree } from '@trapline/stack';
import { CommandError } from '../command.js';

/**
 * Composes the machine that a tree describes, with services for the interfaces in it that are known here. Beside PSCI
 * of the specification stand the services that have no node: SMCCC's own calls and TRNG.
 *
 * Throws `CommandError` with the file for a composition that cannot be.
 */
export function stackFromTreeFile(file: string, tree: DeviceTree, profile: ProfileName | undefined): Stack {
  try {
    return stackFromTree(tree, {
      services: { psci: (found) => psciServices(found, profile), sdei: () => sdeiService() },
      level: (service, found) => (profile === 'qemu-7.2' ? 'outside' : levelFor(service, found)),
    });
  } catch (error) {
    if (error instanceof CompositionError) throw new CommandError(`${file}: ${error.message}`);
    throw error;
  }
}

function psciServices(found: InspectedInterface, profile: ProfileName | undefined): readonly Service[] {
  const conduit = found.conduit === null ? {} : { conduit: found.conduit };
  if (profile === 'qemu-7.2') return [firmware({ profile, ...conduit })];
  if (profile?.startsWith('tf-a')) return [firmware({ profile, ...conduit }), archService()];
  if (profile !== undefined) return [firmware({ profile, ...conduit }), archService(), trngService()];
  if (found.version === '0.1') {
    return [firmware({ version: '0.1', legacyIds: readPsciNode(found.node).legacyIds, ...conduit })];
  }
  if (found.version === '0.2') return [firmware({ version: '0.2', ...conduit })];
  return [firmware(conduit), archService(), trngService()];
}
