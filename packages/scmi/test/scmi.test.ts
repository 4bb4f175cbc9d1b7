import type { BindContext, Conduit, Driver, GuestPhysical, Interface } from '@trapline/core';
import { readDts } from '@trapline/devicetree';
import {
  abi,
  BASE_PROTOCOL,
  BaseMessage,
  Channel,
  headerOf,
  type PlatformOptions,
  parseHeader,
  platform,
  scmiDriver,
  scmiStatus,
} from '@trapline/scmi';
import { describeService, fuzzCalls, TEST_RAM } from '@trapline/testkit';
import { createMachine, type Machine } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';

const SHMEM = { address: 0x4000_1200, size: 0x100 };
const SMC_ID = 0x8200_1234;

function machineWith(options: Partial<PlatformOptions> = {}): Machine {
  const services = { el3: [platform({ shmem: SHMEM, smcId: SMC_ID, ...options })] };
  return createMachine({ guests: [{ name: 'g', vcpus: 1, memory: [TEST_RAM], services }] });
}

/** Stands for PSCI: all that SCMI takes from it is the conduit. */
function ownerOf(conduit: Conduit): Driver<{ readonly conduit: Conduit }> {
  return { name: 'owner', compatible: [], needs: [], bind: () => ({ conduit }) };
}

const PROPERTIES = `arm,smc-id = <${SMC_ID}>; shmem = <&shm>;`;

function bindIn(machine: Machine, properties = PROPERTIES, compatible = 'arm,scmi-smc') {
  const guest = machine.guest('g');
  const tree = readDts(`/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;
    sram@40001000 { #address-cells = <1>; #size-cells = <1>; ranges = <0 0x40001000 0x1000>;
      shm: scp-shmem@200 { reg = <0x200 0x100>; }; };
    firmware { scmi { compatible = "${compatible}"; ${properties} }; }; };`);
  const conduit = guest.conduit('smc');
  const get = <Bound>() => ({ conduit }) as Bound;
  const context: BindContext = { tree, conduit: () => conduit, get, memory: guest.ports.memory, random: undefined };
  return scmiDriver(ownerOf(conduit)).bind(context, tree.require('/firmware/scmi'));
}

describe('the base protocol, through shared memory and the doorbell', () => {
  const protocols = Array.from({ length: 18 }, (_, i) => 0x11 + i);

  test('the driver finds who the platform is and what it has', () => {
    const identity = { vendor: 'acme', subVendor: 'a name that is too long', implementationVersion: 7, protocols };
    expect(bindIn(machineWith(identity))).toMatchObject({
      version: { major: 2, minor: 0 },
      vendor: 'acme',
      subVendor: 'a name that is ',
      implementationVersion: 7,
      protocols,
    });
  });

  test('with arm,scmi-smc-param X1 and X2 say where the memory is', () => {
    const machine = machineWith();
    const seen: string[] = [];
    machine.calls$.subscribe((call) => seen.push(call.toString()));
    expect(bindIn(machine, PROPERTIES, 'arm,scmi-smc-param')?.vendor).toBe('trapline');
    expect(seen[0]).toContain('page: 0x40001, offset: 0x200');
  });

  test.for<[string, number, readonly number[], string]>([
    ['attributes', BaseMessage.PROTOCOL_ATTRIBUTES, [], 'SUCCESS'],
    ['attributes of a message', BaseMessage.PROTOCOL_MESSAGE_ATTRIBUTES, [3, 0, 0, 0], 'SUCCESS'],
    ['attributes of no message', BaseMessage.PROTOCOL_MESSAGE_ATTRIBUTES, [99, 0, 0, 0], 'NOT_FOUND'],
    ['attributes without a message', BaseMessage.PROTOCOL_MESSAGE_ATTRIBUTES, [], 'PROTOCOL_ERROR'],
    ['a list from behind its end', BaseMessage.BASE_DISCOVER_LIST_PROTOCOLS, [1, 0, 0, 0], 'INVALID_PARAMETERS'],
    ['a list from nowhere', BaseMessage.BASE_DISCOVER_LIST_PROTOCOLS, [], 'PROTOCOL_ERROR'],
    ['an agent', BaseMessage.BASE_DISCOVER_AGENT, [0, 0, 0, 0], 'SUCCESS'],
    ['an agent that is not there', BaseMessage.BASE_DISCOVER_AGENT, [9, 0, 0, 0], 'NOT_FOUND'],
    ['no agent', BaseMessage.BASE_DISCOVER_AGENT, [], 'PROTOCOL_ERROR'],
    ['an unknown message', 0x42, [], 'NOT_FOUND'],
  ])('%s', ([, message, payload, status]) => {
    const answer = bindIn(machineWith())?.command(BASE_PROTOCOL, message, Uint8Array.from(payload));
    expect(String(answer?.status)).toBe(status);
  });

  test('an agent asks for itself', () => {
    const bound = bindIn(machineWith());
    const answer = bound?.command(BASE_PROTOCOL, BaseMessage.BASE_DISCOVER_AGENT, new Uint8Array(4).fill(0xff));
    expect(answer?.payload.getUint32(0, true)).toBe(1);
    expect(String.fromCharCode(...new Uint8Array(answer?.payload.buffer ?? new ArrayBuffer(0), 8, 4))).toBe('OSPM');
  });

  test('other protocols are the embedder’s, or NOT_SUPPORTED', () => {
    const answer = (protocol: number, message: number, payload: Uint8Array) =>
      protocol === 0x14 ? Uint8Array.from([0, 0, 0, 0, message, payload.length, 0, 0]) : undefined;
    const bound = bindIn(machineWith({ answer }));
    expect(bound?.command(0x14, 5, new Uint8Array(8))?.payload.getUint16(0, true)).toBe(0x805);
    expect(bound?.command(0x15, 0)?.status).toBe(scmiStatus.NOT_SUPPORTED);
    expect(bindIn(machineWith())?.command(0x14, 5)?.status).toBe(scmiStatus.NOT_SUPPORTED);
  });
});

