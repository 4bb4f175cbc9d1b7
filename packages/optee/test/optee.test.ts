import { type BindContext, createClient, type Interface } from '@trapline/core';
import { DeviceTree, readDts } from '@trapline/devicetree';
import {
  abi,
  driver,
  type FirmwareOptions,
  firmware,
  INTERFACE_UUID,
  MAX_NOTIFICATION,
  NOTIF_PENDING,
  NOTIF_VALID,
  OS_UUID,
  SEC_ASYNC_NOTIF,
  SEC_DYNAMIC_SHM,
  SEC_RESERVED_SHM,
  status,
  uuidOf,
} from '@trapline/optee';
import { OWNER_TRUSTED_OS_QUERIES, QUERY_ABIS, type QueryAbi, queryService } from '@trapline/smccc';
import { Coverage, describeService, fuzzCalls, type Subject } from '@trapline/testkit';
import { createMachine, type Machine } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';

const QUERIES = QUERY_ABIS.get(OWNER_TRUSTED_OS_QUERIES) as QueryAbi;

function machineWith(options: FirmwareOptions = {}, more: readonly ReturnType<typeof firmware>[] = []): Machine {
  return createMachine({ guests: [{ name: 'g', vcpus: 2, services: { el3: [firmware(options), ...more] } }] });
}

function callsOf(machine: Machine) {
  return createClient(abi, machine.guest('g').conduit('smc'));
}

describe('who it is', () => {
  test('the interface’s UID is four words as numbers, its revision 2.0', () => {
    const query = createClient(QUERIES, machineWith().guest('g').conduit('smc'));
    expect(query.callUid()).toEqual({ uid0: 0x384f_b3e0, uid1: 0xe7f8_11e3, uid2: 0xaf63_0002, uid3: 0xa5d5_c51b });
    expect(Object.values(query.revision())).toEqual([2, 0]);
  });

  test('the operating system’s UUID and revision', () => {
    const calls = callsOf(machineWith({ revision: { major: 3, minor: 20, build: 0xabc } }));
    expect(uuidOf(Object.values(calls.getOsUuid()))).toBe(OS_UUID);
    expect(calls.getOsRevision()).toEqual({ major: 3, minor: 20, build: 0xabc });
    expect(INTERFACE_UUID).not.toBe(OS_UUID);
  });
});

describe('shared memory and capabilities', () => {
  test('reserved memory is told where there is some', () => {
    const sharedMemory = { start: 0xfee0_0000, size: 0x20_0000 };
    expect(callsOf(machineWith({ sharedMemory })).getShmConfig()).toEqual({
      result: status.OK,
      ...sharedMemory,
      settings: 'CACHED',
    });
    expect(callsOf(machineWith()).getShmConfig().result).toBe(status.ENOTAVAIL);
    expect(() => firmware({ sharedMemory: { start: 0xffff_0000, size: 0x2_0000 } })).toThrow('below 4 GiB');
  });

  test('capabilities are exchanged; unknown ones of the normal world are ENOTAVAIL', () => {
    const sharedMemory = { start: 0x1000, size: 0x1000 };
    const calls = callsOf(machineWith({ sharedMemory, interrupt: 5 }));
    const { result, capabilities, maxNotification } = calls.exchangeCapabilities({ capabilities: 1 });
    expect([result, maxNotification]).toEqual([status.OK, MAX_NOTIFICATION]);
    expect(capabilities & (SEC_RESERVED_SHM | SEC_DYNAMIC_SHM | SEC_ASYNC_NOTIF)).toBe(0b10_0101);
    expect(calls.exchangeCapabilities({ capabilities: 2 })).toMatchObject({ result: status.ENOTAVAIL, capabilities });
    expect(callsOf(machineWith()).exchangeCapabilities({ capabilities: 0 }).capabilities & SEC_ASYNC_NOTIF).toBe(0);
  });

  test('no shared memory is cached', () => {
    const calls = callsOf(machineWith({ threads: 4 }));
    expect(calls.enableShmCache()).toBe(status.OK);
    expect(calls.disableShmCache().result).toBe(status.ENOTAVAIL);
    expect(calls.getThreadCount()).toEqual({ result: status.OK, threads: 4 });
  });
});

