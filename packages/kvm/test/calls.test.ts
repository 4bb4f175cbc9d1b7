import { ADDRESS_LIMIT } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import { hypervisor, MAX_IMPLEMENTATIONS, PTP_PHYSICAL_COUNTER, PTP_VIRTUAL_COUNTER } from '@trapline/kvm';
import { createMachine, type Vcpu } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';
import { answer, call, MINUS, RAM, worldOf } from './machine.js';

const FEATURES = 0x8600_0000;
const PTP = 0x8600_0001;
const MEMINFO = 0xc600_0002;
const MEM_SHARE = 0xc600_0003;
const MEM_UNSHARE = 0xc600_0004;
const GUARD_INFO = 0xc600_0005;
const GUARD_ENROLL = 0xc600_0006;
const GUARD_MAP = 0xc600_0007;
const GUARD_UNMAP = 0xc600_0008;
const RELINQUISH = 0xc600_0009;
const IMPL_VER = 0xc600_0040;
const IMPL_CPUS = 0xc600_0041;
const PV_FEATURES = 0xc500_0020;
const PV_ST = 0xc500_0021;
const INVALID = MINUS(3n);

describe('PTP', () => {
  const WALL = 0x18fa_e27d_ffff_ffffn;
  const COUNTER = 0x12_0000_0000n;
  const clock = {
    frequency: 1,
    now: () => 0n,
    counter: () => COUNTER,
    wall: () => WALL,
    stolen: () => 0n,
    at: () => () => {},
  };

  test.each([
    [PTP_PHYSICAL_COUNTER, COUNTER],
    [PTP_VIRTUAL_COUNTER, COUNTER - 5n],
  ])('counter %i: wall clock and counter, high halves first', (which, counter) => {
    const { guest } = worldOf({ virtualOffset: 5n }, { ports: { clock } });
    const junk = 0xabcd_0000_0000n << 16n;
    expect(answer(guest, 0, PTP, BigInt(which) | junk)).toBe(WALL >> 32n);
    const { x } = guest.vcpus[0] as Vcpu;
    expect([...x.slice(1, 4)]).toEqual([WALL & 0xffff_ffffn, counter >> 32n, counter & 0xffff_ffffn]);
  });

  test('another counter is not supported', () => {
    expect(answer(worldOf().guest, 0, PTP, 2n)).toBe(MINUS(1n));
  });
});

describe('stolen time', () => {
  test('KVM adds to what stands in memory from the first run on, asked or not', () => {
    const { machine, guest, vm } = worldOf();
    const pe = guest.vcpus[0] as Vcpu;
    const { memory } = guest.ports;
    const counter = (): bigint => {
      const word = new BigUint64Array(1);
      memory.read((RAM + 8) as never, new Uint8Array(word.buffer));
      return word[0] as bigint;
    };
    memory.write((RAM + 8) as never, new Uint8Array([100, 0, 0, 0, 0, 0, 0, 0]));
    expect(answer(guest, 0, PV_FEATURES, BigInt(PV_ST))).toBe(MINUS(1n));
    expect(answer(guest, 0, PV_ST)).toBe(MINUS(1n));
    vm.vcpus[0]?.setDeviceAttr(2, 0, BigInt(RAM));
    machine.clock.steal(pe, 50n);
    vm.vcpus[0]?.run();
    expect(counter()).toBe(150n);
    expect(answer(guest, 0, PV_FEATURES, BigInt(PV_ST))).toBe(0n);
    expect(answer(guest, 0, PV_ST)).toBe(BigInt(RAM));
    expect(counter()).toBe(0n);
    machine.clock.steal(pe, 7n);
    vm.vcpus[0]?.run();
    vm.vcpus[0]?.run();
    expect(counter()).toBe(7n);
  });

  test('of one vCPU says nothing of another', () => {
    const { guest, vm } = worldOf({}, { vcpus: [{}, { power: 'running' }] });
    vm.vcpus[0]?.setDeviceAttr(2, 0, BigInt(RAM));
    expect(answer(guest, 1, PV_FEATURES, BigInt(PV_ST))).toBe(MINUS(1n));
    expect(answer(guest, 1, 0x8000_0001, BigInt(PV_FEATURES))).toBe(0n);
  });
});

describe('TRNG', () => {
  test('gives no bits with SUCCESS, and refuses more than three registers hold', () => {
    const { guest } = worldOf();
    expect(answer(guest, 0, 0xc400_0053, 0n)).toBe(0n);
    expect(answer(guest, 0, 0xc400_0053, 193n)).toBe(MINUS(2n));
    expect(answer(guest, 0, 0x8400_0053, 97n)).toBe(MINUS(2n));
    expect(answer(guest, 0, 0xc400_0053, (1n << 32n) | 192n)).toBe(0n);
  });
});

