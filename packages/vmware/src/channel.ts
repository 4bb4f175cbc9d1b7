import { RestoreError, type Saved } from '@trapline/core';

/** Channels that a guest can have open (lib/include/guest_msg_def.h, GUESTMSG_MAX_CHANNEL). */
export const MAX_CHANNELS = 8;

/** Bytes of a message in either direction (GUESTMSG_MAX_IN_SIZE). */
export const MAX_MESSAGE = 65_536;

/** Answers a guest's message on a channel; undefined where there is nothing to say. */
export type Answer = (message: Uint8Array, protocol: number) => Uint8Array | undefined;

/** An open channel: what has come so far, and what the guest has still to fetch. */
export class MessageChannel {
  readonly protocol: number;
  /** Undefined for a channel that was opened without one. */
  readonly cookie: readonly [high: number, low: number] | undefined;
  #incoming: Uint8Array | undefined;
  #received = 0;
  #outgoing: Uint8Array | undefined;
  #sent = 0;

  constructor(protocol: number, cookie: readonly [number, number] | undefined) {
    this.protocol = protocol;
    this.cookie = cookie;
  }

  /** Whether a request may use the channel. */
  accepts(high: number, low: number): boolean {
    return this.cookie === undefined || (this.cookie[0] === high && this.cookie[1] === low);
  }

  /** The guest is going to send so many bytes. False for a message that is too long; an empty one is there at once. */
  begin(size: number, answer: Answer): boolean {
    if (size > MAX_MESSAGE) return false;
    this.#incoming = new Uint8Array(size);
    this.#received = 0;
    if (size === 0) this.#complete(answer);
    return true;
  }

  /** The next four bytes, lowest first; those behind the end of the message are left out. False where none is awaited. */
  take(word: number, answer: Answer): boolean {
    const message = this.#incoming;
    if (message === undefined) return false;
    for (let i = 0; i < 4 && this.#received < message.length; i++) {
      message[this.#received++] = (word >>> (8 * i)) & 0xff;
    }
    if (this.#received === message.length) this.#complete(answer);
    return true;
  }

  /** Bytes of the message for the guest, or −1 where there is none. */
  get waiting(): number {
    return this.#outgoing?.length ?? -1;
  }

  /** The next four bytes for the guest, lowest first. */
  give(): number {
    let word = 0;
    for (let i = 0; i < 4; i++) word |= (this.#outgoing?.[this.#sent + i] ?? 0) << (8 * i);
    this.#sent = Math.min(this.#sent + 4, MAX_MESSAGE);
    return word >>> 0;
  }

  /** The guest has the message. */
  finish(): void {
    this.#outgoing = undefined;
    this.#sent = 0;
  }

  save(): Saved {
    return {
      protocol: this.protocol,
      cookie: this.cookie ?? null,
      incoming: this.#incoming ? [...this.#incoming] : null,
      received: this.#received,
      outgoing: this.#outgoing ? [...this.#outgoing] : null,
      sent: this.#sent,
    };
  }

  /** A channel of what {@link save} gave. Throws {@link RestoreError} for anything else. */
  static restore(saved: Saved): MessageChannel {
    const { protocol, cookie, incoming, received, outgoing, sent } = (saved ?? {}) as Record<string, Saved>;
    const pair = cookie === null ? undefined : (cookie as readonly [number, number]);
    const right =
      isWord(protocol) &&
      (pair === undefined || (Array.isArray(pair) && pair.length === 2 && pair.every(isWord))) &&
      isMessage(incoming) &&
      isMessage(outgoing) &&
      isWord(received) &&
      received <= MAX_MESSAGE &&
      isWord(sent) &&
      sent <= MAX_MESSAGE;
    if (!right) throw new RestoreError('a saved backdoor channel has a protocol, a cookie and its messages');
    const channel = new MessageChannel(protocol, pair);
    channel.#incoming = incoming === null ? undefined : Uint8Array.from(incoming);
    channel.#received = received;
    channel.#outgoing = outgoing === null ? undefined : Uint8Array.from(outgoing);
    channel.#sent = sent;
    return channel;
  }

  #complete(answer: Answer): void {
    const message = this.#incoming ?? new Uint8Array();
    this.#incoming = undefined;
    this.#outgoing = answer(message, this.protocol)?.subarray(0, MAX_MESSAGE);
    this.#sent = 0;
  }
}

function isWord(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff;
}

function isMessage(value: Saved | undefined): value is readonly number[] | null {
  if (value === null) return true;
  return (
    Array.isArray(value) && value.length <= MAX_MESSAGE && value.every((byte) => isWord(byte) && (byte as number) < 256)
  );
}
