import { DOMID_SELF } from '../abi/domain-ids.js';
import { bytesToText, leadingNumber, stringsPayload, terminatedStrings, textToBytes } from '../rings/text.js';
import type { StoreClient } from './client.js';
import { control } from './control.js';
import type { StoreEngine } from './engine.js';
import type { StoreErrorName } from './errors.js';
import { MESSAGE, MESSAGE_PAYLOAD_MAX, type Message, type MessageName, requestType } from './messages.js';
import type { StoreNode } from './node.js';
import { domainPath } from './paths.js';
import { formatPermission, parsePermission } from './permissions.js';
import type { ClientContext } from './reading.js';

/** What a request of a privileged domain does beyond the nodes: the host's part. */
export interface DomainRequests {
  introduce(domid: number, port: number): StoreErrorName | undefined;
  release(domid: number): StoreErrorName | undefined;
  resume(domid: number): StoreErrorName | undefined;
  setTarget(domid: number, target: number): StoreErrorName | undefined;
  isIntroduced(domid: number): boolean;
  print(text: string): void;
}

/** An answer, and what happens once it is on its way. */
export interface Answer {
  readonly type: number;
  readonly payload: Uint8Array;
  readonly afterwards?: () => void;
}

type Result = Uint8Array | StoreErrorName | { readonly payload: Uint8Array; readonly afterwards: () => void };

/** One request in hand. */
export interface Request {
  readonly engine: StoreEngine;
  readonly domains: DomainRequests;
  readonly context: ClientContext;
  readonly payload: Uint8Array;
}

const OK = stringsPayload('OK');

/**
 * Answers one request: ENOSYS for a type nobody knows or that only answers, EACCES for a privileged one, ENOENT for a
 * transaction that is not there, then whatever the operation says. Nothing in a request throws.
 */
export function answerRequest(
  engine: StoreEngine,
  domains: DomainRequests,
  client: StoreClient,
  message: Message,
): Answer {
  const type = requestType(message.type);
  if (type === undefined) return errorAnswer('ENOSYS');
  if (type.privileged && !client.privileged) return errorAnswer('EACCES');
  const context = engine.context(client, type.outsideTransactions ? 0 : message.transaction);
  if (typeof context === 'string') return errorAnswer(context);
  const result = (REQUESTS[type.name] as Handler)({ engine, domains, context, payload: message.payload });
  if (typeof result === 'string') return errorAnswer(result);
  if (!(result instanceof Uint8Array)) return { type: message.type, ...result };
  return result.length > MESSAGE_PAYLOAD_MAX ? errorAnswer('E2BIG') : { type: message.type, payload: result };
}

/** An error on its way. */
export function errorAnswer(error: StoreErrorName): Answer {
  return { type: MESSAGE.ERROR, payload: stringsPayload(error) };
}

type Handler = (request: Request) => Result;

