import type { ClientOf, Status, UnknownStatus } from '@trapline/core';
import { type abi, BYTE_CHANNEL_MAX_BYTES } from './abi.js';
import { status } from './status.js';

/** Most bytes that {@link ChannelClient.receive} takes at once, whatever the other side says it has. */
export const MAX_RECEIVED = 65_536;

/** A call on a byte channel that did not succeed. */
export class ByteChannelError extends Error {
  override readonly name = 'ByteChannelError';
  readonly status: Status<'epapr'> | UnknownStatus<'epapr'>;

  constructor(call: string, code: Status<'epapr'> | UnknownStatus<'epapr'>) {
    super(`${call}: ${code}`);
    this.status = code;
  }
}

/** The guest's end of a byte channel. */
export class ChannelClient {
  readonly handle: number;
  readonly #calls: ClientOf<typeof abi>;

  constructor(calls: ClientOf<typeof abi>, handle: number) {
    this.#calls = calls;
    this.handle = handle;
  }

  /** Sends as much as the channel takes now; says how many bytes that were. Throws {@link ByteChannelError}. */
  send(bytes: Uint8Array): number {
    let sent = 0;
    while (sent < bytes.length) {
      const part = new Uint8Array(BYTE_CHANNEL_MAX_BYTES);
      const wanted = Math.min(part.length, bytes.length - sent);
      part.set(bytes.subarray(sent, sent + wanted));
      const data = new DataView(part.buffer);
      const { result, count } = this.#calls.byteChannelSend({
        handle: this.handle,
        count: wanted,
        data0: data.getUint32(0),
        data1: data.getUint32(4),
        data2: data.getUint32(8),
        data3: data.getUint32(12),
      });
      if (result === status.EAGAIN) break;
      if (result !== status.SUCCESS) throw new ByteChannelError('byteChannelSend', result);
      sent += Math.min(count, wanted);
      if (count < wanted) break;
    }
    return sent;
  }

  /** What there is to receive now, up to {@link MAX_RECEIVED} bytes. Throws {@link ByteChannelError}. */
  receive(): Uint8Array {
    const received: number[] = [];
    while (received.length < MAX_RECEIVED) {
      const answer = this.#calls.byteChannelReceive({ handle: this.handle, count: BYTE_CHANNEL_MAX_BYTES });
      if (answer.result !== status.SUCCESS) throw new ByteChannelError('byteChannelReceive', answer.result);
      const data = new DataView(new ArrayBuffer(BYTE_CHANNEL_MAX_BYTES));
      [answer.data0, answer.data1, answer.data2, answer.data3].forEach((word, i) => {
        data.setUint32(4 * i, word);
      });
      const count = Math.min(answer.count, BYTE_CHANNEL_MAX_BYTES);
      received.push(...new Uint8Array(data.buffer, 0, count));
      if (count < BYTE_CHANNEL_MAX_BYTES) break;
    }
    return Uint8Array.from(received);
  }
}