describe('a channel that is not as it should be', () => {
  function ring(machine: Machine): void {
    const caller = machine.guest('g').caller(0);
    caller.x[0] = BigInt(SMC_ID);
    caller.execute('smc', 0);
    expect(caller.x[0]).toBe(0n);
  }

  function poke(machine: Machine, offset: number, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    machine.guest('g').ports.memory.write((SHMEM.address + offset) as GuestPhysical, bytes);
  }

  test.for([0, 3, 0xffff_ffff, 0x200])('a length of %i gives it back with an error', (length) => {
    const machine = machineWith();
    const channel = new Channel(machine.guest('g').ports.memory, SHMEM);
    channel.send({ header: headerOf(BASE_PROTOCOL, 0), payload: new Uint8Array() });
    poke(machine, 0x14, length);
    ring(machine);
    expect([channel.free, channel.failed]).toEqual([true, true]);
  });

  test('a message that is no command gives it back with an error', () => {
    const machine = machineWith();
    const channel = new Channel(machine.guest('g').ports.memory, SHMEM);
    channel.send({ header: headerOf(BASE_PROTOCOL, 0) | 0x200, payload: new Uint8Array() });
    ring(machine);
    expect(channel.failed).toBe(true);
  });

  test('the channel is free at the beginning and after a reset, as agents wait for', () => {
    const machine = machineWith();
    const channel = new Channel(machine.guest('g').ports.memory, SHMEM);
    expect(channel.free).toBe(true);
    poke(machine, 0x04, 0);
    machine.guest('g').reset();
    expect(channel.free).toBe(true);
  });

  test('a channel that is free is left as it is', () => {
    const machine = machineWith();
    poke(machine, 0x04, 1);
    poke(machine, 0x14, 0x1234);
    ring(machine);
    const channel = new Channel(machine.guest('g').ports.memory, SHMEM);
    expect([channel.free, channel.failed, channel.read()]).toEqual([true, false, undefined]);
  });

  test('memory that is not there, and an answer that does not fit', () => {
    const machine = machineWith({ shmem: { address: 0x1000, size: 0x100 } });
    ring(machine);
    const nowhere = new Channel(machine.guest('g').ports.memory, { address: 0x1000, size: 0x100 });
    expect([nowhere.free, nowhere.failed, nowhere.read()]).toEqual([undefined, true, undefined]);
    expect(nowhere.send({ header: 0, payload: new Uint8Array() })).toBe(false);
    expect(bindIn(machineWith({ answer: () => new Uint8Array(1000) }))?.command(0x14, 0)).toBeUndefined();
    expect(() => platform({ shmem: { address: 0, size: 40 } })).toThrow('the SCMI channel has 40 bytes: give it 52');
  });

  test('headers are taken apart as they are put together', () => {
    expect(parseHeader(headerOf(0x13, 7, 0x155))).toEqual({ command: true, protocol: 0x13, message: 7 });
    expect(headerOf(0x10, 3, 1)).toBe(0x0004_4003);
  });
});

describe('the driver', () => {
  test.for([
    ['shmem = <&shm>;', 'arm,smc-id is no cell'],
    [`arm,smc-id = <${SMC_ID}>;`, 'shmem names no memory'],
  ] as const)('refuses %s', ([properties, message]) => {
    expect(() => bindIn(machineWith(), properties)).toThrow(message);
  });

  test('finds nothing where nothing answers', () => {
    expect(bindIn(machineWith(), `arm,smc-id = <${SMC_ID}>; shmem = <&shm>;`)).toBeDefined();
    expect(bindIn(machineWith({ shmem: { address: 0x4000_3000, size: 0x100 } }))).toBeUndefined();
  });
});

const subject = {
  name: 'SCMI',
  service: platform({ shmem: SHMEM }),
  interfaces: [abi as unknown as Interface],
  unknown: undefined,
  readsHighHalves: true,
} as const;

describeService({ ...subject, calls: 5000 });

test('random bytes in the channel come to an answer or an error', () => {
  const bytes = new Uint8Array(SHMEM.size);
  const coverage = fuzzCalls(subject, {
    calls: 5000,
    seed: 7,
    between: ({ guest }, random) => {
      for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(random.once(2) ? 4 : 256);
      guest.ports.memory.write(SHMEM.address as GuestPhysical, bytes);
    },
  });
  expect(coverage.missing()).toEqual([]);
});