const REQUESTS: { readonly [N in MessageName]?: Handler } = {
  CONTROL: control,
  DIRECTORY: withPath(({ engine, context }, path) => {
    const node = engine.reader.list(context, path);
    return typeof node === 'string' ? node : stringsPayload(...node.children);
  }),
  DIRECTORY_PART: ({ engine, context, payload }) => {
    const strings = terminatedStrings(payload);
    if (strings.length !== 2) return 'EINVAL';
    const [path, offset] = strings as [string, string];
    const node = engine.reader.list(context, path);
    return typeof node === 'string' ? node : directoryPart(node, leadingNumber(offset) >>> 0);
  },
  READ: withPath(({ engine, context }, path) => engine.reader.read(context, path)),
  GET_PERMS: withPath(({ engine, context }, path) => {
    const permissions = engine.reader.permissions(context, path);
    return typeof permissions === 'string' ? permissions : stringsPayload(...permissions.map(formatPermission));
  }),
  WATCH: ({ engine, context: { client }, payload }) => {
    const strings = terminatedStrings(payload);
    if (strings.length !== 2) return 'EINVAL';
    const watch = engine.watches.add(client, strings[0] as string, strings[1] as string);
    return typeof watch === 'string'
      ? watch
      : { payload: OK, afterwards: () => engine.watches.announce(client, watch) };
  },
  UNWATCH: ({ engine, context, payload }) => {
    const strings = terminatedStrings(payload);
    if (strings.length !== 2) return 'EINVAL';
    return engine.watches.remove(context.client, strings[0] as string, strings[1] as string) ?? OK;
  },
  TRANSACTION_START: ({ engine, context }) => {
    const transaction = engine.start(context);
    return typeof transaction === 'string' ? transaction : stringsPayload(String(transaction.id));
  },
  TRANSACTION_END: ({ engine, context, payload }) => {
    const how = onlyString(payload);
    return how === 'T' || how === 'F' ? (engine.end(context, how === 'T') ?? OK) : 'EINVAL';
  },
  INTRODUCE: ({ domains, payload }) => {
    const strings = terminatedStrings(payload);
    if (strings.length < 3) return 'EINVAL';
    const port = leadingNumber(strings[2] as string);
    if (port <= 0) return 'EINVAL';
    return domains.introduce(leadingNumber(strings[0] as string) >>> 0, port) ?? OK;
  },
  RELEASE: withDomain(({ domains }, domid) => domains.release(domid) ?? OK),
  RESUME: withDomain(({ domains }, domid) => domains.resume(domid) ?? OK),
  SET_TARGET: ({ domains, payload }) => {
    const [domid, target] = terminatedStrings(payload);
    if (domid === undefined || target === undefined) return 'EINVAL';
    return domains.setTarget(leadingNumber(domid) >>> 0, leadingNumber(target) >>> 0) ?? OK;
  },
  GET_DOMAIN_PATH: ({ payload }) => {
    const domid = onlyString(payload);
    return domid === undefined ? 'EINVAL' : stringsPayload(domainPath(leadingNumber(domid) >>> 0));
  },
  IS_DOMAIN_INTRODUCED: ({ domains, payload }) => {
    const text = onlyString(payload);
    if (text === undefined) return 'EINVAL';
    const domid = leadingNumber(text) >>> 0;
    return stringsPayload(domid === DOMID_SELF || domains.isIntroduced(domid) ? 'T' : 'F');
  },
  WRITE: ({ engine, context, payload }) => {
    const end = payload.indexOf(0);
    if (end < 0) return 'EINVAL';
    return engine.writer.write(context, bytesToText(payload.subarray(0, end)), payload.slice(end + 1)) ?? OK;
  },
  MKDIR: withPath(({ engine, context }, path) => engine.writer.mkdir(context, path) ?? OK),
  RM: withPath(({ engine, context }, path) => engine.writer.rm(context, path) ?? OK),
  SET_PERMS: ({ engine, context, payload }) => {
    const [path, ...texts] = terminatedStrings(payload);
    if (path === undefined || texts.length === 0) return 'EINVAL';
    if (!context.client.privileged && texts.length > engine.quotas.permissions) return 'ENOSPC';
    const permissions = [];
    for (const text of texts) {
      const permission = parsePermission(text);
      if (permission === undefined) return 'EINVAL';
      permissions.push(permission);
    }
    return engine.writer.setPermissions(context, path, permissions) ?? OK;
  },
  RESET_WATCHES: ({ engine, context }) => {
    engine.resetClient(context.client);
    return OK;
  },
};

/** The one string that a payload is: undefined where it is anything else. */
function onlyString(payload: Uint8Array): string | undefined {
  const end = payload.indexOf(0);
  return end >= 0 && end === payload.length - 1 ? bytesToText(payload.subarray(0, end)) : undefined;
}

function withPath(handler: (request: Request, path: string) => Result): Handler {
  return (request) => {
    const path = onlyString(request.payload);
    return path === undefined ? 'EINVAL' : handler(request, path);
  };
}

function withDomain(handler: (request: Request, domid: number) => Result): Handler {
  return (request) => {
    const domid = leadingNumber(onlyString(request.payload) ?? '') >>> 0;
    return domid === 0 ? 'EINVAL' : handler(request, domid);
  };
}

/** As many children from an offset on as fit whole, after the generation; an empty name says that the list is over. */
function directoryPart(node: StoreNode, offset: number): Uint8Array {
  const generation = `${node.generation}\0`;
  const list = node.children.map((child) => `${child}\0`).join('');
  if (offset >= list.length) return textToBytes(`${generation}\0`);
  const room = MESSAGE_PAYLOAD_MAX - generation.length - 1;
  const rest = list.slice(offset);
  const end = rest.length <= room ? rest.length : rest.lastIndexOf('\0', room - 1) + 1;
  return textToBytes(generation + rest.slice(0, end) + (end === rest.length ? '\0' : ''));
}
