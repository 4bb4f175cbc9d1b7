import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { grantTableOperations } from '../abi/operations/grant-table.js';
import { fail, type Hypercall, type Operation } from '../calls/hypercall.js';
import { cacheFlush } from './cache-flush.js';
import { copyList } from './copy.js';
import { eachOf } from './list.js';
import { mapGrantRef } from './map.js';
import { getStatusFrames, getVersion, querySize, setupTable } from './setup.js';
import { swapGrantRef } from './swap.js';
import { unmapAndReplace, unmapGrantRef } from './unmap.js';
import { setVersion } from './version.js';

const { operations } = grantTableOperations;
const MAP = operations.mapGrantRef.command;
const UNMAP = operations.unmapGrantRef.command;
const SETUP = operations.setupTable.command;
const TRANSFER = operations.transfer.command;
const COPY = operations.copy.command;
const QUERY_SIZE = operations.querySize.command;
const REPLACE = operations.unmapAndReplace.command;
const SET_VERSION = operations.setVersion.command;
const STATUS_FRAMES = operations.getStatusFrames.command;
const GET_VERSION = operations.getVersion.command;
const SWAP = operations.swapGrantRef.command;
const CACHE_FLUSH = operations.cacheFlush.command;

/** Bits of the first argument that are the command; those above are a continuation's own. */
const COMMAND_MASK = 0xfff;
/** Bit 31 of a count: Xen takes it as negative. */
const NEGATIVE = 0x8000_0000;

/**
 * HYPERVISOR_grant_table_op: command, pointer, count. What is wrong with one entry of a list is in its `status`
 * (GNTST); the hypercall's own result is 0.
 *
 * -EINVAL for a negative count, and for bits above the command that are not a continuation's; -ENOSYS for commands that
 * there are not, dump_table among them; -EOPNOTSUPP for a transfer, which only exists for x86's PV guests.
 */
export const grantTableOp: Operation = (call) => {
  const first = call.w[0] as number;
  const command = first & COMMAND_MASK;
  const above = first - command;
  if ((call.w[4] as number) >= NEGATIVE) return fail(call, ERRNO.EINVAL);
  if (above !== 0 && command !== CACHE_FLUSH) return fail(call, ERRNO.EINVAL);
  return perform(call, command, above);
};

function perform(call: Hypercall, command: number, searched: number): Outcome {
  switch (command) {
    case MAP:
      return eachOf(call, mapGrantRef);
    case UNMAP:
      return eachOf(call, unmapGrantRef);
    case SETUP:
      return setupTable(call);
    case TRANSFER:
      return fail(call, ERRNO.EOPNOTSUPP);
    case COPY:
      return copyList(call);
    case QUERY_SIZE:
      return querySize(call);
    case REPLACE:
      return eachOf(call, unmapAndReplace);
    case SET_VERSION:
      return setVersion(call);
    case STATUS_FRAMES:
      return getStatusFrames(call);
    case GET_VERSION:
      return getVersion(call);
    case SWAP:
      return eachOf(call, swapGrantRef);
    case CACHE_FLUSH:
      return cacheFlush(call, command, searched);
    default:
      return fail(call, ERRNO.ENOSYS);
  }
}
