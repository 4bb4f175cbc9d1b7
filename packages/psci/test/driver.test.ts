import { readFileSync } from 'node:fs';
import { type BindContext, BindError, type ConduitKind, type Outcome, type Pe, Pending } from '@trapline/core';
import { DeviceTree, readDtb } from '@trapline/devicetree';
import { type FirmwareOptions, type Psci, specProfile, status, VERSIONS } from '@trapline/psci';
import { driver } from '@trapline/psci/driver';
import { firmware } from '@trapline/psci/firmware';
import { archService } from '@trapline/smccc';
import { describe, expect, test } from 'vitest';
import { ENTRY } from './ids.js';
import { TestMachine } from './machine.js';

const fixture = (name: string): DeviceTree => readDtb(readFileSync(new URL(`fixtures/${name}.dtb`, import.meta.url)));

function treeOf(compatible: readonly string[], properties: Record<string, string | number> = { method: 'smc' }) {
  const tree = new DeviceTree();
  tree.root.add('psci', { compatible, ...properties });
  return tree;
}

function contextOf(tree: DeviceTree, machine: TestMachine): { context: BindContext; kinds: ConduitKind[] } {
  const kinds: ConduitKind[] = [];
  const context: BindContext = {
    tree,
    conduit: (kind) => {
      kinds.push(kind);
      return machine.conduit(kind as 'hvc' | 'smc');
    },
    get: () => {
      throw new Error('needs nobody');
    },
    memory: undefined,
    random: undefined,
  };
  return { context, kinds };
}

function bind(tree: DeviceTree, machine: TestMachine): Psci {
  const bound = driver.bind(contextOf(tree, machine).context, tree.node('/psci'));
  if (!bound) throw new Error('not bound');
  return bound;
}

const NEW = ['arm,psci-1.0', 'arm,psci-0.2'];

describe('the driver', () => {
  test('calls with types: results are names, errors statuses of PSCI', () => {
    const machine = new TestMachine(firmware());
    const psci = bind(treeOf(NEW), machine);
    expect(psci.version()).toEqual({ major: 1, minor: 3 });
    expect(psci.affinityInfo({ target: 1, lowestLevel: 0 })).toBe('OFF');
    expect(psci.cpuOn({ target: 1, entry: ENTRY, context: 7 })).toBe(status.SUCCESS);
    expect(psci.affinityInfo({ target: 1, lowestLevel: 0 })).toBe('ON_PENDING');
    expect(psci.cpuOn({ target: 1, entry: ENTRY, context: 7 })).toBe(status.ON_PENDING);
    expect(psci.affinityInfo({ target: 99, lowestLevel: 0 })).toBe(status.INVALID_PARAMETERS);
  });

  test('a call that keeps the CPU says that it waits', () => {
    const psci = bind(treeOf(NEW), new TestMachine(firmware()));
    const pending = psci.cpuSuspend({ powerState: 0, entry: 0, context: 0 });
    expect(pending.waiting).toBe(true);
    expect(psci.cpuSuspend({ powerState: 0x2_0000, entry: 0, context: 0 }).result).toBe(status.INVALID_PARAMETERS);
  });

  test('an AArch32 caller makes the SMC32 calls', () => {
    const machine = new TestMachine(firmware());
    (machine.pes[0] as Pe).state = 'a32';
    const psci = bind(treeOf(NEW), machine);
    expect(psci.cpuOn({ target: 1, entry: ENTRY, context: 7 })).toBe(status.SUCCESS);
    expect(machine.pes[0]?.w[0]).toBe(0);
    expect(psci.negotiated.systemSuspend).toBe(true);
  });

  test('without a node there is nothing to bind to', () => {
    const machine = new TestMachine(firmware());
    expect(driver.bind(contextOf(new DeviceTree(), machine).context, undefined)).toBeUndefined();
  });
});

