import {
  type AttachedGuest,
  type Call,
  RestoreError,
  type Returned,
  returnHalves,
  type Saved,
  setResult,
} from '@trapline/core';
import { type Answer, MAX_CHANNELS, MessageChannel } from './channel.js';
import { FLAG_COOKIE, MessageStatus, MessageType } from './commands.js';

/** Registers of a MESSAGE as slots of {@link Call.x}: value (BX), DX with the channel's number on top, SI and DI. */
const VALUE = 0;
const CHANNEL = 2;
const HIGH = 3;
const LOW = 4;

/**
 * The message layer of one guest (open-vm-tools, lib/message/message.c, seen from the other side): up to
 * {@link MAX_CHANNELS} channels, four bytes a call; the high-bandwidth port is not offered.
 *
 * A status without SUCCESS answers a channel that is not open, a wrong cookie, a message that is too long, payload that
 * nobody awaits, and an unknown type.
 */
export class Messages {
  readonly #channels: (MessageChannel | undefined)[] = new Array(MAX_CHANNELS).fill(undefined);
  readonly #guest: AttachedGuest;
  readonly #answer: Answer;

  constructor(guest: AttachedGuest, answer: Answer) {
    this.#guest = guest;
    this.#answer = answer;
  }

  handle(call: Call): Returned {
    const type = (call.pe.w[4] as number) >>> 16;
    if (type === MessageType.OPEN) return this.#open(call);
    const number = (call.w[2 * CHANNEL] as number) >>> 16;
    const channel = this.#channels[number];
    if (!channel?.accepts(call.w[2 * HIGH] as number, call.w[2 * LOW] as number)) return reply(call, 0);
    switch (type) {
      case MessageType.SENDSIZE:
        return reply(call, channel.begin(call.w[2 * VALUE] as number, this.#answer) ? MessageStatus.SUCCESS : 0);
      case MessageType.SENDPAYLOAD:
        return reply(call, channel.take(call.w[2 * VALUE] as number, this.#answer) ? MessageStatus.SUCCESS : 0);
      case MessageType.RECVSIZE:
        return this.#size(call, channel);
      case MessageType.RECVPAYLOAD:
        if (channel.waiting < 0 || !succeeded(call)) return reply(call, 0);
        setResult(call, 1, channel.give(), 0);
        return reply(call, MessageStatus.SUCCESS, MessageType.SENDPAYLOAD);
      case MessageType.RECVSTATUS:
        if (succeeded(call)) channel.finish();
        return reply(call, MessageStatus.SUCCESS);
      case MessageType.CLOSE:
        this.#channels[number] = undefined;
        return reply(call, MessageStatus.SUCCESS);
      default:
        return reply(call, 0);
    }
  }

  reset(): void {
    this.#channels.fill(undefined);
  }

  save(): Saved {
    return this.#channels.map((channel) => channel?.save() ?? null);
  }

  /** Throws {@link RestoreError} for what are no channels. */
  restore(saved: Saved): void {
    if (!Array.isArray(saved) || saved.length !== MAX_CHANNELS) {
      throw new RestoreError(`a guest has ${MAX_CHANNELS} backdoor channels`);
    }
    const channels = saved.map((one) => (one === null ? undefined : MessageChannel.restore(one as Saved)));
    for (let i = 0; i < MAX_CHANNELS; i++) this.#channels[i] = channels[i];
  }

  #open(call: Call): Returned {
    const wanted = call.w[2 * VALUE] as number;
    const number = this.#channels.indexOf(undefined);
    const cookie = (wanted & FLAG_COOKIE) === 0 ? undefined : this.#cookie();
    if (number < 0 || cookie === null) return reply(call, 0);
    this.#channels[number] = new MessageChannel(wanted & ~FLAG_COOKIE, cookie);
    setResult(call, 4, cookie?.[0] ?? 0, 0);
    setResult(call, 5, cookie?.[1] ?? 0, 0);
    return reply(call, MessageStatus.SUCCESS, number);
  }

  /** What only the opener knows; null where there is no randomness at the moment. */
  #cookie(): readonly [number, number] | null {
    const bytes = new Uint8Array(8);
    if (!this.#guest.ports.random.fill(bytes)) return null;
    const view = new DataView(bytes.buffer);
    return [view.getUint32(0), view.getUint32(4)];
  }

  #size(call: Call, channel: MessageChannel): Returned {
    if (channel.waiting < 0) return reply(call, MessageStatus.SUCCESS);
    setResult(call, 1, channel.waiting, 0);
    return reply(call, MessageStatus.SUCCESS | MessageStatus.DORECV, MessageType.SENDSIZE);
  }
}

/** Whether the guest says that its last request succeeded, the only bit of a status that a guest can set. */
function succeeded(call: Call): boolean {
  return ((call.w[2 * VALUE] as number) & MessageStatus.SUCCESS) !== 0;
}

/** Status on top of CX, and of DX what the request asked for: a channel's number, or what the other side would send. */
function reply(call: Call, status: number, what?: number): Returned {
  const { w } = call.pe;
  setResult(call, 2, (status << 16) | ((w[4] as number) & 0xffff), 0);
  if (what !== undefined) setResult(call, 3, (what << 16) | ((w[6] as number) & 0xffff), 0);
  return returnHalves(call, w[0] as number, 0);
}
