import { type HypercallName, xenAbi } from '../abi/hypercalls.js';
import { eventChannelOp } from '../events/event-channel-op.js';
import { grantTableOp } from '../grants/grant-table-op.js';
import { memoryOp } from '../memory/memory-op.js';
import { schedOp } from '../sched/sched-op.js';
import { vcpuOp } from '../vcpu/vcpu-op.js';
import { consoleIo } from './console-io.js';
import { dmOp } from './dm-op.js';
import { domctl } from './domctl.js';
import { hvmOp } from './hvm-op.js';
import type { Operation } from './hypercall.js';
import { hypfsOp } from './hypfs-op.js';
import { multicall } from './multicall.js';
import { platformOp } from './platform-op.js';
import { sysctl } from './sysctl.js';
import { notImplemented, switchedOff } from './unanswered.js';
import { vmAssist } from './vm-assist.js';
import { xenVersion } from './xen-version.js';

/** Every operation of this package by its hypercall. A profile says which of them its build has. */
const OPERATIONS: { readonly [N in HypercallName]?: Operation } = {
  schedOpCompat: notImplemented,
  platformOp,
  memoryOp,
  multicall,
  eventChannelOpCompat: notImplemented,
  xenVersion,
  consoleIo,
  physdevOpCompat: notImplemented,
  grantTableOp,
  vmAssist,
  vcpuOp,
  xsmOp: notImplemented,
  schedOp,
  eventChannelOp,
  physdevOp: notImplemented,
  hvmOp,
  sysctl,
  domctl,
  argoOp: switchedOff,
  dmOp,
  hypfsOp,
};

/** The operations that a build has, by the hypercall's number. */
export function hypercallTable(present: readonly HypercallName[]): readonly (Operation | undefined)[] {
  const table: (Operation | undefined)[] = [];
  for (const name of present) table[xenAbi.calls[name].id] = OPERATIONS[name];
  return table;
}
