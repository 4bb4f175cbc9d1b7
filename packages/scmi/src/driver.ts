import { BindError, type Conduit, createClient, type Driver, type MemoryPort } from '@trapline/core';
import { type DeviceTreeNode, references, translatedReg } from '@trapline/devicetree';
import { abi, doorbellStatus } from './abi.js';
import { LISTED_AT_ONCE } from './base.js';
import { Channel, type ChannelMemory } from './channel.js';
import { BASE_PROTOCOL, BaseMessage, headerOf, scmiStatus } from './protocol.js';

/** Compatible strings that the driver binds to: the doorbell without parameters, and with them. */
export const COMPATIBLE: readonly string[] = ['arm,scmi-smc', 'arm,scmi-smc-param'];

/** Most protocols that a platform can have: one byte names each. */
export const MAX_PROTOCOLS = 255;

const PAGE = 4096;

/** A platform, as an agent has found it. */
export interface Scmi {
  readonly conduit: Conduit;
  readonly version: { readonly major: number; readonly minor: number };
  readonly vendor: string;
  readonly subVendor: string;
  readonly implementationVersion: number;
  readonly protocols: readonly number[];
  /** Sends a command; status and what follows it, or undefined where the channel failed. */
  command(protocol: number, message: number, payload?: Uint8Array): ScmiAnswer | undefined;
}

/** What came back. */
export interface ScmiAnswer {
  readonly status: ReturnType<typeof scmiStatus.of>;
  readonly payload: DataView;
}

/**
 * The driver of SCMI over SMC, whose conduit is that of another driver (PSCI, or SMCCC).
 *
 * Throws {@link BindError} without `arm,smc-id`, or without memory behind `shmem`. Undefined where nothing answers.
 */
export function scmiDriver<Bound extends { readonly conduit: Conduit }>(owner: Driver<Bound>): Driver<Scmi> {
  return {
    name: 'scmi',
    compatible: COMPATIBLE,
    needs: [owner],
    bind: (context, node) => {
      if (node === undefined || context.memory === undefined) return undefined;
      const at = shmemOf(node);
      const param = node.isCompatible('arm,scmi-smc-param');
      return probe(context.get(owner).conduit, context.memory, smcIdOf(node), at, param);
    },
  };
}

function probe(conduit: Conduit, memory: MemoryPort, id: number, at: ChannelMemory, param: boolean): Scmi | undefined {
  const { doorbell } = createClient(abi, conduit, { ids: { doorbell: id } });
  const channel = new Channel(memory, at);
  const where = param ? { page: Math.floor(at.address / PAGE), offset: at.address % PAGE } : { page: 0, offset: 0 };
  const command: Scmi['command'] = (protocol, message, payload = new Uint8Array()) => {
    const header = headerOf(protocol, message);
    if (!channel.send({ header, payload })) return undefined;
    if (doorbell(where) !== doorbellStatus.SUCCESS || !channel.free || channel.failed) return undefined;
    const answer = channel.read();
    if (answer === undefined || answer.header !== header || answer.payload.length < 4) return undefined;
    const view = new DataView(answer.payload.buffer);
    return { status: scmiStatus.of(view.getInt32(0, true)), payload: new DataView(view.buffer, 4) };
  };
  const base = (message: number, argument?: number): DataView | undefined => {
    const answer = command(BASE_PROTOCOL, message, argument === undefined ? undefined : word(argument));
    return answer?.status === scmiStatus.SUCCESS ? answer.payload : undefined;
  };
  const version = base(BaseMessage.PROTOCOL_VERSION);
  if (version === undefined || version.byteLength < 4) return undefined;
  const number = version.getUint32(0, true);
  const implementation = base(BaseMessage.BASE_DISCOVER_IMPLEMENTATION_VERSION);
  return {
    conduit,
    version: { major: number >>> 16, minor: number & 0xffff },
    vendor: nameIn(base(BaseMessage.BASE_DISCOVER_VENDOR)),
    subVendor: nameIn(base(BaseMessage.BASE_DISCOVER_SUB_VENDOR)),
    implementationVersion: implementation && implementation.byteLength >= 4 ? implementation.getUint32(0, true) : 0,
    protocols: protocolsOf((skip) => base(BaseMessage.BASE_DISCOVER_LIST_PROTOCOLS, skip)),
    command,
  };
}

function protocolsOf(list: (skip: number) => DataView | undefined): readonly number[] {
  const protocols: number[] = [];
  while (protocols.length < MAX_PROTOCOLS) {
    const part = list(protocols.length);
    const count = part && part.byteLength >= 4 ? part.getUint32(0, true) : 0;
    if (part === undefined || count === 0 || count > LISTED_AT_ONCE || part.byteLength < 4 + count) break;
    for (let i = 0; i < count; i++) protocols.push(part.getUint8(4 + i));
  }
  return protocols;
}

function nameIn(view: DataView | undefined): string {
  if (view === undefined) return '';
  const text = new TextDecoder().decode(view);
  return text.split('\0')[0] as string;
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function smcIdOf(node: DeviceTreeNode): number {
  const property = node.property('arm,smc-id');
  if (property?.length === 4) return property.u32();
  throw new BindError(node.path, 'arm,smc-id is no cell; write the function id of the doorbell');
}

function shmemOf(node: DeviceTreeNode): ChannelMemory {
  const target = references(node, 'shmem')[0]?.node;
  const reg = target === undefined ? undefined : translatedReg(target)[0];
  if (reg?.address !== undefined) return { address: Number(reg.address), size: Number(reg.size) };
  throw new BindError(node.path, 'shmem names no memory; point it at a node with reg');
}
