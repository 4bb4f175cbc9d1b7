import {
  ByteRing,
  decodeMessage,
  encodeMessage,
  MESSAGE,
  type Message,
  type MessageName,
  STORE_INTERFACE,
  type XenStore,
} from '@trapline/xen';
import { PageWords } from '../../src/memory/page-words.js';

/** Words of a page of the test's own. */
export class TestWords extends PageWords {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;

  constructor(bytes: Uint8Array = new Uint8Array(4096)) {
    super(bytes);
    this.bytes = bytes;
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  }
}

/** What came back for a request. */
export interface Reply {
  readonly name: MessageName;
  readonly text: string;
  readonly request: number;
  readonly transaction: number;
}

/** A domain's side of its ring, spoken byte by byte. */
export class WireGuest {
  readonly domid: number;
  readonly words: TestWords = new TestWords();
  readonly events: string[] = [];
  notified = 0;
  readonly #store: XenStore;
  readonly #requests: ByteRing;
  readonly #answers: ByteRing;
  #received = new Uint8Array(0);
  #next = 1;

  constructor(store: XenStore, domid: number) {
    this.#store = store;
    this.domid = domid;
    this.#requests = new ByteRing(this.words, STORE_INTERFACE.requests);
    this.#answers = new ByteRing(this.words, STORE_INTERFACE.answers);
    this.introduce();
  }

  introduce(): void {
    this.#store.introduce(this.domid, { words: this.words, notify: () => this.notified++ });
  }

  /** Puts a request into the ring, letting the store work whenever it is full. */
  send(name: MessageName | number, payload: string | Uint8Array, transaction: number = 0): number {
    const request = this.#next++;
    const type = typeof name === 'number' ? name : MESSAGE[name];
    const bytes = encodeMessage({ type, request, transaction, payload: latin(payload) });
    for (let sent = 0, idle = 0; sent < bytes.length && idle < 4; idle++) {
      const count = this.#requests.produce(bytes, sent, bytes.length);
      if (count > 0) idle = 0;
      sent += Math.max(count, 0);
      this.#store.events();
      this.pump();
    }
    return request;
  }

  /** All messages that wait in the answers' ring; events go to {@link events}, others are given. */
  pump(): Reply[] {
    const chunk = new Uint8Array(1024);
    for (let count = this.#answers.consume(chunk, 0, 1024); count > 0; count = this.#answers.consume(chunk, 0, 1024)) {
      const joined = new Uint8Array(this.#received.length + count);
      joined.set(this.#received);
      joined.set(chunk.subarray(0, count), this.#received.length);
      this.#received = joined;
      this.#store.events();
    }
    for (let next = decodeMessage(this.#received); next !== undefined; next = decodeMessage(this.#received)) {
      if (next.taken === 0) throw new Error('the store sent a message that is too long');
      this.#received = this.#received.slice(next.taken);
      const reply = replyOf(next.message);
      if (reply.name === 'WATCH_EVENT') this.events.push(reply.text.split('\0').slice(0, 2).join(' '));
      else this.#replies.push(reply);
    }
    return this.#replies;
  }

  readonly #replies: Reply[] = [];

  /** Sends a request and gives its answer. */
  ask(name: MessageName | number, payload: string | Uint8Array, transaction: number = 0): Reply {
    const request = this.send(name, payload, transaction);
    const at = this.pump().findIndex((reply) => reply.request === request);
    if (at < 0) throw new Error(`no answer to ${name} ${String(payload)}`);
    return this.#replies.splice(at, 1)[0] as Reply;
  }

  /** The answer's text, its last NUL cut off; an error's name. */
  say(name: MessageName, payload: string | Uint8Array, transaction: number = 0): string {
    return this.ask(name, payload, transaction).text.replace(/\0$/, '');
  }

  takeEvents(): string[] {
    this.pump();
    return this.events.splice(0);
  }

  word(index: number): number {
    return this.words.load(index);
  }
}

const NAMES = new Map<number, MessageName>(Object.entries(MESSAGE).map(([name, type]) => [type, name as MessageName]));

function replyOf({ type, request, transaction, payload }: Message): Reply {
  const name = NAMES.get(type);
  if (name === undefined) throw new Error(`answer of an unknown type ${type}`);
  return { name, text: String.fromCharCode(...payload), request, transaction };
}

/** Text as bytes, in the notation of docs/misc/xenstore.txt: `|` is a NUL. */
function latin(payload: string | Uint8Array): Uint8Array {
  return typeof payload === 'string'
    ? Uint8Array.from(payload.replaceAll('|', '\0'), (char) => char.charCodeAt(0))
    : payload;
}
