import { defineOperations } from '../operation.js';
import * as s from '../structures/sched.js';

const source = 'public/sched.h';

/** The sub-operations of sched_op. */
export const schedOperations = defineOperations('schedOp', [
  { command: 0, name: 'yield', direction: 'none', since: '3.0', source },
  { command: 1, name: 'block', direction: 'none', since: '3.0', source },
  { command: 2, name: 'shutdown', structure: s.schedShutdown, direction: 'in', since: '3.0', source },
  { command: 3, name: 'poll', structure: s.schedPoll, direction: 'in', since: '3.0', source },
  { command: 4, name: 'remoteShutdown', structure: s.schedRemoteShutdown, direction: 'in', since: '3.1', source },
  { command: 5, name: 'shutdownCode', structure: s.schedShutdown, direction: 'in', since: '3.3', source },
  { command: 6, name: 'watchdog', structure: s.schedWatchdog, direction: 'in', since: '4.0', source },
  { command: 7, name: 'pinOverride', structure: s.schedPinOverride, direction: 'in', since: '4.7', source },
]);
