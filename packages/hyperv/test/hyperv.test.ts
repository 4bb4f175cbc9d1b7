import { type BindContext, createClient, createRegisters, type Interface } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import {
  abi,
  CallCode,
  controlOf,
  controlWord,
  driver,
  FAST_REGISTERS,
  HYPERCALL_ID,
  type HypervisorOptions,
  hypervisor,
  Immediate,
  MAX_CONNECTIONS,
  MAX_MESSAGE,
  nativeAbi,
  PARTITION_ID_SELF,
  status,
  VP_INDEX_SELF,
  VpRegister,
} from '@trapline/hyperv';
import { describeService } from '@trapline/testkit';
import { createMachine, type Machine } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';

const RAM = 0x4000_0000;
const SELF = [PARTITION_ID_SELF, BigInt(VP_INDEX_SELF)];
const VERSION = { major: 10, minor: 0, build: 20348, servicePack: 1, serviceBranch: 2, serviceNumber: 3 };
const GET1 = controlWord({ code: CallCode.GET_VP_REGISTERS, fast: true, repCount: 1 });
const SET1 = controlWord({ code: CallCode.SET_VP_REGISTERS, fast: true, repCount: 1 });

function machineWith(options: HypervisorOptions = {}): Machine {
  const services = { el2: [hypervisor(options)] };
  const vcpus = [0n, 1n].map((mpidr) => ({ mpidr, power: 'running' as const }));
  return createMachine({
    guests: [{ name: 'a', vcpus, hasEl2: true, memory: [{ base: RAM, size: 0x10_0000 }], services }],
  });
}

/** X0 to X17 after a call by SMCCC, with values from X1 on. */
function bySmccc(machine: Machine, values: readonly bigint[], cpu = 0): readonly bigint[] {
  const caller = machine.guest('a').caller(cpu);
  caller.x.fill(0n, 0, 31);
  for (const [i, value] of [BigInt(HYPERCALL_ID), ...values].entries()) caller.x[i] = value;
  expect(caller.execute('hvc', Immediate.SMCCC).kind).toBe('returned');
  return [...caller.x.slice(0, 18)];
}

/** X0 to X17 after a call in Hyper-V's own form, with values from X0 on. */
function byNative(machine: Machine, values: readonly bigint[]): readonly bigint[] {
  const caller = machine.guest('a').caller(0);
  caller.x.fill(0n, 0, 31);
  for (const [i, value] of values.entries()) caller.x[i] = value;
  expect(caller.execute('hvc', Immediate.NATIVE).kind).toBe('returned');
  return [...caller.x.slice(0, 18)];
}

function codeOf(machine: Machine, values: readonly bigint[]): string {
  const x0 = bySmccc(machine, values)[0] as bigint;
  return status.of(Number(x0 & 0xffffn)).toString();
}

describe('the control word', () => {
  test('in parts, as Linux puts it together', () => {
    expect(GET1).toBe(0x1_0001_0050n);
    expect(controlOf(0x0001_0050, 1)).toEqual({
      code: 0x50,
      fast: true,
      variableHeader: 0,
      repCount: 1,
      repStart: 0,
      reserved: false,
    });
    expect(controlOf(0x0006_005c, 0x0003_0004)).toMatchObject({ variableHeader: 3, repCount: 4, repStart: 3 });
    for (const [low, high] of [
      [0x4000_0000, 0],
      [0, 0x1000],
      [0, 0x8000_0000],
    ] as const) {
      expect(controlOf(low, high).reserved).toBe(true);
    }
  });

  test.for<[string, bigint]>([
    ['INVALID_HYPERCALL_CODE', controlWord({ code: 0x2, fast: true })],
    ['INVALID_HYPERCALL_INPUT', controlWord({ code: CallCode.GET_VP_REGISTERS, fast: true })],
    ['INVALID_HYPERCALL_INPUT', controlWord({ code: CallCode.GET_VP_REGISTERS, fast: true, repCount: 1, repStart: 1 })],
    ['INVALID_HYPERCALL_INPUT', controlWord({ code: CallCode.SIGNAL_EVENT, fast: true, repCount: 1 })],
    ['INVALID_HYPERCALL_INPUT', controlWord({ code: CallCode.SIGNAL_EVENT, fast: true, variableHeader: 1 })],
    ['INVALID_HYPERCALL_INPUT', controlWord({ code: CallCode.POST_MESSAGE, fast: true })],
    ['INVALID_HYPERCALL_INPUT', GET1 | (1n << 63n)],
    ['INVALID_HYPERCALL_INPUT', controlWord({ code: CallCode.GET_VP_REGISTERS, fast: true, repCount: 6 })],
  ])('%s for %#', ([name, control]) => {
    expect(codeOf(machineWith(), [control, ...SELF])).toBe(name);
  });
});

