import {
  type AttachedGuest,
  type Attachment,
  CompositionError,
  type Handler,
  implement,
  type Service,
  UNCLAIMED,
} from '@trapline/core';
import { OWNER_VENDOR_HYPERVISOR, ownerQueries } from '@trapline/smccc';
import { abi, HYPERV_UID, nativeAbi } from './abi.js';
import { CallCode } from './control.js';
import { nativeOutput, perform, smcccOutput } from './frame.js';
import { type HypervisorOptions, operationsOf, Partition } from './partition.js';

/** Most connections of one hypervisor. */
export const MAX_CONNECTIONS = 64;

/**
 * Hyper-V's side of its hypercalls for AArch64 guests, by SMCCC and in its own form: registers of the calling virtual
 * processor, messages, events, and the UUID by which it is found.
 *
 * A call code that is not there is INVALID_HYPERCALL_CODE, a control word that does not fit the call
 * INVALID_HYPERCALL_INPUT, a buffer off its boundary INVALID_ALIGNMENT. Throws {@link CompositionError} for a connection
 * given twice.
 */
export function hypervisor(options: HypervisorOptions = {}): Service {
  check(options.connections ?? []);
  return {
    name: 'hyperv',
    levels: ['el2'],
    needs: ['memory', 'clock'],
    start: () => ({ attach: (guest) => attach(guest, options) }),
  };
}

function attach(guest: AttachedGuest, options: HypervisorOptions): Attachment {
  const partition = new Partition(guest, options);
  const operations = operationsOf(partition, CallCode);
  const { memory } = guest.ports;
  const own: Handler = (call) =>
    call.pe.state === 'a64' ? perform(call, operations, memory, nativeOutput) : UNCLAIMED;
  return {
    implementations: [
      implement(abi, { hypercall: (call) => perform(call, operations, memory, smcccOutput) }),
      implement(nativeAbi, { hypercall: own }),
      ...ownerQueries({
        owners: { [OWNER_VENDOR_HYPERVISOR]: { uid: HYPERV_UID } },
        convention: { conduits: ['hvc'] },
      }),
    ],
    reset: () => partition.reset(),
    save: () => partition.save(),
    restore: (saved) => partition.restore(saved),
    describe: (tree) => {
      const node = tree.node('/hypervisor') ?? tree.root.add('hypervisor');
      node.set('compatible', 'microsoft,hyperv');
    },
  };
}

function check(connections: readonly { readonly id: number }[]): void {
  if (connections.length > MAX_CONNECTIONS) {
    throw new CompositionError(`there are ${connections.length} connections`, `leave all but ${MAX_CONNECTIONS} out`);
  }
  const ids = connections.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new CompositionError(`connection ${twice} is there twice`, 'give one another number');
}
