import type { HypercallName } from '../abi/hypercalls.js';
import { grantTableOp } from '../grants/grant-table-op.js';
import type { HypercallTable } from './dispatch.js';
import { xenVersion } from './xen-version.js';

/** Every operation of this package by its hypercall. A profile says which of them its build has. */
const HYPERCALLS: HypercallTable = {
  xenVersion,
  grantTableOp,
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