describe('a protected VM', () => {
  const base = BigInt(RAM);

  test('shares, unshares and relinquishes granules by their state', () => {
    const { guest, vm } = worldOf({ protected: { android: true } });
    const state = (): string | undefined => vm.memory?.state(RAM + 5);
    expect(answer(guest, 0, MEMINFO, 0n, 0n, 0n)).toBe(4096n);
    expect(answer(guest, 0, GUARD_INFO, 0n, 0n, 0n)).toBe(4096n);
    expect(state()).toBe('owned');
    expect(answer(guest, 0, MEM_UNSHARE, base, 0n, 0n)).toBe(INVALID);
    expect(answer(guest, 0, MEM_SHARE, base, 0n, 0n)).toBe(0n);
    expect(state()).toBe('shared');
    expect(answer(guest, 0, MEM_SHARE, base, 0n, 0n)).toBe(INVALID);
    expect(answer(guest, 0, RELINQUISH, base, 0n, 0n)).toBe(INVALID);
    expect(answer(guest, 0, MEM_UNSHARE, base, 0n, 0n)).toBe(0n);
    guest.ports.memory.write(RAM as never, new Uint8Array([1, 2, 3]));
    expect(answer(guest, 0, RELINQUISH, base, 0n, 0n)).toBe(0n);
    expect(state()).toBe('relinquished');
    const bytes = new Uint8Array(3);
    guest.ports.memory.read(RAM as never, bytes);
    expect([...bytes]).toEqual([0, 0, 0]);
    expect(answer(guest, 0, RELINQUISH, base, 0n, 0n)).toBe(0n);
    expect(answer(guest, 0, MEM_SHARE, base, 0n, 0n)).toBe(INVALID);
  });

  test.each([
    ['an address that is not a granule’s', [base + 1n, 0n, 0n]],
    ['a reserved argument', [base, 1n, 0n]],
    ['another reserved argument', [base, 0n, 1n << 40n]],
    ['an address beyond all memory', [BigInt(ADDRESS_LIMIT) * 2n, 0n, 0n]],
    ['an address without memory', [0x1000n, 0n, 0n]],
  ])('refuses %s', (_, args) => {
    const { guest } = worldOf({ protected: {} });
    expect(answer(guest, 0, MEM_SHARE, ...args)).toBe(INVALID);
    expect(answer(guest, 0, MEMINFO, 1n, 0n, 0n)).toBe(INVALID);
  });

  test('maps MMIO where no memory is, twice if asked, and unmaps it', () => {
    const { guest, vm } = worldOf({ protected: { android: true } });
    expect(answer(guest, 0, GUARD_MAP, base, 0n, 0n)).toBe(INVALID);
    for (let i = 0; i < 2; i++) expect(answer(guest, 0, GUARD_MAP, 0x900_0000n, 0n, 0n)).toBe(0n);
    expect(vm.memory?.state(0x900_0123)).toBe('mmio');
    expect(answer(guest, 0, GUARD_UNMAP, 0x900_0000n, 0n, 0n)).toBe(0n);
    expect(vm.memory?.state(0x900_0123)).toBe('nothing');
    expect(vm.memory?.enrolled).toBe(false);
    expect(answer(guest, 0, GUARD_ENROLL)).toBe(0n);
    expect(vm.memory?.enrolled).toBe(true);
  });

  test('tells of its calls in the feature bitmap; Android’s are there where asked for', () => {
    expect(answer(worldOf({ protected: {} }).guest, 0, FEATURES)).toBe(0x9fn);
    expect(answer(worldOf({ protected: { android: true } }).guest, 0, FEATURES)).toBe(0x3ffn);
    expect(answer(worldOf({ protected: {} }).guest, 0, RELINQUISH, base, 0n, 0n)).toBe(MINUS(1n));
  });

  test('has the granule of its host', () => {
    const { guest } = worldOf({ protected: { granule: 65_536 } });
    expect(answer(guest, 0, MEMINFO, 0n, 0n, 0n)).toBe(65_536n);
    expect(answer(guest, 0, MEM_SHARE, base + 0x1000n, 0n, 0n)).toBe(INVALID);
  });

  test('is saved and restored with its page states', () => {
    const from = worldOf({ protected: { android: true } });
    answer(from.guest, 0, MEM_SHARE, base, 0n, 0n);
    answer(from.guest, 0, GUARD_ENROLL);
    const to = worldOf({ protected: { android: true } });
    to.machine.restore(JSON.parse(JSON.stringify(from.machine.save())));
    expect(to.vm.memory?.state(RAM)).toBe('shared');
    expect(to.vm.memory?.enrolled).toBe(true);
    to.guest.reset();
    expect(to.vm.memory?.state(RAM)).toBe('owned');
  });
});

