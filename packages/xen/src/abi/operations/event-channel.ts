import { defineOperations } from '../operation.js';
import * as s from '../structures/event-channel.js';

const source = 'public/event_channel.h';

/** The sub-operations of event_channel_op. */
export const eventChannelOperations = defineOperations('eventChannelOp', [
  {
    command: 0,
    name: 'bindInterdomain',
    structure: s.evtchnBindInterdomain,
    direction: 'inout',
    since: '3.0',
    source,
  },
  { command: 1, name: 'bindVirq', structure: s.evtchnBindVirq, direction: 'inout', since: '3.0', source },
  { command: 2, name: 'bindPirq', structure: s.evtchnBindPirq, direction: 'inout', since: '3.0', source },
  { command: 3, name: 'close', structure: s.evtchnClose, direction: 'in', since: '3.0', source },
  { command: 4, name: 'send', structure: s.evtchnSend, direction: 'in', since: '3.0', source },
  { command: 5, name: 'status', structure: s.evtchnStatus, direction: 'inout', since: '3.0', source },
  { command: 6, name: 'allocUnbound', structure: s.evtchnAllocUnbound, direction: 'inout', since: '3.0', source },
  { command: 7, name: 'bindIpi', structure: s.evtchnBindIpi, direction: 'inout', since: '3.0', source },
  { command: 8, name: 'bindVcpu', structure: s.evtchnBindVcpu, direction: 'in', since: '3.0', source },
  { command: 9, name: 'unmask', structure: s.evtchnUnmask, direction: 'in', since: '3.0', source },
  { command: 10, name: 'reset', structure: s.evtchnReset, direction: 'in', since: '3.0', source },
  { command: 11, name: 'initControl', structure: s.evtchnInitControl, direction: 'inout', since: '4.4', source },
  { command: 12, name: 'expandArray', structure: s.evtchnExpandArray, direction: 'in', since: '4.4', source },
  { command: 13, name: 'setPriority', structure: s.evtchnSetPriority, direction: 'in', since: '4.4', source },
  // Xen's own, for a reset that it interrupted: a guest that makes the call sees it answered all the same.
  { command: 14, name: 'resetCont', structure: s.evtchnReset, direction: 'in', since: '4.15', source },
]);
