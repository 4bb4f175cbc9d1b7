import { decodeCall } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import { createMachine } from '@trapline/trap-bus';
import {
  abi,
  Command,
  driver,
  FLAG_COOKIE,
  hypervisor,
  MAGIC,
  MAX_CHANNELS,
  MAX_GUEST_INFO,
  MAX_MESSAGE,
  MessageStatus,
  MessageType,
  PROTOCOL_RPCI,
  PROTOCOL_TCLO,
  ProductType,
  UNSUPPORTED,
  type Vmware,
} from '@trapline/vmware';
import { describe, expect, test } from 'vitest';
import { bytes, contextOf, text, UUID, worldOf } from './world.js';

describe('what open-vm-tools asks', () => {
  test.for(['mrs', 'hvc'] as const)('version and product by %s', (kind) => {
    expect(worldOf({}, kind).bound).toMatchObject({ version: 6, product: ProductType.WORKSTATION });
    expect(worldOf({ version: 7, product: 2 }, kind).bound).toMatchObject({ version: 7, product: 2 });
  });

  test('the UUID comes in four little-endian words', () => {
    const { bound } = worldOf({ uuid: UUID });
    expect(bound.uuid()).toBe(UUID);
    expect(bound.call(Command.GETUUID).ax).toBe(0x3412_4d56);
    expect(worldOf().bound.uuid()).toBe('00000000-0000-0000-0000-000000000000');
  });

  test('the time in seconds of 64 bits and microseconds', () => {
    const wall = 5_000_000_000n * 1_000_000_000n + 123_456_789n;
    const machine = createMachine({
      clock: { wall },
      guests: [{ name: 'g', vcpus: 1, hasEl2: true, services: { el2: [hypervisor({ maxTimeLag: 7 })] } }],
    });
    const guest = machine.guest('g');
    const node = new DeviceTree().root.add('hypervisor');
    const bound = driver.bind(
      contextOf((kind) => guest.conduit(kind)),
      node,
    );
    expect(bound?.time()).toEqual({ seconds: 5_000_000_000n, microseconds: 123_456, maxTimeLag: 7 });
    expect(bound?.call(Command.GETTIME)).toMatchObject({ ax: 5_000_000_000 - 2 ** 32, bx: 123_456, cx: 7 });
    expect(bound?.call(Command.GETTIMEFULL)).toMatchObject({ ax: MAGIC, si: 1, dx: 5_000_000_000 - 2 ** 32 });
    expect(bound?.call(Command.GETTIMEFULL_WITH_LAG).di).toBe(0);
  });

  test('the high half of the command does not count, except for messages', () => {
    const { bound } = worldOf();
    expect(bound.call(0x1234_0000 + Command.GETVERSION).bx).toBe(MAGIC);
    expect(bound.call(99).ax).toBe(UNSUPPORTED);
  });

  test('a trace says which command it is', () => {
    const registers = { x: new BigUint64Array(34), w: new Uint32Array() };
    const all = { x: registers.x, w: new Uint32Array(registers.x.buffer) };
    all.x[2] = BigInt((MessageType.SENDSIZE << 16) | Command.MESSAGE);
    expect(decodeCall(abi as never, MAGIC, all)?.arguments[1]?.text).toBe('MESSAGE SENDSIZE');
    all.x[2] = 0x63n;
    expect(decodeCall(abi as never, MAGIC, all)?.arguments[1]?.text).toBe('command 99');
  });
});