describe('CPU implementations', () => {
  const implementations = [{ midr: 0x410f_d0c0n, revidr: 2n, aidr: 1n << 40n }];

  test('are told one by one', () => {
    const { guest } = worldOf({ implementations });
    const { x } = guest.vcpus[0] as Vcpu;
    expect(answer(guest, 0, IMPL_VER)).toBe(0n);
    expect([...x.slice(1, 3)]).toEqual([0x1_0000n, 1n]);
    expect(answer(guest, 0, IMPL_CPUS, 0n)).toBe(0n);
    expect([...x.slice(1, 4)]).toEqual([0x410f_d0c0n, 2n, 1n << 40n]);
    expect(answer(guest, 0, IMPL_CPUS, 1n)).toBe(INVALID);
    expect(answer(guest, 0, IMPL_CPUS, 1n << 32n)).toBe(INVALID);
  });

  test('none are not supported', () => {
    const { guest } = worldOf({ implementations: [] });
    expect(answer(guest, 0, IMPL_VER)).toBe(MINUS(1n));
    expect(answer(guest, 0, IMPL_CPUS, 0n)).toBe(MINUS(1n));
  });

  test('too many are refused', () => {
    const many = new Array(MAX_IMPLEMENTATIONS + 1).fill(implementations[0]);
    expect(() => worldOf({ implementations: many })).toThrow('more than 256');
  });
});

test('names that are not there are refused with those that are', () => {
  expect(() => worldOf({ profile: 'linux-2.6' as never })).toThrow('linux-6.1, linux-6.12, spec');
  expect(() => worldOf({ hostCpu: 'z80' })).toThrow('cortex-a53');
});

test.each([
  [0x410f_d083, 'vulnerable A72', MINUS(1n)],
  [0x413f_d0c1, 'Neoverse N1', 1n],
  [0x1234_5678, 'unknown CPU', 1n],
])('the host follows the guest’s MIDR %i (%s) where nobody names it', (midr, _, feature) => {
  expect(answer(worldOf({}, { midr }).guest, 0, 0x8000_0001, 0x8000_8000n)).toBe(feature);
});

test('a PSCI 0.1 vCPU gets INVALID_PARAMETERS for a CPU that is on, and its arguments are not cut', () => {
  const { guest } = worldOf({ psci02: false }, { vcpus: 3 });
  const CPU_ON = 0x95c1_ba60;
  expect(answer(guest, 0, CPU_ON, 0n, 0n, 0n)).toBe(MINUS(2n));
  expect(answer(guest, 0, CPU_ON, (1n << 40n) | 1n, 0n, 0n)).toBe(MINUS(2n));
  expect(answer(guest, 0, CPU_ON, 1n, BigInt(RAM), 1n << 50n)).toBe(0n);
  guest.enter(guest.vcpus[1] as Vcpu);
  expect(guest.vcpus[1]?.x[0]).toBe(1n << 50n);
  expect(answer(guest, 0, 0x95c1_ba5e, 0n)).toBe(MINUS(1n));
  expect(call(guest, 0, 0x95c1_ba5f).kind).toBe('wait');
});

test('without a VMM a CPU that is off is off on the bus too, and one started on its way off begins once it has gone', () => {
  const service = hypervisor();
  const machine = createMachine({
    guests: [{ name: 'linux', vcpus: [{}, { power: 'running' }], deferred: true, services: { el2: [service] } }],
  });
  const guest = machine.guest('linux');
  const [, other] = guest.vcpus as [Vcpu, Vcpu];
  expect(call(guest, 1, 0x8400_0002).kind).toBe('off');
  expect(answer(guest, 0, 0xc400_0004, 1n, 0n)).toBe(1n);
  expect(answer(guest, 0, 0xc400_0003, 1n, 0x4000n, 7n)).toBe(0n);
  expect(answer(guest, 0, 0xc400_0003, 1n, 0x4000n, 7n)).toBe(MINUS(4n));
  guest.completeOff(other);
  expect(other.powerState).toBe('starting');
  guest.enter(other);
  expect([other.x[0], other.powerState]).toEqual([7n, 'running']);
  expect(answer(guest, 0, 0xc400_0004, 1n, 0n)).toBe(0n);
});

test('the tree says which PSCI there is', () => {
  const described = (psci02: boolean): readonly string[] | undefined => {
    const { guest } = worldOf({ profile: 'linux-6.1', psci02 });
    const tree = new DeviceTree();
    tree.root.add('cpus').add('cpu@0');
    const description = { conduit: 'hvc', cpus: ['/cpus/cpu@0'], interruptController: undefined } as const;
    guest.services[0]?.attachment.describe?.(tree, description);
    return tree.node('/psci')?.strings('compatible');
  };
  expect(described(true)).toEqual(['arm,psci-1.0', 'arm,psci-0.2']);
  expect(described(false)).toEqual(['arm,psci']);
});
