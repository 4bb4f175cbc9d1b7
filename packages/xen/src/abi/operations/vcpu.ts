import { defineOperations } from '../operation.js';
import * as s from '../structures/vcpu.js';

const source = 'public/vcpu.h';

/** The sub-operations of vcpu_op that ARM has: the vCPU's number is the second argument, the pointer the third. */
export const vcpuOperations = defineOperations('vcpuOp', [
  {
    command: 5,
    name: 'registerRunstateMemoryArea',
    structure: s.vcpuRegisterRunstateMemoryArea,
    direction: 'in',
    since: '3.0',
    source,
  },
  {
    command: 10,
    name: 'registerVcpuInfo',
    structure: s.vcpuRegisterVcpuInfo,
    direction: 'in',
    since: '3.0',
    source,
  },
]);
