import { type Handlers, type Pe, returnInt, setResult, type Wait } from '@trapline/core';
import { type abi, MESSAGE_BROADCAST, MESSAGE_TARGET } from './abi.js';
import { MAX_PRIORITY } from './interrupt-controller.js';
import type { HypervisorOptions } from './options.js';
import type { Partition } from './partition.js';
import type { Partitions } from './partitions.js';
import { Code } from './status.js';

/** Bits of INT_SET_CONFIG's config: polarity and sense. */
const CONFIG_BITS = 3;

/** Message types of Power's msgsnd above bit 26: an ordinary doorbell is 0. */
const MESSAGE_TYPE = 0x7800_0000;

const IDLE: Wait = Object.freeze({
  kind: 'wait',
  until: 'interrupt',
  onWake: 'return',
  results: Object.freeze(['0000000000000000']),
  why: 'EV_IDLE',
});

/**
 * Interrupts, doorbells, messages and idle. EINVAL for an interrupt, CPU, priority or handle that is not there; INT_IACK
 * knows one controller, 0; ringing a doorbell that nobody hears is CONFIG. IDLE returns at once where an interrupt is
 * pending.
 */
export function interruptHandlers(
  partitions: Partitions,
  partition: Partition,
  options: HypervisorOptions,
): Omit<Handlers<typeof abi>, 'byteChannelSend' | 'byteChannelReceive' | 'byteChannelPoll'> {
  const { interrupts, guest, doorbells } = partition;
  const { pes, ports } = guest;
  const { message } = options;
  return {
    intSetConfig: (call) => {
      const number = call.w[0] as number;
      const config = call.w[2] as number;
      const priority = call.w[4] as number;
      const destination = call.w[6] as number;
      const inRange = destination < pes.length && config <= CONFIG_BITS && priority <= MAX_PRIORITY;
      if (!interrupts.has(number) || !inRange) return returnInt(call, Code.EINVAL);
      interrupts.configure(number, config, priority, destination);
      return returnInt(call, Code.SUCCESS);
    },
    intGetConfig: (call) => {
      const source = interrupts.find(call.w[0] as number);
      if (source === undefined) return returnInt(call, Code.EINVAL);
      setResult(call, 1, source.config, 0);
      setResult(call, 2, source.priority, 0);
      setResult(call, 3, source.destination, 0);
      return returnInt(call, Code.SUCCESS);
    },
    intSetMask: (call) => {
      const number = call.w[0] as number;
      if (!interrupts.has(number)) return returnInt(call, Code.EINVAL);
      interrupts.mask(number, call.w[2] !== 0);
      return returnInt(call, Code.SUCCESS);
    },
    intGetMask: (call) => {
      const source = interrupts.find(call.w[0] as number);
      if (source === undefined) return returnInt(call, Code.EINVAL);
      setResult(call, 1, source.masked ? 1 : 0, 0);
      return returnInt(call, Code.SUCCESS);
    },
    intIack: (call) => {
      if (call.w[0] !== 0) return returnInt(call, Code.EINVAL);
      setResult(call, 1, interrupts.acknowledge(call.pe.index), 0);
      return returnInt(call, Code.SUCCESS);
    },
    intEoi: (call) => {
      const number = call.w[0] as number;
      if (!interrupts.has(number)) return returnInt(call, Code.EINVAL);
      interrupts.end(number);
      return returnInt(call, Code.SUCCESS);
    },
    doorbellSend: (call) => {
      const doorbell = doorbells.get(call.w[0] as number);
      if (doorbell === undefined) return returnInt(call, Code.EINVAL);
      return returnInt(call, partitions.ring(doorbell.to) ? Code.SUCCESS : Code.CONFIG);
    },
    msgsnd: (call) => {
      if (message === undefined) return returnInt(call, Code.UNIMPLEMENTED);
      const value = call.w[0] as number;
      if ((value & MESSAGE_TYPE) !== 0) return returnInt(call, Code.EINVAL);
      for (let i = 0; i < pes.length; i++) {
        const target = (value & MESSAGE_BROADCAST) !== 0 || (value & MESSAGE_TARGET) === i;
        if (target) ports.interrupts.pulse(pes[i] as Pe, message);
      }
      return returnInt(call, Code.SUCCESS);
    },
    idle: (call) => (ports.interrupts.pending(call.pe) ? returnInt(call, Code.SUCCESS) : IDLE),
  };
}