describe('negotiation, as Linux does it', () => {
  test.each(VERSIONS.slice(1))('version %s', (version) => {
    const psci = bind(treeOf(NEW), new TestMachine(firmware({ version })));
    const [major, minor] = version.split('.').map(Number);
    expect(psci.negotiated).toMatchObject({
      version: { major, minor },
      trustedOs: { type: 'NOT_REQUIRED' },
      smccc: { major: 1, minor: 0 },
      powerStateFormat: 'original',
      osInitiated: version >= '1.0',
      systemSuspend: version >= '1.0',
      systemReset2: version >= '1.1',
      hibernateOff: version >= '1.3',
    });
  });

  test('asks in Linux’s order', () => {
    const machine = new TestMachine(firmware());
    const asked: string[] = [];
    const { context } = contextOf(treeOf(NEW), machine);
    const conduit = machine.conduit('smc');
    const { caller } = conduit;
    const execute = caller.execute.bind(caller);
    const spy = {
      ...conduit,
      caller: Object.assign(Object.create(caller), {
        x: caller.x,
        w: caller.w,
        execute: (kind: ConduitKind, immediate: number): Outcome => {
          const [id, argument] = [caller.w[0] as number, caller.w[2] as number];
          asked.push(id === 0x8400_000a ? `FEATURES(${argument.toString(16)})` : id.toString(16));
          return execute(kind, immediate);
        },
      }),
    };
    driver.bind({ ...context, conduit: () => spy }, context.tree.node('/psci'));
    expect(asked).toEqual([
      '84000000',
      '84000000',
      '84000006',
      'FEATURES(80000000)',
      'FEATURES(c4000001)',
      'FEATURES(c400000e)',
      'FEATURES(c4000012)',
      'FEATURES(c4000015)',
      '8400000f',
    ]);
  });

  test('finds SMCCC’s version, the extended format and a resident Trusted OS', () => {
    const options: FirmwareOptions = { format: 'extended', trustedOs: { type: 'up', resident: 2 } };
    const service = firmware({ ...options });
    const arch = archService({ version: '1.4' });
    const machine = new TestMachine(
      {
        ...service,
        start: () => {
          const [a, b] = [service.start(), arch.start()];
          return {
            attach: (guest) => {
              const other = b.attach(guest);
              const own = a.attach({ ...guest, neighbours: () => other.implementations });
              return { ...own, implementations: [...own.implementations, ...other.implementations] };
            },
          };
        },
      },
      undefined,
    );
    expect(bind(treeOf(NEW), machine).negotiated).toMatchObject({
      smccc: { major: 1, minor: 4 },
      powerStateFormat: 'extended',
      trustedOs: { type: 'UP_NOT_MIGRATABLE', resident: 2n },
    });
  });

  test('QEMU: no SMCCC, no OS-initiated mode; TF-A: no Trusted OS to be asked', () => {
    const qemu = bind(treeOf(NEW), new TestMachine(firmware({ profile: 'qemu-7.2' })));
    expect(qemu.negotiated).toMatchObject({ smccc: { minor: 0 }, osInitiated: false, systemSuspend: false });
    const tfa = bind(treeOf(NEW), new TestMachine(firmware({ profile: 'tf-a' })));
    expect(tfa.negotiated.trustedOs).toBeUndefined();
  });

  test('OS-initiated mode that an earlier stage chose is left', () => {
    const machine = new TestMachine(firmware());
    machine.ask(0, 0x8400_000f, 1);
    bind(treeOf(NEW), machine);
    machine.call(0, 0xc400_0003, 1, ENTRY, 0);
    machine.enter(1);
    expect(machine.call(0, 0xc400_0001, 0x101_0000, ENTRY, 0).kind).toBe('wait');
  });
});

describe('PSCI 0.1', () => {
  const ids = { method: 'smc', cpu_on: 0x95c1_ba60, cpu_off: 0x95c1_ba5f, cpu_suspend: 0x95c1_ba5e };

  test('takes its numbers from the tree and answers for what is missing itself', () => {
    const machine = new TestMachine(firmware({ version: '0.1' }));
    const psci = bind(treeOf(['arm,psci'], ids), machine);
    expect(psci.negotiated.version).toEqual({ major: 0, minor: 1 });
    expect(psci.version()).toEqual({ major: 0, minor: 1 });
    expect(psci.cpuOn({ target: 1, entry: ENTRY, context: 0x1_0000_0001n })).toBe(status.SUCCESS);
    expect(machine.starts[1]?.w[3]).toBe(1);
    expect(psci.affinityInfo({ target: 1, lowestLevel: 0 })).toBe(status.NOT_SUPPORTED);
    const off = psci.systemOff();
    expect(off).toBeInstanceOf(Pending);
    expect(off.result).toBe(status.NOT_SUPPORTED);
    expect(psci.migrate({ target: 1 })).toBe(status.NOT_SUPPORTED);
    expect(psci.cpuSuspend({ powerState: 0, entry: 0, context: 0 }).waiting).toBe(true);
  });
});

