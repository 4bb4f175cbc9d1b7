import { type BindContext, isStatus } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import { driver, type HypervisorOptions, KVM_REG_ARM_VENDOR_HYP_BMAP, type Kvm } from '@trapline/kvm';
import { firmware, type Psci, driver as psciDriver } from '@trapline/psci';
import { createMachine, type Guest, type GuestSpec, type Vcpu } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';
import { RAM, worldOf } from './machine.js';

/** Binds PSCI's driver, then KVM's, as discovery does. */
function bind(guest: Guest, method: 'hvc' | 'smc' = 'hvc', compatible = 'arm,psci-1.0'): Kvm | undefined {
  const tree = new DeviceTree();
  tree.root.add('psci', { compatible, method });
  const context: BindContext = {
    tree,
    conduit: (kind) => guest.conduit(kind),
    get: <Bound>() => psci as Bound,
    memory: guest.ports.memory,
    random: undefined,
  };
  const psci = psciDriver.bind(context, tree.require('/psci')) as Psci;
  return driver.bind(context, undefined);
}

function found(options: HypervisorOptions = {}, spec: Partial<GuestSpec> = {}) {
  const world = worldOf(options, spec);
  world.vm.vcpus[0]?.setDeviceAttr(2, 0, BigInt(RAM));
  return { ...world, kvm: bind(world.guest) as Kvm };
}

describe('finding KVM', () => {
  test('needs PSCI, and has no node', () => {
    expect(driver.needs).toEqual([psciDriver]);
    expect(driver.compatible).toEqual([]);
  });

  test('tells its capabilities', () => {
    expect(found().kvm.capabilities).toEqual({
      functions: [0, 1],
      ptp: true,
      granule: undefined,
      memShare: false,
      mmioGuard: false,
      memRelinquish: false,
      implementations: false,
    });
    expect(found({ protected: { android: true } }).kvm.capabilities).toMatchObject({
      granule: 4096n,
      memShare: true,
      mmioGuard: true,
      memRelinquish: true,
    });
  });

  test('asks nothing where PSCI is called by SMC', () => {
    const { machine, guest } = worldOf({ profile: 'linux-6.12' });
    const asked: string[] = [];
    machine.calls$.subscribe((event) => asked.push(String(event)));
    expect(bind(guest, 'smc')).toBeUndefined();
    expect(asked.some((text) => text.includes('8600') || text.includes('callUid'))).toBe(false);
  });

  test('gives nothing where another hypervisor or only firmware answers', () => {
    const machine = createMachine({ guests: [{ name: 'g', vcpus: 1, services: { el2: [firmware()] } }] });
    expect(bind(machine.guest('g'))).toBeUndefined();
    const { guest, vm } = worldOf();
    vm.vcpus[0]?.setOneReg(KVM_REG_ARM_VENDOR_HYP_BMAP, 0n);
    expect(bind(guest)).toBeUndefined();
  });

  test('gives nothing before SMCCC 1.1 can be asked for', () => {
    const { guest, vm } = worldOf();
    vm.vcpus[0]?.setOneReg(0x6030_0000_0014_0000n, 2n);
    expect(bind(guest)).toBeUndefined();
  });
});

describe('what it offers', () => {
  test('cross timestamps of both counters, and none without PTP', () => {
    const clock = {
      frequency: 1,
      now: () => 0n,
      counter: () => 77n,
      wall: () => 1n << 60n,
      stolen: () => 0n,
      at: () => () => {},
    };
    const { kvm } = found({ virtualOffset: 7n }, { ports: { clock } });
    expect(kvm.crossTimestamp()).toEqual({ wall: 1n << 60n, counter: 70n });
    expect(kvm.crossTimestamp('physical')).toEqual({ wall: 1n << 60n, counter: 77n });
    const { guest, vm } = worldOf();
    vm.vcpus[0]?.setOneReg(KVM_REG_ARM_VENDOR_HYP_BMAP, 1n);
    expect(bind(guest)?.crossTimestamp()).toBeUndefined();
  });

  test('random bytes, again where there is no entropy for a while', () => {
    let tries = 0;
    const random = { fill: (bytes: Uint8Array) => bytes.fill(9) !== undefined && tries++ % 3 === 2 };
    const { kvm } = found({}, { ports: { random } });
    const bytes = new Uint8Array(50);
    expect(kvm.trng?.fill(bytes)).toBe(true);
    expect(bytes.every((byte) => byte === 9)).toBe(true);
  });

  test('stolen time of the calling CPU', () => {
    const { machine, guest, kvm, vm } = found();
    const read = kvm.pvTime?.reader();
    machine.clock.steal(guest.vcpus[0] as Vcpu, 1234n);
    vm.vcpus[0]?.run();
    expect(read?.()).toBe(1234n);
  });

  test('typed calls', () => {
    const { kvm } = found({ implementations: [{ midr: 5n, revidr: 6n, aidr: 7n }], protected: {} });
    expect(kvm.calls.discoverImplVer()).toMatchObject({ version: 0x1_0000n, implementations: 1n });
    const cpu = kvm.calls.discoverImplCpus({ index: 0 });
    expect(cpu).toMatchObject({ midr: 5n, revidr: 6n, aidr: 7n });
    const share = kvm.calls.memShare({ address: 1, reserved2: 0, reserved3: 0 });
    expect(isStatus(share) && String(share)).toBe('INVALID_PARAMETER');
  });
});