describe('words of a trace', () => {
  const { arguments: input, returns } = abi.calls.hypercall.spec;
  const types = { control: input.control, result: returns.result };

  test.for<[string, number, number]>([
    ['GET_VP_REGISTERS, fast, 1 rep', 0x1_0050, 1],
    ['SET_VP_REGISTERS, 3 reps, from 2', 0x51, 0x2_0003],
    ['call 0x1234', 0x1234, 0],
  ])('%s', ([words, low, high]) => {
    expect(types.control.show(low, high)).toBe(words);
  });

  test('a result says status and repetitions', () => {
    expect(types.result.show(0, 0)).toBe('SUCCESS');
    expect(types.result.show(5, 2)).toBe('INVALID_PARAMETER, 2 done');
    expect(types.result.show(0xffff_ffff, 0xffff_ffff)).toBe('0xffffffffffffffff');
    const registers = createRegisters();
    for (const code of [status.ACCESS_DENIED, status.of(0x99)]) {
      types.result.write(registers, 0, { status: code, completed: 3 });
      expect(types.result.read(registers, 0, true)).toEqual({ status: expect.objectContaining({}), completed: 3 });
      expect(types.result.read(registers, 0, true).status.toString()).toBe(code.toString());
    }
    types.control.write(registers, 1, GET1);
    expect(types.control.read(registers, 1, true)).toBe(GET1);
  });
});

describe('registers', () => {
  test('by SMCCC the value is behind the input, in X6 and X7', () => {
    const x = bySmccc(machineWith({ version: VERSION }), [GET1, ...SELF, BigInt(VpRegister.HYPERVISOR_VERSION)]);
    expect(x[0]).toBe(0x1_0000_0000n);
    expect(x[6]).toBe((0x000a_0000n << 32n) | 20348n);
    expect(x[7]).toBe((0x0200_0003n << 32n) | 1n);
    expect(x.slice(1, 5)).toEqual([GET1, ...SELF, BigInt(VpRegister.HYPERVISOR_VERSION)]);
  });

  test('in the own form the value is in the last registers, X15 and X16', () => {
    const x = byNative(machineWith({ version: VERSION }), [GET1, ...SELF, BigInt(VpRegister.HYPERVISOR_VERSION)]);
    expect([x[0], x[15], x[16]]).toEqual([0x1_0000_0000n, (0x000a_0000n << 32n) | 20348n, (0x0200_0003n << 32n) | 1n]);
  });

  test('each processor has its index, the partition its guest OS id', () => {
    const machine = machineWith();
    expect(bySmccc(machine, [GET1, ...SELF, BigInt(VpRegister.VP_INDEX)], 1)[6]).toBe(1n);
    expect(bySmccc(machine, [SET1, ...SELF, BigInt(VpRegister.GUEST_OS_ID), 0n, 0x8100_0000_0000_0001n])[0]).toBe(
      0x1_0000_0000n,
    );
    expect(bySmccc(machine, [GET1, ...SELF, BigInt(VpRegister.GUEST_OS_ID)], 1)[6]).toBe(0x8100_0000_0000_0001n);
    machine.guest('a').reset();
    expect(bySmccc(machine, [GET1, ...SELF, BigInt(VpRegister.GUEST_OS_ID)])[6]).toBe(0n);
  });

  test('the reference counter counts 100 ns', () => {
    const machine = machineWith();
    const read = () => bySmccc(machine, [GET1, ...SELF, BigInt(VpRegister.TIME_REF_COUNT)])[6] as bigint;
    const before = read();
    machine.clock.advance(12_345n);
    expect(read() - before).toBe(123n);
  });

  test('what is not there or only read is INVALID_PARAMETER, with the number of those done', () => {
    const machine = machineWith();
    const two = controlWord({ code: CallCode.GET_VP_REGISTERS, fast: true, repCount: 2 });
    const names = BigInt(VpRegister.VP_INDEX) | (0x77n << 32n);
    expect(bySmccc(machine, [two, ...SELF, names], 1).slice(0, 7)).toMatchObject({ 0: 0x1_0000_0005n, 6: 1n });
    const rest = controlWord({ code: CallCode.GET_VP_REGISTERS, fast: true, repCount: 2, repStart: 1 });
    const ordered = 0x77n | (BigInt(VpRegister.VP_INDEX) << 32n);
    expect(bySmccc(machine, [rest, ...SELF, ordered], 1)).toMatchObject({ 0: 0x2_0000_0000n, 6: 0n, 8: 1n });
    expect(codeOf(machine, [SET1, ...SELF, BigInt(VpRegister.VP_INDEX), 0n, 1n])).toBe('INVALID_PARAMETER');
  });

  test('others than the caller, and trust levels above its own, are refused', () => {
    const machine = machineWith();
    const index = BigInt(VpRegister.VP_INDEX);
    const vtl = (bits: bigint) => BigInt(VP_INDEX_SELF) | (bits << 32n);
    expect(codeOf(machine, [GET1, 1n, BigInt(VP_INDEX_SELF), index])).toBe('INVALID_PARAMETER');
    expect(codeOf(machine, [GET1, PARTITION_ID_SELF, 0n, index])).toBe('INVALID_PARAMETER');
    expect(codeOf(machine, [GET1, PARTITION_ID_SELF, vtl(0x20n), index])).toBe('INVALID_PARAMETER');
    expect(codeOf(machine, [SET1, PARTITION_ID_SELF, vtl(0x13n), index])).toBe('INVALID_PARAMETER');
    expect(codeOf(machine, [SET1, PARTITION_ID_SELF, vtl(0x11n), index])).toBe('ACCESS_DENIED');
    expect(codeOf(machine, [GET1, PARTITION_ID_SELF, vtl(0x10n), index])).toBe('SUCCESS');
  });
});

