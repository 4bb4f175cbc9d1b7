import type { ClientOf } from '@trapline/core';
import { xenAbi } from '../abi/hypercalls.js';
import { eventChannelOperations } from '../abi/operations/event-channel.js';
import { grantTableOperations } from '../abi/operations/grant-table.js';
import { hvmOperations } from '../abi/operations/hvm.js';
import { schedOperations } from '../abi/operations/sched.js';
import { vcpuOperations } from '../abi/operations/vcpu.js';
import { versionOperations } from '../abi/operations/version.js';
import type { EventChannelCalls } from './events/channels.js';
import type { Gate } from './gate.js';
import type { GrantTableCalls } from './grants/table.js';
import { type MemoryCalls, memoryCalls } from './memory-calls.js';
import { createOperations, type OperationClient } from './operations.js';
import type { SchedCalls } from './scheduling.js';
import type { VcpuCalls } from './shared-info.js';

/** Typed clients for the sub-operations of every hypercall that has some, from the tables that declare them. */
export interface XenCalls {
  readonly version: OperationClient<typeof versionOperations.all, 'operation'>;
  readonly eventChannel: EventChannelCalls;
  readonly memory: MemoryCalls;
  readonly grantTable: GrantTableCalls;
  readonly sched: SchedCalls;
  readonly vcpu: VcpuCalls;
  readonly hvm: OperationClient<typeof hvmOperations.all, 'operation'>;
}

/** Every hypercall by its registers alone: pointers are addresses of what the caller has put there. */
export type RawCalls = ClientOf<typeof xenAbi>;

/** Makes the clients over one gate. */
export function xenCalls(gate: Gate): XenCalls {
  const { calls } = xenAbi;
  return {
    version: createOperations(versionOperations, gate, calls.xenVersion.id, 'operation'),
    eventChannel: createOperations(eventChannelOperations, gate, calls.eventChannelOp.id, 'operation'),
    memory: memoryCalls(gate),
    grantTable: createOperations(grantTableOperations, gate, calls.grantTableOp.id, 'list'),
    sched: createOperations(schedOperations, gate, calls.schedOp.id, 'waiting'),
    vcpu: createOperations(vcpuOperations, gate, calls.vcpuOp.id, 'valued'),
    hvm: createOperations(hvmOperations, gate, calls.hvmOp.id, 'operation'),
  };
}