describe('guest-RPC', () => {
  test('info-set and info-get of guest variables', () => {
    const { bound } = worldOf({ guestInfo: { 'guestinfo.Hostname': 'trap' } });
    expect(bound.rpc('info-get guestinfo.hostname')).toEqual({ succeeded: true, text: 'trap' });
    expect(bound.rpc('info-get guestinfo.none')).toEqual({ succeeded: false, text: 'No value found' });
    expect(bound.rpc('info-set guestinfo.ip 10.0.0.1 of eth0')).toEqual({ succeeded: true, text: '' });
    expect(bound.rpc('info-get guestinfo.ip')).toEqual({ succeeded: true, text: '10.0.0.1 of eth0' });
    expect(bound.rpc('info-set other.ip 1')).toEqual({ succeeded: false, text: 'Invalid arguments' });
    expect(bound.rpc('vmx.capability')).toEqual({ succeeded: false, text: 'Unknown command' });
    expect(bound.rpc('log Hello from here')).toEqual({ succeeded: true, text: '' });
  });

  test('variables are bounded', () => {
    const { bound } = worldOf();
    for (let i = 0; i < MAX_GUEST_INFO; i++) bound.rpc(`info-set guestinfo.v${i} ${i}`);
    expect(bound.rpc('info-set guestinfo.more 1')).toEqual({ succeeded: false, text: 'Too many variables' });
    expect(bound.rpc('info-set guestinfo.v0 again')?.succeeded).toBe(true);
  });

  test('the embedder can answer', () => {
    const answer = (message: Uint8Array, protocol: number) => bytes(`1 ${protocol === PROTOCOL_TCLO} ${text(message)}`);
    expect(worldOf({ answer }).bound.rpc('ping')).toEqual({ succeeded: true, text: 'false ping' });
  });

  test.for([0, 1, 2, 3, 4, 5, 1023, MAX_MESSAGE])('%d bytes pass in both directions', (length) => {
    const { bound } = worldOf({ answer: (message) => message });
    const message = Uint8Array.from({ length }, (_, i) => (7 * i) & 0xff);
    const channel = bound.open();
    expect(channel?.send(message)).toBe(true);
    expect(channel?.receive()).toEqual(message);
    expect(channel?.receive()).toEqual(new Uint8Array());
  });

  test('a message that is too long is refused', () => {
    expect(
      worldOf()
        .bound.open()
        ?.send(new Uint8Array(MAX_MESSAGE + 1)),
    ).toBe(false);
  });

  test(`${MAX_CHANNELS} channels are open at once; a closed one is free again`, () => {
    const { bound } = worldOf();
    const channels = Array.from({ length: MAX_CHANNELS }, () => bound.open());
    expect(channels.every(Boolean)).toBe(true);
    expect(bound.open()).toBeUndefined();
    expect(bound.rpc('log full')).toBeUndefined();
    channels[3]?.close();
    expect(bound.open()).toBeDefined();
    expect(channels[3]?.send(bytes('closed'))).toBe(false);
  });

  test('another protocol has nothing to say here', () => {
    const channel = worldOf().bound.open(PROTOCOL_TCLO);
    channel?.send(bytes('anything'));
    expect(channel?.receive()).toEqual(new Uint8Array());
  });
});