describe('parameters in memory', () => {
  const control = controlWord({ code: CallCode.GET_VP_REGISTERS, repCount: 2 });

  function withInput(machine: Machine): Machine {
    const input = new DataView(new ArrayBuffer(24));
    input.setBigUint64(0, PARTITION_ID_SELF, true);
    input.setUint32(8, VP_INDEX_SELF, true);
    input.setUint32(16, VpRegister.FEATURES, true);
    input.setUint32(20, VpRegister.VP_INDEX, true);
    expect(machine.guest('a').ports.memory.write(RAM as never, new Uint8Array(input.buffer))).toBe(true);
    return machine;
  }

  test('are read and written there', () => {
    const machine = withInput(machineWith());
    const x = bySmccc(machine, [control, BigInt(RAM), BigInt(RAM + 0x1000)], 1);
    expect(x.slice(0, 4)).toEqual([0x2_0000_0000n, control, BigInt(RAM), BigInt(RAM + 0x1000)]);
    const output = new Uint8Array(32);
    machine.guest('a').ports.memory.read((RAM + 0x1000) as never, output);
    const view = new DataView(output.buffer);
    expect([view.getUint32(0, true), view.getUint32(4, true), view.getUint32(16, true)]).toEqual([0x42, 0x30, 1]);
    expect(byNative(machine, [control, BigInt(RAM), BigInt(RAM + 0x2000)])[0]).toBe(0x2_0000_0000n);
  });

  test.for<[string, bigint, bigint]>([
    ['INVALID_ALIGNMENT', BigInt(RAM + 4), BigInt(RAM + 0x1000)],
    ['INVALID_ALIGNMENT', BigInt(RAM), BigInt(RAM + 0x1001)],
    ['INVALID_HYPERCALL_INPUT', BigInt(RAM + 0xff0), BigInt(RAM + 0x1000)],
    ['INVALID_HYPERCALL_INPUT', BigInt(RAM), BigInt(RAM + 0x1ff0)],
    ['INVALID_HYPERCALL_INPUT', 0x1000n, BigInt(RAM + 0x1000)],
    ['INVALID_HYPERCALL_INPUT', BigInt(RAM), 2n ** 64n - 4096n],
  ])('%s at 0x%x and 0x%x', ([name, input, output]) => {
    expect(codeOf(withInput(machineWith()), [control, input, output])).toBe(name);
  });
});

describe('messages and events', () => {
  test('reach their connection', () => {
    const heard: unknown[] = [];
    const machine = machineWith({
      connections: [
        { id: 1, message: (...all) => heard.push(all) },
        { id: 2, signal: (...all) => heard.push(all) },
      ],
    });
    const message = new DataView(new ArrayBuffer(256));
    const post = (connection: number, size: number) => {
      message.setUint32(0, connection, true);
      message.setUint32(8, 7, true);
      message.setUint32(12, size, true);
      message.setUint8(16, 0xaa);
      machine.guest('a').ports.memory.write(RAM as never, new Uint8Array(message.buffer));
      return codeOf(machine, [controlWord({ code: CallCode.POST_MESSAGE }), BigInt(RAM), 0n]);
    };
    expect(post(1, 2)).toBe('SUCCESS');
    expect(post(2, 2)).toBe('INVALID_CONNECTION_ID');
    expect(post(1, MAX_MESSAGE + 1)).toBe('INVALID_PARAMETER');
    const signal = controlWord({ code: CallCode.SIGNAL_EVENT, fast: true });
    expect(codeOf(machine, [signal, 2n | (9n << 32n)])).toBe('SUCCESS');
    expect(codeOf(machine, [signal, 3n])).toBe('INVALID_CONNECTION_ID');
    expect(heard).toEqual([
      ['a', 7, new Uint8Array([0xaa, 0])],
      ['a', 9],
    ]);
  });

  test('a connection given twice, and too many, are refused', () => {
    expect(() => hypervisor({ connections: [{ id: 3 }, { id: 3 }] })).toThrow('connection 3 is there twice');
    const many = Array.from({ length: MAX_CONNECTIONS + 1 }, (_, id) => ({ id }));
    expect(() => hypervisor({ connections: many })).toThrow(`there are ${MAX_CONNECTIONS + 1} connections`);
  });
});

