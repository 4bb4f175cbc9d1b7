import type { HypercallName } from '../abi/hypercalls.js';
import { eventChannelOp } from '../events/event-channel-op.js';
import { grantTableOp } from '../grants/grant-table-op.js';
import { schedOp } from '../sched/sched-op.js';
import { vcpuOp } from '../vcpu/vcpu-op.js';
import type { HypercallTable } from './dispatch.js';
import { xenVersion } from './xen-version.js';

/** Every operation of this package by its hypercall. A profile says which of them its build has. */
const HYPERCALLS: HypercallTable = {
  xenVersion,
  grantTableOp,
  vcpuOp,
  schedOp,
  eventChannelOp,
};

/** The operations that a build has. */
export function hypercallTable(present: readonly HypercallName[]): HypercallTable {
  return Object.fromEntries(
    present.flatMap((name) => {
      const operation = HYPERCALLS[name];
      return operation === undefined ? [] : [[name, operation]];
    }),
  );
}
