import { GNTST } from '../abi/grant-status.js';
import { gnttabUnmapAndReplace, gnttabUnmapGrantRef } from '../abi/structures/grant-table.js';
import type { Hypercall } from '../calls/hypercall.js';
import type { ListOperation } from './list.js';
import { endMapping } from './use.js';

// Both structures have their fields at the same places; the second has another meaning for the second.
const { at, size } = gnttabUnmapGrantRef;
const HOST_ADDR = at.host_addr / 4;
const NEW_ADDR = gnttabUnmapAndReplace.at.new_addr / 4;
const HANDLE = at.handle / 4;
const STATUS = at.status / 2;
const { okay: OKAY } = GNTST;

/** GNTTABOP_unmap_grant_ref. Its `dev_bus_addr` means nothing: no device maps a grant of a translated domain. */
export const unmapGrantRef: ListOperation = {
  size,
  writtenAt: at.status,
  writtenBytes: 2,
  one: (call) => {
    call.operand.halves[STATUS] = unmapOne(call, false);
  },
};

/** GNTTABOP_unmap_and_replace: without a new address it is an unmap, and with one it cannot be done on ARM. */
export const unmapAndReplace: ListOperation = {
  size: gnttabUnmapAndReplace.size,
  writtenAt: gnttabUnmapAndReplace.at.status,
  writtenBytes: 2,
  one: (call) => {
    const { words, halves } = call.operand;
    halves[STATUS] = unmapOne(call, ((words[NEW_ADDR] as number) | (words[NEW_ADDR + 1] as number)) !== 0);
  },
};

/**
 * Ends one mapping (grant_table.c, unmap_common). The host address is not compared with the one that was mapped: what
 * counts is what is there now. A hole or the same page becomes a hole, anything else stays and is an error. Without an
 * address nothing is unmapped, and the handle stays.
 */
function unmapOne(call: Hypercall, replaces: boolean): number {
  const { domain, operand } = call;
  const { words } = operand;
  const handle = words[HANDLE] as number;
  const { maptrack } = domain.grants;
  const mapping = maptrack.at(handle);
  if (mapping === undefined || mapping.flags === 0) return GNTST.bad_handle;
  const page = mapping.active?.page;
  if (page === undefined) {
    endMapping(maptrack, handle);
    return GNTST.bad_handle;
  }
  const low = words[HOST_ADDR] as number;
  const high = words[HOST_ADDR + 1] as number;
  if ((low | high) === 0) return OKAY;
  if (replaces || !domain.memory.unmapGrant(high * 0x10_0000 + (low >>> 12), page)) return GNTST.general_error;
  return endMapping(maptrack, handle);
}
