import { BASE_PROTOCOL, BASE_VERSION, BaseMessage, NAME_BYTES, scmiStatus } from './protocol.js';

/** Who the platform is, and whom it knows. */
export interface PlatformIdentity {
  readonly vendor?: string;
  readonly subVendor?: string;
  readonly implementationVersion?: number;
  /** Names of the agents; the first is the platform itself, the caller the second. */
  readonly agents?: readonly string[];
  /** Protocols beside the base protocol, as BASE_DISCOVER_LIST_PROTOCOLS lists them. */
  readonly protocols?: readonly number[];
}

/** The agent that calls, and how it asks for itself. */
const CALLER = 1;
const SELF = 0xffff_ffff;

/** Protocols in one answer of BASE_DISCOVER_LIST_PROTOCOLS. */
export const LISTED_AT_ONCE = 16;

/** Answers a command of the base protocol (DEN0056E, 4.2): a status, and what follows it. */
export function answerBase(identity: PlatformIdentity, message: number, argument: number | undefined): Uint8Array {
  const { vendor = 'trapline', subVendor = '', implementationVersion = 1 } = identity;
  const { agents = ['platform', 'OSPM'], protocols = [] } = identity;
  switch (message) {
    case BaseMessage.PROTOCOL_VERSION:
      return words(BASE_VERSION);
    case BaseMessage.PROTOCOL_ATTRIBUTES:
      return words(((agents.length & 0xff) << 8) | (protocols.length & 0xff));
    case BaseMessage.PROTOCOL_MESSAGE_ATTRIBUTES:
      if (argument === undefined) return refuse(scmiStatus.PROTOCOL_ERROR.code);
      return Object.values<number>(BaseMessage).includes(argument) ? words(0) : refuse(scmiStatus.NOT_FOUND.code);
    case BaseMessage.BASE_DISCOVER_VENDOR:
      return join(words(), nameBytes(vendor));
    case BaseMessage.BASE_DISCOVER_SUB_VENDOR:
      return join(words(), nameBytes(subVendor));
    case BaseMessage.BASE_DISCOVER_IMPLEMENTATION_VERSION:
      return words(implementationVersion);
    case BaseMessage.BASE_DISCOVER_LIST_PROTOCOLS: {
      if (argument === undefined) return refuse(scmiStatus.PROTOCOL_ERROR.code);
      if (argument > protocols.length) return refuse(scmiStatus.INVALID_PARAMETERS.code);
      const listed = protocols.slice(argument, argument + LISTED_AT_ONCE);
      return join(words(listed.length), padded(listed));
    }
    case BaseMessage.BASE_DISCOVER_AGENT: {
      if (argument === undefined) return refuse(scmiStatus.PROTOCOL_ERROR.code);
      const agent = argument === SELF ? CALLER : argument;
      const name = agents[agent];
      return name === undefined ? refuse(scmiStatus.NOT_FOUND.code) : join(words(agent), nameBytes(name));
    }
    default:
      return refuse(scmiStatus.NOT_FOUND.code);
  }
}

/** A protocol that the platform has not. */
export function answerUnknown(protocol: number): Uint8Array {
  return refuse(protocol === BASE_PROTOCOL ? scmiStatus.NOT_FOUND.code : scmiStatus.NOT_SUPPORTED.code);
}

/** SUCCESS and more words. */
function words(...more: readonly number[]): Uint8Array {
  return littleEndian([scmiStatus.SUCCESS.code, ...more]);
}

function refuse(code: number): Uint8Array {
  return littleEndian([code]);
}

function littleEndian(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => {
    view.setUint32(4 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}

function nameBytes(name: string): Uint8Array {
  const bytes = new Uint8Array(NAME_BYTES);
  bytes.set(new TextEncoder().encode(name).subarray(0, NAME_BYTES - 1));
  return bytes;
}

/** One byte a protocol, filled up to whole words. */
function padded(protocols: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * Math.ceil(protocols.length / 4));
  bytes.set(protocols);
  return bytes;
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  return Uint8Array.from([...first, ...second]);
}
