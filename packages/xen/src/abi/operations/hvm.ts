import { defineOperations } from '../operation.js';
import { xenHvmParam } from '../structures/hvm.js';

const source = 'public/hvm/hvm_op.h';

/** HYPERVISOR_hvm_op, ARM's part. */
export const hvmOperations = defineOperations('hvmOp', [
  { command: 0, name: 'setParam', structure: xenHvmParam, direction: 'in', since: '3.1', source },
  { command: 1, name: 'getParam', structure: xenHvmParam, direction: 'inout', since: '3.1', source },
  { command: 24, name: 'guestRequestVmEvent', direction: 'none', since: '4.5', source },
]);