describe('the machine around it', () => {
  test.for([Immediate.VTL_CALL, Immediate.VTL_RETURN, Immediate.LAUNCH_VP, 5])(
    'HVC #%i is not answered',
    (immediate) => {
      expect(machineWith().guest('a').caller(0).execute('hvc', immediate).kind).not.toBe('returned');
    },
  );

  test('the guest OS id is saved with the machine', () => {
    const machine = machineWith();
    bySmccc(machine, [SET1, ...SELF, BigInt(VpRegister.GUEST_OS_ID), 0n, 77n]);
    const saved = JSON.stringify(machine.save());
    const other = machineWith();
    other.restore(JSON.parse(saved));
    expect(bySmccc(other, [GET1, ...SELF, BigInt(VpRegister.GUEST_OS_ID)])[6]).toBe(77n);
    expect(() => other.restore(JSON.parse(saved.replace('"77"', '"x"')))).toThrow('the guest OS id is wanted');
  });

  test('describes itself in the tree', () => {
    const tree = new DeviceTree();
    const [attached] = machineWith().guest('a').services;
    attached?.attachment.describe?.(tree, { conduit: 'hvc', cpus: [], interruptController: undefined });
    expect(tree.require('/hypervisor').compatible).toEqual(['microsoft,hyperv']);
  });

  test('the typed client of the own form reads status and repetitions', () => {
    const calls = createClient(nativeAbi, machineWith().guest('a').conduit('hvc'));
    const zeros = Object.fromEntries(Array.from({ length: FAST_REGISTERS }, (_, i) => [`p${i}`, 0n]));
    const { result } = calls.hypercall({ control: 0x1234n, ...zeros } as never);
    expect(result).toEqual({ status: status.INVALID_HYPERCALL_CODE, completed: 0 });
  });
});

describe('the driver', () => {
  function bindIn(machine: Machine, node = new DeviceTree().root.add('hypervisor')) {
    const get = (): never => {
      throw new Error('Hyper-V needs no other driver');
    };
    const conduit = (kind: string) => machine.guest('a').conduit(kind);
    const context: BindContext = { tree: new DeviceTree(), conduit, get, memory: undefined, random: undefined };
    return [driver.bind(context, node), driver.bind(context, undefined)] as const;
  }

  test('finds the hypervisor and its registers', () => {
    const flags: number[] = [];
    const connections = [{ id: 5, signal: (_: string, flag: number) => flags.push(flag) }];
    const machine = machineWith({ version: VERSION, connections });
    const [bound, without] = bindIn(machine);
    expect(without).toBeUndefined();
    expect(bound).toMatchObject({ version: VERSION, features: [0x42, 0x30, 0, 0], hints: [0, 0, 0, 0] });
    expect(bound?.vpIndex()).toBe(0);
    expect(bound?.writeRegister(VpRegister.GUEST_OS_ID, 9n)).toEqual({ status: status.SUCCESS, completed: 1 });
    expect(bound?.readRegister(VpRegister.GUEST_OS_ID)).toEqual([9, 0, 0, 0]);
    expect(bound?.readRegister(0x77)).toBeUndefined();
    machine.clock.advance(1_000n);
    expect(bound?.referenceTime()).toBe(machine.clock.now() / 100n);
    expect(bound?.signalEvent(5, 4).status).toBe(status.SUCCESS);
    expect(flags).toEqual([4]);
  });

  test('finds nothing where nothing answers', () => {
    const silent = {
      ...hypervisor(),
      start: () => ({ attach: () => ({ implementations: [], reset() {}, save: () => null, restore() {} }) }),
    };
    const machine = createMachine({ guests: [{ name: 'a', vcpus: 1, hasEl2: true, services: { el2: [silent] } }] });
    expect(bindIn(machine)[0]).toBeUndefined();
  });
});

describeService({
  name: 'Hyper-V',
  service: hypervisor({ connections: [{ id: 1, signal: () => {}, message: () => {} }] }),
  interfaces: [abi as unknown as Interface, nativeAbi as unknown as Interface],
  conduit: 'hvc',
  guest: { hasEl2: true },
  valid: {
    p0: [PARTITION_ID_SELF, BigInt(RAM), 1n],
    p1: [BigInt(VP_INDEX_SELF), BigInt(RAM + 0x1000)],
    p2: Object.values(VpRegister).map(BigInt),
  },
  unknown: undefined,
  readsHighHalves: true,
  calls: 10_000,
});
