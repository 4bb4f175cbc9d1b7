/** Bytes of a message's header: type, request id, transaction id, length, each 32 bits little-endian (`xsd_sockmsg`). */
export const MESSAGE_HEADER_BYTES = 16;
/** Longest payload in either direction (XENSTORE_PAYLOAD_MAX); who sends more loses the connection. */
export const MESSAGE_PAYLOAD_MAX = 4096;

/** One type of message of xenstore's wire protocol (public/io/xs_wire.h, docs/misc/xenstore.txt, 4.17). */
export interface MessageType {
  readonly type: number;
  readonly name: string;
  /** Payloads in the notation of docs/misc/xenstore.txt: `|` is a NUL byte. Undefined where nobody sends it. */
  readonly request?: string;
  readonly reply?: string;
  /** Only for domain 0 and the tools: others get EACCES. */
  readonly privileged?: true;
  /** The header's transaction id is not looked at. */
  readonly outsideTransactions?: true;
}

/** Every type of message, in the order of its number; 20 (RESTRICT) was removed and is answered as unknown. */
export const MESSAGE_TYPES = [
  { type: 0, name: 'CONTROL', request: '<command>|[<parameters>|]', reply: '<text>|', privileged: true },
  { type: 1, name: 'DIRECTORY', request: '<path>|', reply: '<child-leaf-name>|*' },
  { type: 2, name: 'READ', request: '<path>|', reply: '<value|>' },
  { type: 3, name: 'GET_PERMS', request: '<path>|', reply: '<perm-as-string>|+' },
  { type: 4, name: 'WATCH', request: '<wpath>|<token>|', reply: 'OK|', outsideTransactions: true },
  { type: 5, name: 'UNWATCH', request: '<wpath>|<token>|', reply: 'OK|', outsideTransactions: true },
  { type: 6, name: 'TRANSACTION_START', request: '|', reply: '<transid>|' },
  { type: 7, name: 'TRANSACTION_END', request: 'T| or F|', reply: 'OK|' },
  { type: 8, name: 'INTRODUCE', request: '<domid>|<gfn>|<evtchn>|', reply: 'OK|', privileged: true },
  { type: 9, name: 'RELEASE', request: '<domid>|', reply: 'OK|', privileged: true },
  { type: 10, name: 'GET_DOMAIN_PATH', request: '<domid>|', reply: '<path>|' },
  { type: 11, name: 'WRITE', request: '<path>|<value|>', reply: 'OK|' },
  { type: 12, name: 'MKDIR', request: '<path>|', reply: 'OK|' },
  { type: 13, name: 'RM', request: '<path>|', reply: 'OK|' },
  { type: 14, name: 'SET_PERMS', request: '<path>|<perm-as-string>|+', reply: 'OK|' },
  { type: 15, name: 'WATCH_EVENT', reply: '<epath>|<token>|' },
  { type: 16, name: 'ERROR', reply: 'E<something>|' },
  { type: 17, name: 'IS_DOMAIN_INTRODUCED', request: '<domid>|', reply: 'T| or F|', privileged: true },
  { type: 18, name: 'RESUME', request: '<domid>|', reply: 'OK|', privileged: true },
  { type: 19, name: 'SET_TARGET', request: '<domid>|<tdomid>|', reply: 'OK|', privileged: true },
  { type: 21, name: 'RESET_WATCHES', request: '|', reply: 'OK|' },
  { type: 22, name: 'DIRECTORY_PART', request: '<path>|<offset>', reply: '<gencnt>|<child-leaf-name>|*' },
] as const satisfies readonly MessageType[];

/** The name of a message type. */
export type MessageName = (typeof MESSAGE_TYPES)[number]['name'];

/** The numbers of the types by name. */
export const MESSAGE = Object.fromEntries(MESSAGE_TYPES.map(({ name, type }) => [name, type])) as {
  readonly [T in (typeof MESSAGE_TYPES)[number] as T['name']]: T['type'];
};

const BY_TYPE: ReadonlyMap<number, MessageType & { readonly name: MessageName }> = new Map(
  MESSAGE_TYPES.map((entry) => [entry.type, entry]),
);

/** The type of a number that a request may have; undefined for unknown ones and for those that only answer. */
export function requestType(type: number): (MessageType & { readonly name: MessageName }) | undefined {
  const entry = BY_TYPE.get(type);
  return entry?.request === undefined ? undefined : entry;
}

/** A message in hand. */
export interface Message {
  readonly type: number;
  readonly request: number;
  readonly transaction: number;
  readonly payload: Uint8Array;
}

/** Bytes of a message as they go over a ring; both sides use it. */
export function encodeMessage(message: Message): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_HEADER_BYTES + message.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, message.type, true);
  view.setUint32(4, message.request, true);
  view.setUint32(8, message.transaction, true);
  view.setUint32(12, message.payload.length, true);
  bytes.set(message.payload, MESSAGE_HEADER_BYTES);
  return bytes;
}

/**
 * Takes the first message off a stream of bytes: undefined where it is not complete yet. Gives the message and how many
 * bytes it took; a length beyond {@link MESSAGE_PAYLOAD_MAX} is the peer's violation, and `taken` is 0.
 */
export function decodeMessage(bytes: Uint8Array): { message: Message; taken: number } | undefined {
  if (bytes.length < MESSAGE_HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(12, true);
  const header = {
    type: view.getUint32(0, true),
    request: view.getUint32(4, true),
    transaction: view.getUint32(8, true),
  };
  if (length > MESSAGE_PAYLOAD_MAX) return { message: { ...header, payload: new Uint8Array(0) }, taken: 0 };
  const taken = MESSAGE_HEADER_BYTES + length;
  if (bytes.length < taken) return undefined;
  return { message: { ...header, payload: bytes.slice(MESSAGE_HEADER_BYTES, taken) }, taken };
}
