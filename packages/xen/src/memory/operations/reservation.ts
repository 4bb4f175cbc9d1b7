import type { Outcome } from '@trapline/core';
import { XENMEMF, xenMemoryReservation } from '../../abi/structures/memory.js';
import { type Hypercall, type Operation, succeed } from '../../calls/hypercall.js';
import type { Domain } from '../../domain/domain.js';
import type { HostDescription } from '../../host/host-description.js';
import { frameOf, PAGE_SHIFT } from '../frames.js';
import { goOnAt, MAX_EXTENT, MAX_ORDER, maxOrder, PAGES_PER_STEP, returnStart, startExtent } from './extents.js';
import { freePage } from './free-page.js';

const { at, size } = xenMemoryReservation;
const LIST = at.extentStart / 4;
const COUNT = at.nrExtents / 4;
const ORDER = at.extentOrder / 4;
const FLAGS = at.memFlags / 4;
const DOMID = at.domid / 2;

/** Where elements of the list are copied to: behind the structure. */
const ITEM = 64;
const ITEM_BYTES = 8;

const ADDRESS_BITS = 0xff;
const NODE_SHIFT = 8;
/** NUMA_NO_NODE: no node is wanted. */
const NO_NODE = 0xff;

/** What a call does with one extent; false where it ends there. */
type ExtentWork = (call: Hypercall, domain: Domain, frame: number, order: number) => boolean;

/** XENMEM_increase_reservation: memory without frames. */
export const increaseReservation: Operation = (call) => change(call, 'increase', increase);

/** XENMEM_decrease_reservation: gives pages back, their frames become holes. */
export const decreaseReservation: Operation = (call) => change(call, 'decrease', decrease);

/** XENMEM_populate_physmap: new pages at frames, in place of what is there. */
export const populatePhysmap: Operation = (call) => change(call, 'populate', populate);

/**
 * The three ways to change a reservation (common/memory.c, do_memory_op): all return how many extents are done, from the
 * first, whatever keeps them from more. A domain that is not there, one that the caller may not touch, a count or order
 * that is too large: no extent is done.
 */
function change(call: Hypercall, kind: 'increase' | 'decrease' | 'populate', work: ExtentWork): Outcome {
  const { domain: caller, operand, w } = call;
  const { xen, memory } = caller;
  const { words } = operand;
  if (!memory.copyIn(call, w[2] as number, w[3] as number, size)) return returnStart(call);
  const count = words[COUNT] as number;
  if (words[COUNT + 1] !== 0 || count > MAX_EXTENT) return returnStart(call);
  const start = startExtent(call);
  if (start >= count) return returnStart(call);
  const domain = xen.named(caller, operand.halves[DOMID] as number);
  const flags = words[FLAGS] as number;
  if (domain === undefined || !flagsAllowed(flags, caller)) return returnStart(call);
  if (!xen.policy.target(caller, domain)) return returnStart(call);

  const order = words[ORDER] as number;
  const onDemand = kind === 'populate' && (flags & XENMEMF.populateOnDemand) !== 0;
  if (order > (onDemand ? MAX_ORDER : maxOrder(caller))) return succeed(call, start);
  // Nobody's pages are populated on demand on ARM; and there is no RAM below what such a limit leaves.
  const allocates = kind === 'increase' || (kind === 'populate' && !domain.isDirectMapped);
  if (onDemand || (allocates && limitsAddress(flags, xen.host))) return succeed(call, start);

  const low = words[LIST] as number;
  const high = words[LIST + 1] as number;
  const most = Math.max(1, PAGES_PER_STEP >> order);
  for (let i = start; i < count; i++) {
    if (i - start === most) return goOnAt(call, i);
    if (kind !== 'increase' && !memory.copyItemIn(call, low, high, i, ITEM_BYTES, ITEM)) return succeed(call, i);
    const frame = frameOf(words[ITEM / 4] as number, words[ITEM / 4 + 1] as number);
    if (!work(call, domain, frame, order)) return succeed(call, i);
  }
  return succeed(call, count);
}

/** construct_memop_from_reservation: an address limit within the first page, and nodes that are not there. */
function flagsAllowed(flags: number, caller: Domain): boolean {
  const bits = flags & ADDRESS_BITS;
  if (bits !== 0 && bits <= PAGE_SHIFT) return false;
  // No domain here has nodes of its own, so a virtual one says nothing.
  return (flags & XENMEMF.vnode) !== 0 || nodeAllowed(flags, caller);
}

/** propagate_node: Xen on ARM knows one node; who is not privileged may name any, as long as he does not insist. */
export function nodeAllowed(flags: number, caller: Domain): boolean {
  const node = ((flags >>> NODE_SHIFT) - 1) & NO_NODE;
  if (node === NO_NODE) return true;
  return caller.privileged ? node === 0 : (flags & XENMEMF.exactNode) === 0;
}

/** Whether a limit of the address keeps Xen from all RAM: it begins in the upper half of the machine's addresses. */
function limitsAddress(flags: number, host: HostDescription): boolean {
  const bits = flags & ADDRESS_BITS;
  return bits !== 0 && bits < Math.ceil(Math.log2(host.maximumRamPage)) + PAGE_SHIFT;
}

function increase(_call: Hypercall, { memory }: Domain, _frame: number, order: number): boolean {
  if (memory.isDying || !memory.reservation.allocate(2 ** order)) return false;
  memory.domain.xen.heap.lose(order);
  return true;
}

function decrease(_call: Hypercall, { memory }: Domain, frame: number, order: number): boolean {
  for (let i = 0; i < 2 ** order; i++) if (freePage(memory, frame < 0 ? frame : frame + i) !== 0) return false;
  return true;
}

function populate(_call: Hypercall, domain: Domain, frame: number, order: number): boolean {
  const { memory } = domain;
  if (domain.isDirectMapped) return populateOneToOne(domain, frame, order);
  if (memory.isDying || !memory.reservation.allocate(2 ** order)) return false;
  // Pages that find no frame stay in the reservation, as they do in Xen.
  const block = domain.xen.heap.allocate(order);
  for (let i = 0; i < 2 ** order; i++) {
    if (memory.pages.populate(frame < 0 ? frame : frame + i, block + i) !== 0) return false;
  }
  return true;
}

/** Frames are machine frames: what can be there is the domain's own RAM of that number, with what it holds. */
function populateOneToOne({ memory }: Domain, frame: number, order: number): boolean {
  for (let i = 0; i < 2 ** order; i++) if (memory.map.builtWith(frame + i)?.isFree !== false) return false;
  for (let i = 0; i < 2 ** order; i++) {
    if (memory.map.set(frame + i, 'ram', memory.map.builtWith(frame + i)) !== 0) return false;
  }
  return true;
}
