import { PORT } from './abi.js';
import { MAX_MESSAGE } from './channel.js';
import { Command, FLAG_COOKIE, MessageStatus, MessageType } from './commands.js';
import type { BackdoorResult } from './driver.js';

/** How often a message is sent or fetched again after a checkpoint came between. */
export const MAX_TRIES = 3;

/** Makes calls through the backdoor. */
export interface Backdoor {
  call(
    command: number,
    args: { readonly value?: number; readonly port?: number; readonly high?: number; readonly low?: number },
  ): BackdoorResult;
}

/** The guest's end of a message channel (open-vm-tools, lib/message/message.c), four bytes a call. */
export class ChannelClient {
  readonly #backdoor: Backdoor;
  readonly #number: number;
  readonly #high: number;
  readonly #low: number;

  private constructor(backdoor: Backdoor, number: number, high: number, low: number) {
    this.#backdoor = backdoor;
    this.#number = number;
    this.#high = high;
    this.#low = low;
  }

  /** Opens a channel with a cookie; undefined where that is refused. */
  static open(backdoor: Backdoor, protocol: number): ChannelClient | undefined {
    const value = (protocol | FLAG_COOKIE) >>> 0;
    const { cx, dx, si, di } = backdoor.call(commandOf(MessageType.OPEN), { value });
    return (cx >>> 16) & MessageStatus.SUCCESS ? new ChannelClient(backdoor, dx >>> 16, si, di) : undefined;
  }

  /** Sends a message; says whether it arrived. */
  send(message: Uint8Array): boolean {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      let status = this.#request(MessageType.SENDSIZE, message.length).status;
      if (!(status & MessageStatus.SUCCESS)) return false;
      for (let at = 0; at < message.length && status & MessageStatus.SUCCESS; at += 4) {
        let word = 0;
        for (let i = 0; i < 4; i++) word |= (message[at + i] ?? 0) << (8 * i);
        status = this.#request(MessageType.SENDPAYLOAD, word >>> 0).status;
      }
      if (status & MessageStatus.SUCCESS) return true;
      if (!(status & MessageStatus.CPT)) return false;
    }
    return false;
  }

  /** The message that waits, empty where there is none; undefined where it could not be fetched. */
  receive(): Uint8Array | undefined {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const { status, value, type } = this.#request(MessageType.RECVSIZE, 0);
      if (!(status & MessageStatus.SUCCESS)) return undefined;
      if (!(status & MessageStatus.DORECV)) return new Uint8Array();
      if (type !== MessageType.SENDSIZE || value > MAX_MESSAGE) return undefined;
      const fetched = this.#fetch(value);
      if (fetched !== 'again') return fetched;
    }
    return undefined;
  }

  close(): void {
    this.#request(MessageType.CLOSE, 0);
  }

  #fetch(size: number): Uint8Array | undefined | 'again' {
    const message = new Uint8Array(size);
    for (let at = 0; at < size; at += 4) {
      const { status, value, type } = this.#request(MessageType.RECVPAYLOAD, MessageStatus.SUCCESS);
      if (!(status & MessageStatus.SUCCESS)) return status & MessageStatus.CPT ? 'again' : undefined;
      if (type !== MessageType.SENDPAYLOAD) return undefined;
      for (let i = 0; i < Math.min(4, size - at); i++) message[at + i] = value >>> (8 * i);
    }
    const { status } = this.#request(MessageType.RECVSTATUS, MessageStatus.SUCCESS);
    if (status & MessageStatus.SUCCESS) return message;
    return status & MessageStatus.CPT ? 'again' : undefined;
  }

  #request(type: number, value: number): { readonly status: number; readonly value: number; readonly type: number } {
    const port = ((this.#number << 16) | PORT) >>> 0;
    const { bx, cx, dx } = this.#backdoor.call(commandOf(type), { value, port, high: this.#high, low: this.#low });
    return { status: cx >>> 16, value: bx, type: dx >>> 16 };
  }
}

function commandOf(type: number): number {
  return ((type << 16) | Command.MESSAGE) >>> 0;
}
