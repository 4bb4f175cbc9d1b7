import { defineOperations } from '../operation.js';
import * as s from '../structures/memory.js';

const source = 'public/memory.h';
const since = '3.0';

/** Bits of memory_op's command that select the operation (MEMOP_CMD_MASK); where a preempted one goes on stands above. */
export const MEMOP_EXTENT_SHIFT = 6;

/** The sub-operations of memory_op, those too that ARM has never answered. */
export const memoryOperations = defineOperations('memoryOp', [
  { command: 0, name: 'increaseReservation', structure: s.xenMemoryReservation, direction: 'in', since, source },
  { command: 1, name: 'decreaseReservation', structure: s.xenMemoryReservation, direction: 'in', since, source },
  { command: 2, name: 'maximumRamPage', direction: 'none', since, source },
  { command: 3, name: 'currentReservation', structure: s.xenMemoryDomain, direction: 'in', since, source },
  { command: 4, name: 'maximumReservation', structure: s.xenMemoryDomain, direction: 'in', since, source },
  { command: 5, name: 'machphysMfnList', structure: s.xenMachphysMfnList, direction: 'inout', since, source },
  { command: 6, name: 'populatePhysmap', structure: s.xenMemoryReservation, direction: 'in', since, source },
  { command: 7, name: 'addToPhysmap', structure: s.xenAddToPhysmap, direction: 'in', since, source },
  { command: 9, name: 'memoryMap', structure: s.xenMemoryMap, direction: 'inout', since, source },
  { command: 10, name: 'machineMemoryMap', structure: s.xenMemoryMap, direction: 'inout', since, source },
  { command: 11, name: 'exchange', structure: s.xenMemoryExchange, direction: 'inout', since, source },
  { command: 12, name: 'machphysMapping', structure: s.xenMachphysMapping, direction: 'out', since, source },
  { command: 13, name: 'setMemoryMap', structure: s.xenForeignMemoryMap, direction: 'in', since, source },
  { command: 14, name: 'maximumGpfn', structure: s.xenMemoryDomain, direction: 'in', since, source },
  { command: 15, name: 'removeFromPhysmap', structure: s.xenRemoveFromPhysmap, direction: 'in', since, source },
  { command: 16, name: 'setPodTarget', structure: s.xenPodTarget, direction: 'inout', since, source },
  { command: 17, name: 'getPodTarget', structure: s.xenPodTarget, direction: 'inout', since, source },
  { command: 18, name: 'getSharingFreedPages', direction: 'none', since: '4.0', source },
  { command: 19, name: 'getSharingSharedPages', direction: 'none', since: '4.0', source },
  { command: 20, name: 'pagingOp', structure: s.xenMemPagingOp, direction: 'in', since: '4.1', source },
  { command: 21, name: 'accessOp', structure: s.xenMemAccessOp, direction: 'inout', since: '4.1', source },
  { command: 22, name: 'sharingOp', structure: s.xenMemSharingOp, direction: 'inout', since: '4.1', source },
  { command: 23, name: 'addToPhysmapBatch', structure: s.xenAddToPhysmapBatch, direction: 'in', since: '4.3', source },
  { command: 24, name: 'claimPages', structure: s.xenMemoryReservation, direction: 'in', since: '4.3', source },
  { command: 25, name: 'machphysCompatMfnList', structure: s.xenMachphysMfnList, direction: 'inout', since, source },
  { command: 26, name: 'getVnumainfo', structure: s.xenVnumaTopologyInfo, direction: 'inout', since: '4.5', source },
  {
    command: 27,
    name: 'reservedDeviceMemoryMap',
    structure: s.xenReservedDeviceMemoryMap,
    direction: 'inout',
    since: '4.6',
    source,
  },
  {
    command: 28,
    name: 'acquireResource',
    structure: s.xenMemAcquireResource,
    direction: 'inout',
    since: '4.11',
    source,
  },
]);