describe('notifications', () => {
  test('interrupt once they are enabled, and are fetched lowest first', () => {
    let notify: (value: number) => void = () => {};
    const connect = (_: string, given: (value: number) => void) => {
      notify = given;
    };
    const machine = machineWith({ interrupt: 20, connect });
    const calls = callsOf(machine);
    const heard: number[] = [];
    machine.interrupts$.subscribe(({ intid }) => heard.push(intid));
    notify(9);
    expect(heard).toEqual([]);
    expect(calls.enableAsyncNotif()).toBe(status.OK);
    notify(3);
    notify(3);
    expect(heard).toEqual([20]);
    const saved = JSON.stringify(machine.save());
    expect(calls.getAsyncNotifValue()).toEqual({ result: status.OK, value: 3, flags: NOTIF_VALID | NOTIF_PENDING });
    expect(calls.getAsyncNotifValue()).toEqual({ result: status.OK, value: 9, flags: NOTIF_VALID });
    expect(calls.getAsyncNotifValue()).toEqual({ result: status.OK, value: 0, flags: 0 });
    machine.restore(JSON.parse(saved));
    expect(calls.getAsyncNotifValue().value).toBe(3);
    expect(() => machine.restore(JSON.parse(saved.replace('[3,9]', '[3,99]')))).toThrow('values up to 63');
    expect(() => notify(64)).toThrow('from 0 to 63');
  });

  test('are ENOTAVAIL without an interrupt', () => {
    const calls = callsOf(machineWith());
    expect(calls.enableAsyncNotif()).toBe(status.ENOTAVAIL);
    expect(calls.getAsyncNotifValue().result).toBe(status.ENOTAVAIL);
  });
});

test.for([0x3200_0004, 0xb200_0064, 0xb300_0000, 0xbf00_0000])('%i is UNKNOWN_FUNCTION', (id) => {
  const caller = machineWith().guest('g').caller(0);
  caller.x[0] = BigInt(id);
  caller.execute('smc', 0);
  expect((caller.w[0] as number) >>> 0).toBe(0xffff_ffff);
});

describe('the driver', () => {
  const get = (): never => {
    throw new Error('OP-TEE needs no other driver');
  };

  function bindIn(machine: Machine, source = 'method = "smc";') {
    const tree = readDts(
      `/dts-v1/; / { cpus { cpu@0 {}; }; firmware { optee { compatible = "linaro,optee-tz"; ${source} }; }; };`,
    );
    const conduit = (kind: string) => machine.guest('g').conduit(kind);
    const context: BindContext = { tree, conduit, get, memory: undefined, random: undefined };
    return driver.bind(context, tree.require('/firmware/optee'));
  }

  test('binds and tells what it found', () => {
    const sharedMemory = { start: 0x1000, size: 0x1000 };
    const bound = bindIn(machineWith({ sharedMemory, threads: 3 }));
    expect(bound).toMatchObject({ threads: 3, sharedMemory, revision: { major: 4, minor: 0, build: 0 } });
    expect(bindIn(machineWith())?.sharedMemory).toBeUndefined();
  });

  test('finds nothing where another trusted operating system answers', () => {
    const other = queryService({
      owners: { [OWNER_TRUSTED_OS_QUERIES]: { uid: '11111111-2222-3333-4444-555555555555' } },
    });
    const machine = createMachine({ guests: [{ name: 'g', vcpus: 1, services: { el3: [other] } }] });
    expect(bindIn(machine)).toBeUndefined();
  });

  test('refuses a method that is none', () => {
    expect(() => bindIn(machineWith(), 'method = "SMC";')).toThrow('method is neither "smc" nor "hvc"');
    const context = { tree: new DeviceTree(), conduit: get, get, memory: undefined, random: undefined };
    expect(driver.bind(context, undefined)).toBeUndefined();
  });

  test('the firmware describes the node it binds to', () => {
    const tree = new DeviceTree();
    const [attached] = machineWith().guest('g').services;
    attached?.attachment.describe?.(tree, { conduit: 'smc', cpus: [], interruptController: undefined });
    expect(tree.require('/firmware/optee').string('method')).toBe('smc');
  });
});

const subject: Subject = {
  service: firmware({ sharedMemory: { start: 0x1000, size: 0x1000 }, interrupt: 20 }),
  interfaces: [abi, QUERIES] as unknown as Interface[],
};

describeService({ ...subject, name: 'OP-TEE', unknown: undefined, calls: 10_000 });

test('random calls reach every call with OK and with each documented error; nothing is ever cached', () => {
  const coverage = new Coverage([abi as unknown as Interface]);
  const interfaces = [abi as unknown as Interface];
  fuzzCalls({ ...subject, interfaces }, { calls: 5000, seed: 1, coverage });
  fuzzCalls({ service: firmware({ conduit: 'smc' }), interfaces }, { calls: 5000, seed: 2, coverage });
  expect(coverage.missing(), coverage.toString()).toEqual(['optee.disableShmCache: SUCCESS']);
});
