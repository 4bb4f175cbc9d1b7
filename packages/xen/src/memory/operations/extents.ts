import { AGAIN, type Outcome, RETURNED } from '@trapline/core';
import { MEMOP_EXTENT_SHIFT } from '../../abi/operations/memory.js';
import type { Hypercall } from '../../calls/hypercall.js';
import type { Domain } from '../../domain/domain.js';

/** What an extent's number must be below, so that a preempted command can hold it (UINT_MAX >> MEMOP_EXTENT_SHIFT). */
export const MAX_EXTENT = 0x3ff_ffff;

/** Pages that one call frees, allocates or maps before it is preempted. */
export const PAGES_PER_STEP = 1024;

/** Largest extents: of ordinary domains, of those with devices, of the control domain (CONFIG_*_MAX_ORDER on ARM). */
const DOMAIN_ORDER = 9;
const DEVICE_ORDER = 10;
/** MAX_ORDER: also the limit of what Xen allocates at once. */
export const MAX_ORDER = 18;

/** The largest extent that a caller may ask for. */
export function maxOrder(caller: Domain): number {
  if (caller.privileged) return MAX_ORDER;
  return caller.config.devices.length > 0 ? DEVICE_ORDER : DOMAIN_ORDER;
}

/** Where a call goes on that was preempted, which is the command's upper part; above {@link MAX_EXTENT} it never was. */
export function startExtent({ w }: Hypercall): number {
  return ((w[1] as number) * 2 ** 32 + (w[0] as number)) / 2 ** MEMOP_EXTENT_SHIFT >= MAX_EXTENT + 1
    ? MAX_EXTENT + 1
    : (w[0] as number) >>> MEMOP_EXTENT_SHIFT;
}

/** Returns the command's upper part: how a reservation's change says that nothing was done. */
export function returnStart(call: Hypercall): Outcome {
  const { w } = call;
  call.low = ((w[0] as number) >>> MEMOP_EXTENT_SHIFT) | ((w[1] as number) << (32 - MEMOP_EXTENT_SHIFT));
  call.high = (w[1] as number) >>> MEMOP_EXTENT_SHIFT;
  return RETURNED;
}

/** Preempts: the same command goes on at an extent. */
export function goOnAt(call: Hypercall, extent: number): Outcome {
  const { w } = call;
  w[0] = ((w[0] as number) & ((1 << MEMOP_EXTENT_SHIFT) - 1)) | (extent << MEMOP_EXTENT_SHIFT);
  w[1] = 0;
  return AGAIN;
}

/** Returns a count of pages or a frame: whole, and below 2^53. */
export function succeedWith(call: Hypercall, value: number): Outcome {
  call.low = value >>> 0;
  call.high = Math.floor(value / 2 ** 32);
  return RETURNED;
}
