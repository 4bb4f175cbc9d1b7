import { ERRNO } from '../abi/errno.js';
import { MEMOP_EXTENT_SHIFT, memoryOperations } from '../abi/operations/memory.js';
import { fail, type Operation, succeed } from '../calls/hypercall.js';
import { addToPhysmapBatch } from './operations/batch.js';
import { claimPages } from './operations/claim.js';
import { exchange } from './operations/exchange.js';
import { addToPhysmap, removeFromPhysmap } from './operations/physmap.js';
import {
  currentReservation,
  getVnumainfo,
  maximumGpfn,
  maximumRamPage,
  maximumReservation,
  reservedDeviceMemoryMap,
} from './operations/queries.js';
import { decreaseReservation, increaseReservation, populatePhysmap } from './operations/reservation.js';
import { acquireResource } from './operations/resource.js';

/** Bits of the command that select the operation (MEMOP_CMD_MASK). */
const COMMAND_MASK = (1 << MEMOP_EXTENT_SHIFT) - 1;

const notHere: Operation = (call) => fail(call, ERRNO.ENOSYS);

/** Nothing is shared by content on ARM; with a place to go on the number is not even known (arch_memory_op). */
const noSharing: Operation = (call) =>
  (call.w[0] as number) >>> MEMOP_EXTENT_SHIFT === 0 ? succeed(call) : fail(call, ERRNO.ENOSYS);

/** What ARM answers of each; memory maps, machine tables, paging, access and sharing are of x86, or of other builds. */
const HANDLERS: { readonly [N in keyof typeof memoryOperations.operations]: Operation } = {
  increaseReservation,
  decreaseReservation,
  maximumRamPage,
  currentReservation,
  maximumReservation,
  machphysMfnList: notHere,
  populatePhysmap,
  addToPhysmap,
  memoryMap: notHere,
  machineMemoryMap: notHere,
  exchange,
  machphysMapping: notHere,
  setMemoryMap: notHere,
  maximumGpfn,
  removeFromPhysmap,
  setPodTarget: notHere,
  getPodTarget: notHere,
  getSharingFreedPages: noSharing,
  getSharingSharedPages: noSharing,
  pagingOp: notHere,
  accessOp: notHere,
  sharingOp: notHere,
  addToPhysmapBatch,
  claimPages,
  machphysCompatMfnList: notHere,
  getVnumainfo,
  reservedDeviceMemoryMap,
  acquireResource,
};

const BY_COMMAND: readonly Operation[] = Array.from({ length: COMMAND_MASK + 1 }, (_, command) => {
  const name = memoryOperations.find(command)?.name as keyof typeof HANDLERS | undefined;
  return name === undefined ? notHere : HANDLERS[name];
});

/**
 * HYPERVISOR_memory_op (common/memory.c, arch/arm/mm.c): the reservation and the physical map. The command's bits from
 * MEMOP_EXTENT_SHIFT up say where a long operation goes on that was preempted; -ENOSYS for what ARM does not have.
 */
export const memoryOp: Operation = (call) => (BY_COMMAND[(call.w[0] as number) & COMMAND_MASK] as Operation)(call);