describe('the message layer, register by register', () => {
  const request = (bound: Vmware, type: number, args: Parameters<Vmware['call']>[1] = {}) =>
    bound.call(((type << 16) | Command.MESSAGE) >>> 0, args);
  const opened = (bound: Vmware, value = (PROTOCOL_RPCI | FLAG_COOKIE) >>> 0) =>
    request(bound, MessageType.OPEN, { value });

  test('a wrong cookie, an unknown type and a channel that is not open have no SUCCESS', () => {
    const { bound } = worldOf();
    const { dx, si, di } = opened(bound);
    const port = dx;
    expect(request(bound, MessageType.SENDSIZE, { port, high: si, low: di ^ 1 }).cx >>> 16).toBe(0);
    expect(request(bound, 7, { port, high: si, low: di }).cx >>> 16).toBe(0);
    expect(request(bound, MessageType.SENDSIZE, { port: port + 0x1_0000, high: si, low: di }).cx >>> 16).toBe(0);
    expect(request(bound, MessageType.SENDSIZE, { port, high: si, low: di }).cx >>> 16).toBe(MessageStatus.SUCCESS);
  });

  test('a channel without a cookie takes any', () => {
    const { bound } = worldOf();
    const { dx, cx, si, di } = opened(bound, PROTOCOL_RPCI);
    expect([cx >>> 16, si, di]).toEqual([MessageStatus.SUCCESS, 0, 0]);
    expect(request(bound, MessageType.CLOSE, { port: dx, high: 5 }).cx >>> 16).toBe(MessageStatus.SUCCESS);
  });

  test('payload that nobody awaits, and fetching what is not there, have no SUCCESS', () => {
    const { bound } = worldOf();
    const { dx: port, si: high, di: low } = opened(bound);
    expect(request(bound, MessageType.SENDPAYLOAD, { port, high, low }).cx >>> 16).toBe(0);
    expect(request(bound, MessageType.RECVPAYLOAD, { port, high, low, value: 1 }).cx >>> 16).toBe(0);
    expect(request(bound, MessageType.RECVSTATUS, { port, high, low }).cx >>> 16).toBe(MessageStatus.SUCCESS);
  });

  test('a message stays until the guest says that it has it', () => {
    const { bound } = worldOf({ answer: () => bytes('1 ok') });
    const { dx: port, si: high, di: low } = opened(bound);
    const at = { port, high, low };
    request(bound, MessageType.SENDSIZE, { ...at, value: 0 });
    const size = request(bound, MessageType.RECVSIZE, at);
    expect([size.bx, size.dx >>> 16, size.cx >>> 16]).toEqual([4, MessageType.SENDSIZE, 3]);
    request(bound, MessageType.RECVSTATUS, { ...at, value: 0 });
    expect(request(bound, MessageType.RECVSIZE, at).bx).toBe(4);
    request(bound, MessageType.RECVSTATUS, { ...at, value: 1 });
    expect(request(bound, MessageType.RECVSIZE, at).cx >>> 16).toBe(MessageStatus.SUCCESS);
  });

  test('no randomness, no cookie, no channel', () => {
    const machine = createMachine({
      guests: [
        {
          name: 'g',
          vcpus: 1,
          hasEl2: true,
          services: { el2: [hypervisor()] },
          ports: { random: { fill: () => false } },
        },
      ],
    });
    const guest = machine.guest('g');
    const node = new DeviceTree().root.add('hypervisor');
    expect(
      driver
        .bind(
          contextOf((kind) => guest.conduit(kind)),
          node,
        )
        ?.open(),
    ).toBeUndefined();
  });

  test('saved in the middle of a message, it goes on elsewhere', () => {
    const one = worldOf({ answer: (message) => message });
    const { dx: port, si: high, di: low } = opened(one.bound);
    const at = { port, high, low };
    request(one.bound, MessageType.SENDSIZE, { ...at, value: 6 });
    request(one.bound, MessageType.SENDPAYLOAD, { ...at, value: 0x6463_6261 });
    one.bound.rpc('info-set guestinfo.a b');
    const saved = JSON.parse(JSON.stringify(one.machine.save()));
    const two = worldOf({ answer: (message) => message });
    two.machine.restore(saved);
    request(two.bound, MessageType.SENDPAYLOAD, { ...at, value: 0x6665 });
    expect(request(two.bound, MessageType.RECVSIZE, at).bx).toBe(6);
    expect(request(two.bound, MessageType.RECVPAYLOAD, { ...at, value: 1 }).bx).toBe(0x6463_6261);
    expect(request(two.bound, MessageType.RECVPAYLOAD, { ...at, value: 1 }).bx).toBe(0x6665);
    const broken = JSON.stringify(saved);
    for (const [from, to] of [
      ['"received":4', '"received":-1'],
      ['"cookie":[', '"cookie":["'],
      ['"info":[]', '"info":[1]'],
      ['"messages":[', '"messages":[null,'],
    ] as const) {
      const text =
        from === '"cookie":[' ? broken.replace(/"cookie":\[\d+,/, '"cookie":["x",') : broken.replace(from, to);
      expect(() => two.machine.restore(JSON.parse(text))).toThrow(/channel|variables/);
    }
  });
});
