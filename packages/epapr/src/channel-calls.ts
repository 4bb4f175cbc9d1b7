import { type Call, type Handlers, returnInt, setResult } from '@trapline/core';
import { type abi, BYTE_CHANNEL_MAX_BYTES } from './abi.js';
import type { Partition } from './partition.js';
import type { Partitions } from './partitions.js';
import { Code } from './status.js';

/** Arguments and results that are bytes: after handle and count, after status and count. */
const FIRST_DATA = 2;
const DATA_REGISTERS = BYTE_CHANNEL_MAX_BYTES / 4;

/**
 * The byte channel calls as the Freescale embedded hypervisor answers them: EINVAL for a handle that is no byte channel;
 * sending more than 16 bytes is EINVAL, receiving more is cut to 16; EAGAIN where bytes were given and none was taken.
 * The first byte is the highest of the first register.
 */
export function channelHandlers(
  partitions: Partitions,
  partition: Partition,
): Pick<Handlers<typeof abi>, 'byteChannelSend' | 'byteChannelReceive' | 'byteChannelPoll'> {
  const { channels } = partition;
  return {
    byteChannelSend: (call) => {
      const count = call.w[2] as number;
      const port = channels.get(call.w[0] as number);
      if (count > BYTE_CHANNEL_MAX_BYTES || port === undefined) return returnInt(call, Code.EINVAL);
      let sent = 0;
      while (sent < count && port.outgoing.push(byteOf(call, sent))) sent++;
      if (sent > 0) partitions.received(port.peer, port.outgoing.length);
      setResult(call, 1, sent, 0);
      return returnInt(call, sent === 0 && count !== 0 ? Code.EAGAIN : Code.SUCCESS);
    },
    byteChannelReceive: (call) => {
      const port = channels.get(call.w[0] as number);
      if (port === undefined) return returnInt(call, Code.EINVAL);
      const wanted = Math.min(call.w[2] as number, BYTE_CHANNEL_MAX_BYTES, port.incoming.length);
      const wasFull = port.incoming.space === 0;
      for (let register = 0; register < DATA_REGISTERS; register++) {
        let word = 0;
        for (let byte = 4 * register; byte < Math.min(wanted, 4 * register + 4); byte++) {
          word |= port.incoming.shift() << (24 - 8 * (byte & 3));
        }
        setResult(call, FIRST_DATA + register, word, 0);
      }
      if (wanted > 0) partitions.received(port.end, port.incoming.length);
      if (wasFull && wanted > 0) partitions.drained(port.peer);
      setResult(call, 1, wanted, 0);
      return returnInt(call, Code.SUCCESS);
    },
    byteChannelPoll: (call) => {
      const port = channels.get(call.w[0] as number);
      if (port === undefined) return returnInt(call, Code.EINVAL);
      setResult(call, 1, port.incoming.length, 0);
      setResult(call, 2, port.outgoing.space, 0);
      return returnInt(call, Code.SUCCESS);
    },
  };
}

function byteOf(call: Call, index: number): number {
  const word = call.w[2 * (FIRST_DATA + (index >> 2))] as number;
  return (word >>> (24 - 8 * (index & 3))) & 0xff;
}
