import {
  type AttachedGuest,
  type Attachment,
  implement,
  type RangeHandler,
  returnInt,
  type Service,
} from '@trapline/core';
import { abi } from './abi.js';
import { channelHandlers } from './channel-calls.js';
import { interruptHandlers } from './interrupt-calls.js';
import { writeHypervisorNodes } from './node/write.js';
import { checkOptions, type HypervisorOptions } from './options.js';
import { Partitions } from './partitions.js';
import { Code } from './status.js';
import { LAST_TOKEN } from './token.js';

/**
 * A hypervisor that takes ePAPR's calls: byte channels, an interrupt controller, doorbells, messages and idle, between
 * its guests and with the embedder ({@link HypervisorOptions.connect}).
 *
 * A token that nobody declares is UNIMPLEMENTED. Throws {@link CompositionError} for options that contradict themselves.
 */
export function hypervisor(options: HypervisorOptions = {}): Service {
  checkOptions(options);
  return {
    name: 'epapr',
    levels: ['el2', 'el3', 'outside'],
    needs: ['interrupts'],
    start: () => {
      const partitions = new Partitions(options);
      options.connect?.(partitions);
      return {
        attach: (guest) => attach(partitions, guest),
        save: () => partitions.save(),
        restore: (saved) => partitions.restore(saved),
      };
    },
  };
}

function attach(partitions: Partitions, guest: AttachedGuest): Attachment {
  const { options } = partitions;
  const partition = partitions.attach(guest);
  const { immediate = 0 } = options;
  const convention = {
    immediates: [[immediate, immediate]] as const,
    ...(options.conduit === undefined ? {} : { conduits: [options.conduit] }),
  };
  const handlers = {
    ...channelHandlers(partitions, partition),
    ...interruptHandlers(partitions, partition, options),
  };
  return {
    implementations: [implement(abi, handlers, { convention, ranges: [TOKENS, UNKNOWN] })],
    trapsSmc: guest.level === 'el2' && options.conduit === 'smc',
    reset: () => partition.reset(),
    save: () => partition.interrupts.save(),
    restore: (saved) => partition.interrupts.restore(saved),
    describe: (tree, description) => writeHypervisorNodes(tree, partition, options, description),
  };
}

function unimplemented(call: Parameters<RangeHandler['handler']>[0]): ReturnType<RangeHandler['handler']> {
  return returnInt(call, Code.UNIMPLEMENTED);
}

/** Tokens are this hypervisor's; what lies above them another service may answer. */
const TOKENS: RangeHandler = { from: 0, to: LAST_TOKEN, handler: unimplemented };
const UNKNOWN: RangeHandler = { from: 0, to: 0xffff_ffff, fallback: true, handler: unimplemented };
