import { isStatus } from '@trapline/core';
import { MESSAGE } from '../store/messages.js';
import type { Permission } from '../store/permissions.js';
import { Steps, type Work } from './steps.js';
import type { StoreConnection } from './store-connection.js';
import { failureOf, joined, payloadOf, type StoreFailure, storeStatus, stringsOf, textOf } from './store-replies.js';

/** A change that a watch saw. */
export interface StoreEvent {
  /** The node that changed, or the watched one at the first event, as the watch wrote its path. */
  readonly path: string;
  readonly token: string;
}

/** A transaction is begun again this often where others get in between; Linux does so for ever. */
export const MAX_TRANSACTION_TRIES = 64;

/** Outside any transaction. */
const NO_TRANSACTION = 0;

/**
 * xenstore for a guest: every request gives {@link Steps}, as the answer may keep the CPU waiting. Answers are values, or
 * a status of `storeStatus`.
 */
export class XenstoreClient {
  readonly #connection: StoreConnection;
  readonly #watches = new Map<string, (event: StoreEvent) => void>();
  #tokens = 0;

  constructor(connection: StoreConnection) {
    this.#connection = connection;
    connection.onEvent((payload) => this.#changed(payload));
  }

  /** Takes in what has come: call it where the event of the store's channel is handled. */
  receive(): void {
    this.#connection.receive();
  }

  /** Waits for an event of the store's channel, and takes in what has come. */
  nextEvent(): Steps<void> {
    return new Steps(this.#connection.next());
  }

  /** The value of a node, as bytes. */
  readBytes(path: string, transaction: number = NO_TRANSACTION): Steps<Uint8Array | StoreFailure> {
    return this.#ask(MESSAGE.READ, transaction, payloadOf(path), (payload) => payload);
  }

  /** The value of a node, as text. */
  read(path: string, transaction: number = NO_TRANSACTION): Steps<string | StoreFailure> {
    return this.#ask(MESSAGE.READ, transaction, payloadOf(path), (payload) => new TextDecoder().decode(payload));
  }

  /** Writes a node, and makes it and those above it where they are not there. */
  write(path: string, value: string | Uint8Array, transaction: number = NO_TRANSACTION): Steps<true | StoreFailure> {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    return this.#ask(MESSAGE.WRITE, transaction, joined(payloadOf(path), bytes), done);
  }

  /** The names of a node's children, however many there are. */
  directory(path: string, transaction: number = NO_TRANSACTION): Steps<readonly string[] | StoreFailure> {
    return new Steps(this.#directory(path, transaction));
  }

  /** Makes a node; one that is there already stays as it is. */
  mkdir(path: string, transaction: number = NO_TRANSACTION): Steps<true | StoreFailure> {
    return this.#ask(MESSAGE.MKDIR, transaction, payloadOf(path), done);
  }

  /** Removes a node and all below it. */
  rm(path: string, transaction: number = NO_TRANSACTION): Steps<true | StoreFailure> {
    return this.#ask(MESSAGE.RM, transaction, payloadOf(path), done);
  }

  permissions(path: string, transaction: number = NO_TRANSACTION): Steps<readonly Permission[] | StoreFailure> {
    return this.#ask(MESSAGE.GET_PERMS, transaction, payloadOf(path), (payload) =>
      stringsOf(payload).map(permissionOf),
    );
  }

  setPermissions(
    path: string,
    permissions: readonly Permission[],
    transaction: number = NO_TRANSACTION,
  ): Steps<true | StoreFailure> {
    const words = permissions.map(({ access, domain }) => `${access}${domain}`);
    return this.#ask(MESSAGE.SET_PERMS, transaction, payloadOf(path, ...words), done);
  }

  /** Where a domain's own part of the tree is: `/local/domain/1`. */
  domainPath(domain: number): Steps<string | StoreFailure> {
    return this.#ask(MESSAGE.GET_DOMAIN_PATH, NO_TRANSACTION, payloadOf(String(domain)), textOf);
  }

  /**
   * Watches a node and all below it: the handler is called once at the beginning and at every change. Gives the token by
   * which {@link unwatch} ends it.
   */
  watch(path: string, handler: (event: StoreEvent) => void): Steps<string | StoreFailure> {
    const token = `w${++this.#tokens}`;
    // The first event may come before the answer.
    this.#watches.set(token, handler);
    return new Steps(this.#watch(path, token));
  }

  unwatch(path: string, token: string): Steps<true | StoreFailure> {
    this.#watches.delete(token);
    return this.#ask(MESSAGE.UNWATCH, NO_TRANSACTION, payloadOf(path, token), done);
  }

  /** Ends every watch and transaction of this domain: what a kernel does first that does not know who was here before. */
  resetWatches(): Steps<true | StoreFailure> {
    this.#watches.clear();
    return this.#ask(MESSAGE.RESET_WATCHES, NO_TRANSACTION, payloadOf(''), done);
  }

  /** Begins a transaction and gives its id. */
  begin(): Steps<number | StoreFailure> {
    return this.#ask(MESSAGE.TRANSACTION_START, NO_TRANSACTION, payloadOf(''), (payload) => Number(textOf(payload)));
  }

  /** Ends a transaction; EAGAIN where others changed what it had read. */
  end(transaction: number, how: 'commit' | 'abort' = 'commit'): Steps<true | StoreFailure> {
    return this.#ask(MESSAGE.TRANSACTION_END, transaction, payloadOf(how === 'commit' ? 'T' : 'F'), done);
  }

  /**
   * Does something as one: again from the beginning where others got in between, at most {@link MAX_TRANSACTION_TRIES}
   * times. Where `body` gives a status the transaction is given up, and that is the result.
   */
  transaction<Result>(body: (transaction: number) => Work<Result>): Steps<Result | StoreFailure> {
    return new Steps(this.#transaction(body));
  }

  *#transaction<Result>(body: (transaction: number) => Work<Result>): Work<Result | StoreFailure> {
    let refused: StoreFailure = storeStatus.EAGAIN;
    for (let tries = 0; tries < MAX_TRANSACTION_TRIES; tries++) {
      const transaction = yield* this.begin();
      if (typeof transaction !== 'number') return transaction;
      const result = yield* body(transaction);
      if (isStatus(result)) {
        yield* this.end(transaction, 'abort');
        return result;
      }
      const ended = yield* this.end(transaction);
      if (ended === true) return result;
      refused = ended;
      if (ended !== storeStatus.EAGAIN) break;
    }
    return refused;
  }

  *#watch(path: string, token: string): Work<string | StoreFailure> {
    const answer = yield* this.#ask(MESSAGE.WATCH, NO_TRANSACTION, payloadOf(path, token), done);
    if (answer === true) return token;
    this.#watches.delete(token);
    return answer;
  }

  /** A directory that is too long for one message is read in parts, anew where it changes meanwhile. */
  *#directory(path: string, transaction: number): Work<readonly string[] | StoreFailure> {
    const whole = yield* this.#ask(MESSAGE.DIRECTORY, transaction, payloadOf(path), stringsOf);
    if (whole !== storeStatus.E2BIG) return whole;
    let generation = '';
    let names: string[] = [];
    for (let offset = 0; ; ) {
      const request = payloadOf(path, String(offset));
      const part = yield* this.#ask(MESSAGE.DIRECTORY_PART, transaction, request, partOf);
      if (isStatus(part)) return part;
      if (offset > 0 && part.generation !== generation) {
        offset = 0;
        names = [];
        continue;
      }
      generation = part.generation;
      names.push(...part.names);
      offset += part.length;
      if (part.last) return names;
    }
  }

  #ask<Result>(
    type: number,
    transaction: number,
    payload: Uint8Array,
    read: (payload: Uint8Array) => Result,
  ): Steps<Result | StoreFailure> {
    return new Steps(this.#request(type, transaction, payload, read));
  }

  *#request<Result>(
    type: number,
    transaction: number,
    payload: Uint8Array,
    read: (payload: Uint8Array) => Result,
  ): Work<Result | StoreFailure> {
    const answer = yield* this.#connection.ask(type, transaction, payload);
    return answer.type === MESSAGE.ERROR ? failureOf(answer.payload) : read(answer.payload);
  }

  #changed(payload: Uint8Array): void {
    const [path = '', token = ''] = stringsOf(payload);
    this.#watches.get(token)?.({ path, token });
  }
}

function done(): true {
  return true;
}

function permissionOf(text: string): Permission {
  return { access: text[0] as Permission['access'], domain: Number(text.slice(1)) };
}

/** A part of a long directory. */
interface DirectoryPart {
  readonly generation: string;
  readonly names: readonly string[];
  /** Bytes of the list that it covers. */
  readonly length: number;
  readonly last: boolean;
}

/** `<generation>|<name>|…|`; the last part ends with one more NUL (xenstored_core.c, send_directory_part). */
function partOf(payload: Uint8Array): DirectoryPart {
  const rest = payload.subarray(payload.indexOf(0) + 1);
  const last = rest.length < 2 || rest[rest.length - 2] === 0;
  const list = last ? rest.subarray(0, rest.length - 1) : rest;
  return { generation: textOf(payload), names: stringsOf(list), length: list.length, last };
}
