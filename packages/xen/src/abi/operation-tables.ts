import { xenAbi } from './hypercalls.js';
import type { OperationSpec, OperationTable } from './operation.js';
import { eventChannelOperations } from './operations/event-channel.js';
import { grantTableOperations } from './operations/grant-table.js';
import { hvmOperations } from './operations/hvm.js';
import { memoryOperations } from './operations/memory.js';
import { schedOperations } from './operations/sched.js';
import { vcpuOperations } from './operations/vcpu.js';
import { versionOperations } from './operations/version.js';

/** The hypercalls whose first argument selects a sub-operation, in the order of their numbers. */
export const OPERATION_TABLES: readonly OperationTable[] = [
  memoryOperations,
  versionOperations,
  grantTableOperations,
  vcpuOperations,
  schedOperations,
  eventChannelOperations,
  hvmOperations,
];

/** The sub-operation of a hypercall, by the hypercall's name and the command; undefined where there is none. */
export function operationOf(hypercall: string, command: number): OperationSpec | undefined {
  return OPERATION_TABLES.find((table) => table.hypercall === hypercall)?.find(command);
}

/** The hypercalls of a build and their sub-operations as a table in Markdown: names, and the numbers that select them. */
export function operationTable(hypercalls: readonly string[]): string {
  const rows = xenAbi.all
    .filter(({ name }) => hypercalls.includes(name))
    .map(({ name, id, spec }) => {
      const table = OPERATION_TABLES.find(({ hypercall }) => hypercall === name);
      const operations = table?.all.map((operation) => `${operation.name} ${operation.command}`).join(', ') ?? '';
      return `| \`${name}\` | ${id} | ${spec.summary} | ${operations} |`;
    });
  return ['| hypercall | number | for | sub-operations |', '| --- | --- | --- | --- |', ...rows]
    .join('\n')
    .concat('\n');
}
