import { defineOperations } from '../operation.js';
import * as s from '../structures/grant-table.js';

const source = 'public/grant_table.h';

/** The sub-operations of grant_table_op, in the order of their numbers (GNTTABOP_*). */
export const grantTableOperations = defineOperations('grantTableOp', [
  {
    command: 0,
    name: 'mapGrantRef',
    structure: s.gnttabMapGrantRef,
    direction: 'inout',
    list: true,
    since: '3.0',
    source,
  },
  {
    command: 1,
    name: 'unmapGrantRef',
    structure: s.gnttabUnmapGrantRef,
    direction: 'inout',
    list: true,
    since: '3.0',
    source,
  },
  { command: 2, name: 'setupTable', structure: s.gnttabSetupTable, direction: 'inout', since: '3.0', source },
  { command: 3, name: 'dumpTable', structure: s.gnttabDumpTable, direction: 'inout', since: '3.0', source },
  { command: 4, name: 'transfer', structure: s.gnttabTransfer, direction: 'inout', list: true, since: '3.0', source },
  { command: 5, name: 'copy', structure: s.gnttabCopy, direction: 'inout', list: true, since: '3.0', source },
  { command: 6, name: 'querySize', structure: s.gnttabQuerySize, direction: 'inout', since: '3.1', source },
  {
    command: 7,
    name: 'unmapAndReplace',
    structure: s.gnttabUnmapAndReplace,
    direction: 'inout',
    list: true,
    since: '3.2',
    source,
  },
  { command: 8, name: 'setVersion', structure: s.gnttabSetVersion, direction: 'inout', since: '4.0', source },
  { command: 9, name: 'getStatusFrames', structure: s.gnttabGetStatusFrames, direction: 'inout', since: '4.0', source },
  { command: 10, name: 'getVersion', structure: s.gnttabGetVersion, direction: 'inout', since: '4.0', source },
  {
    command: 11,
    name: 'swapGrantRef',
    structure: s.gnttabSwapGrantRef,
    direction: 'inout',
    list: true,
    since: '4.2',
    source,
  },
  { command: 12, name: 'cacheFlush', structure: s.gnttabCacheFlush, direction: 'in', list: true, since: '4.5', source },
]);
