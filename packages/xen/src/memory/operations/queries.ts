import type { Outcome } from '@trapline/core';
import { ERRNO } from '../../abi/errno.js';
import {
  XENMEM_RDM_ALL,
  xenMemoryDomain,
  xenReservedDeviceMemoryMap,
  xenVnumaTopologyInfo,
} from '../../abi/structures/memory.js';
import { fail, type Hypercall, type Operation, succeed } from '../../calls/hypercall.js';
import type { DomainMemory } from '../domain-memory.js';
import { startExtent, succeedWith } from './extents.js';

const VNUMA_PAD = xenVnumaTopologyInfo.at.pad / 2;
const RDM_FLAGS = xenReservedDeviceMemoryMap.at.flags / 4;
const RDM_COUNT = xenReservedDeviceMemoryMap.at.nrEntries / 4;

/** XENMEM_maximum_ram_page: a property of the machine, for anyone. -EINVAL for a place to go on. */
export const maximumRamPage: Operation = (call) =>
  startExtent(call) === 0 ? succeedWith(call, call.domain.xen.host.maximumRamPage) : fail(call, ERRNO.EINVAL);

/** XENMEM_current_reservation. */
export const currentReservation: Operation = (call) => ask(call, ({ reservation }) => reservation.total);

/** XENMEM_maximum_reservation. */
export const maximumReservation: Operation = (call) => ask(call, ({ reservation }) => reservation.maximum);

/** XENMEM_maximum_gpfn: the highest frame that was ever mapped. */
export const maximumGpfn: Operation = (call) => ask(call, ({ map }) => map.highest);

/** -EINVAL for a place to go on, -EFAULT, -ESRCH, -EPERM. */
function ask(call: Hypercall, what: (memory: DomainMemory) => number): Outcome {
  const { domain: caller, operand, w } = call;
  if (startExtent(call) !== 0) return fail(call, ERRNO.EINVAL);
  if (!caller.memory.copyIn(call, w[2] as number, w[3] as number, xenMemoryDomain.size))
    return fail(call, ERRNO.EFAULT);
  const domain = caller.xen.named(caller, operand.halves[0] as number);
  if (domain === undefined) return fail(call, ERRNO.ESRCH);
  return caller.xen.policy.target(caller, domain) ? succeedWith(call, what(domain.memory)) : fail(call, ERRNO.EPERM);
}

/**
 * XENMEM_get_vnumainfo: -EINVAL for a place to go on, -EFAULT, -EINVAL for padding, -ESRCH, -EPERM, and then -EOPNOTSUPP:
 * no domain on ARM has virtual nodes.
 */
export const getVnumainfo: Operation = (call) => {
  const { domain: caller, operand, w } = call;
  if (startExtent(call) !== 0) return fail(call, ERRNO.EINVAL);
  const { size } = xenVnumaTopologyInfo;
  if (!caller.memory.copyIn(call, w[2] as number, w[3] as number, size)) return fail(call, ERRNO.EFAULT);
  if (operand.halves[VNUMA_PAD] !== 0) return fail(call, ERRNO.EINVAL);
  const domain = caller.xen.named(caller, operand.halves[0] as number);
  if (domain === undefined) return fail(call, ERRNO.ESRCH);
  return fail(call, caller.xen.policy.target(caller, domain) ? ERRNO.EOPNOTSUPP : ERRNO.EPERM);
};

/** XENMEM_reserved_device_memory_map: no device has any. -EINVAL for a place to go on and unknown flags, -EFAULT. */
export const reservedDeviceMemoryMap: Operation = (call) => {
  const { domain, operand, w } = call;
  if (startExtent(call) !== 0) return fail(call, ERRNO.EINVAL);
  const { size } = xenReservedDeviceMemoryMap;
  if (!domain.memory.copyIn(call, w[2] as number, w[3] as number, size)) return fail(call, ERRNO.EFAULT);
  if (((operand.words[RDM_FLAGS] as number) & ~XENMEM_RDM_ALL) !== 0) return fail(call, ERRNO.EINVAL);
  operand.words[RDM_COUNT] = 0;
  const told = domain.memory.copyOut(call, w[2] as number, w[3] as number, size);
  return told ? succeed(call) : fail(call, ERRNO.EFAULT);
};