describe('nodes that cannot be bound to', () => {
  const failure = (tree: DeviceTree, options: FirmwareOptions = {}): string => {
    try {
      bind(tree, new TestMachine(firmware(options)));
    } catch (error) {
      expect(error).toBeInstanceOf(BindError);
      expect((error as BindError).path).toBe('/psci');
      return (error as Error).message;
    }
    throw new Error('bound');
  };

  test('no method, a wrong method', () => {
    expect(failure(treeOf(NEW, {}))).toMatch(/no method property; write method = "smc" or "hvc"/);
    expect(failure(treeOf(NEW, { method: 'svc' }))).toMatch(/method is "svc"/);
  });

  test('0.1 without cpu_on, without cpu_off, with ids of the wrong size', () => {
    expect(failure(treeOf(['arm,psci'], { method: 'smc', cpu_off: 1 }))).toMatch(/needs cpu_on/);
    expect(failure(treeOf(['arm,psci'], { method: 'smc', cpu_on: 1 }))).toMatch(/needs cpu_off/);
    expect(failure(treeOf(['arm,psci'], { method: 'smc', cpu_on: 'x', cpu_off: 1 }))).toMatch(/needs cpu_on/);
  });

  test('firmware that does not know its version', () => {
    expect(failure(treeOf(NEW), { profile: { ...profileWithoutVersion() } })).toMatch(/firmware says version 0\.1/);
  });
});

function profileWithoutVersion() {
  return { ...specProfile('1.0'), version: { major: 0, minor: 1 } };
}

describe('real device trees', () => {
  test.each([
    [
      'qemu-virt-default',
      'hvc',
      { cpuOn: 0xc400_0003, cpuOff: 0x8400_0002, cpuSuspend: 0xc400_0001, migrate: 0xc400_0005 },
    ],
    [
      'qemu-virt-a15',
      'hvc',
      { cpuOn: 0x8400_0003, cpuOff: 0x8400_0002, cpuSuspend: 0x8400_0001, migrate: 0x8400_0005 },
    ],
    ['xen-4.17-domU', 'hvc', { cpuOn: 2, cpuOff: 1 }],
    ['tfa-default-handed-to-bl33', 'smc', { cpuOn: 0xc400_0003, cpuOff: 0x8400_0002, cpuSuspend: 0xc400_0001 }],
    ['qemu-zcu102', 'smc', { cpuOn: 0xc400_0003, cpuOff: 0x8400_0002, cpuSuspend: 0xc400_0001, migrate: 0xc400_0005 }],
  ])('%s binds by %s', (name, method, legacyIds) => {
    const tree = fixture(name);
    const { context, kinds } = contextOf(tree, new TestMachine(firmware({ profile: 'tf-a' })));
    const bound = driver.bind(context, tree.node('/psci'));
    expect(kinds).toEqual([method]);
    expect(bound?.node).toMatchObject({ path: '/psci', method, legacyIds, version: { major: 1, minor: 0 } });
    expect(driver.compatible.some((c) => tree.require('/psci').isCompatible(c))).toBe(true);
  });

  test('idle states of a real tree', () => {
    const tree = fixture('qemu-zcu102');
    const psci = bind(tree, new TestMachine(firmware({ profile: 'tf-a-full' })));
    expect(psci.idleStates(0)).toEqual([
      expect.objectContaining({
        powerState: 0x4000_0000,
        entryLatency: 300,
        exitLatency: 600,
        minResidency: 10_000,
        localTimerStops: true,
      }),
    ]);
    expect(psci.idleStates(99)).toEqual([]);
    expect(psci.powerDomains()).toEqual([]);
    // In the original format bit 30 is reserved: the state is no state.
    expect(bind(tree, new TestMachine(firmware({ profile: 'tf-a' }))).idleStates(0)).toEqual([]);
  });
});
