import {
  CORE_PC,
  CORE_PSTATE,
  CORE_SP,
  CORE_X0,
  createVcpuResult,
  FILTER_DENY,
  FILTER_FWD_TO_USER,
  FILTER_HANDLE,
  KVM_ARM_VCPU_EL1_32BIT,
  KVM_ARM_VCPU_POWER_OFF,
  KVM_ARM_VCPU_PSCI_0_2,
  KVM_EXIT_HYPERCALL,
  KVM_EXIT_SYSTEM_EVENT,
  KVM_MP_STATE_RUNNABLE,
  KVM_MP_STATE_STOPPED,
  KVM_MP_STATE_SUSPENDED,
  KVM_REG_ARM_PSCI_VERSION,
  KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1,
  KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2,
  KVM_REG_ARM_STD_BMAP,
  KVM_REG_ARM_VENDOR_HYP_BMAP,
  KVM_REG_ARM_VENDOR_HYP_BMAP_2,
  MAX_FILTER_RANGES,
  mpidrOfVcpu,
  NO_IPA,
  PSCI_1_3,
  SYSREG_MPIDR_EL1,
  type Vcpu,
} from '@trapline/kvm';
import { describe, expect, test } from 'vitest';
import { answer, call, MINUS, RAM, type World, worldOf } from './machine.js';

const CPU_SUSPEND = 0x8400_0001;
const CPU_OFF = 0x8400_0002;
const CPU_ON = 0xc400_0003;
const AFFINITY_INFO = 0xc400_0004;
const SYSTEM_OFF = 0x8400_0008;
const SYSTEM_SUSPEND = 0xc400_000e;
const SYSTEM_RESET2 = 0xc400_0012;
const FEATURES = [KVM_ARM_VCPU_PSCI_0_2];

function vcpu({ vm }: World, index = 0): Vcpu {
  return vm.vcpus[index] as Vcpu;
}

describe('firmware registers', () => {
  test('a PSCI version is the VM’s, and may change while it runs', () => {
    const world = worldOf({ profile: 'linux-6.1' });
    expect(vcpu(world).setOneReg(KVM_REG_ARM_PSCI_VERSION, 2n)).toBe('OK');
    expect(vcpu(world, 1).getOneReg(KVM_REG_ARM_PSCI_VERSION)).toEqual({ result: 'OK', value: 2n });
    expect(answer(world.guest, 0, 0x8400_000a, 0x8400_0000n)).toBe(MINUS(1n));
    expect(vcpu(world).setOneReg(KVM_REG_ARM_PSCI_VERSION, 0x1_0002n)).toBe('EINVAL');
    vcpu(world).run();
    expect(vcpu(world).setOneReg(KVM_REG_ARM_PSCI_VERSION, 0x1_0000n)).toBe('OK');
    expect(answer(world.guest, 0, 0x8400_0000)).toBe(0x1_0000n);
  });

  test('the newest profile has PSCI 1.3, SYSTEM_OFF2 and a second vendor bitmap', () => {
    const world = worldOf({ profile: 'spec' });
    expect(vcpu(world).getOneReg(KVM_REG_ARM_PSCI_VERSION).value).toBe(BigInt(PSCI_1_3));
    expect(answer(world.guest, 0, 0x8400_000a, 0xc400_0015n)).toBe(1n);
    expect(vcpu(world).setOneReg(KVM_REG_ARM_VENDOR_HYP_BMAP_2, 3n)).toBe('OK');
    answer(world.guest, 0, 0x8600_0000);
    expect(world.guest.vcpus[0]?.x[2]).toBe(3n);
    expect(world.vm.vcpus[0]?.exited(call(world.guest, 0, 0xc400_0015, [1n, 0n]))).toMatchObject({
      type: 1,
      data: [1n],
    });
  });

  test('bitmaps are fixed once a vCPU has run, and refuse unknown bits always', () => {
    const world = worldOf({ profile: 'linux-6.1' });
    expect(vcpu(world).setOneReg(KVM_REG_ARM_STD_BMAP, 2n)).toBe('EINVAL');
    expect(vcpu(world).setOneReg(KVM_REG_ARM_STD_BMAP, 0n)).toBe('OK');
    expect(answer(world.guest, 0, 0x8400_0050)).toBe(MINUS(1n));
    vcpu(world).run();
    expect(vcpu(world).setOneReg(KVM_REG_ARM_STD_BMAP, 1n)).toBe('EBUSY');
    expect(vcpu(world).setOneReg(KVM_REG_ARM_STD_BMAP, 0n)).toBe('OK');
    expect(vcpu(world).setOneReg(KVM_REG_ARM_VENDOR_HYP_BMAP_2, 0n)).toBe('ENOENT');
    expect(vcpu(world).getOneReg(KVM_REG_ARM_VENDOR_HYP_BMAP + 4n)).toEqual({ result: 'ENOENT' });
  });

  test.each([
    ['unaffected', 2n, 3n],
    ['mitigated', 1n, 3n],
    ['vulnerable', 0n, 0n],
  ] as const)(
    'a host that is %s offers WORKAROUND levels %s and %s, and takes no higher ones',
    (state, first, second) => {
      const hostCpu = { spectreV2: state, spectreV4: state, ssbs: false, spectreBhb: state };
      const world = worldOf({ hostCpu });
      const [w1, w2] = [KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1, KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2];
      expect(vcpu(world).getOneReg(w1).value).toBe(first);
      expect(vcpu(world).getOneReg(w2).value).toBe(second);
      expect(vcpu(world).setOneReg(w1, first + 1n)).toBe('EINVAL');
      expect(vcpu(world).setOneReg(w1, first)).toBe('OK');
      expect(vcpu(world).setOneReg(w1, 0x10n)).toBe('EINVAL');
      // AVAIL counts as NOT_REQUIRED, UNKNOWN as NOT_AVAIL; ENABLED goes with AVAIL alone.
      expect(vcpu(world).setOneReg(w2, 2n)).toBe(second === 3n ? 'OK' : 'EINVAL');
      expect(vcpu(world).setOneReg(w2, 0x12n)).toBe(second === 3n ? 'OK' : 'EINVAL');
      expect(vcpu(world).setOneReg(w2, 1n)).toBe('OK');
      expect(vcpu(world).setOneReg(w2, 0x13n)).toBe('EINVAL');
      expect(vcpu(world).setOneReg(w2, 4n)).toBe('EINVAL');
    },
  );

  test('SSBS hides firmware’s mitigation of Spectre v4', () => {
    const hostCpu = { spectreV2: 'unaffected', spectreV4: 'mitigated', ssbs: true, spectreBhb: 'unaffected' } as const;
    const { guest } = worldOf({ hostCpu });
    expect(answer(guest, 0, 0x8000_0001, 0x8000_7fffn)).toBe(MINUS(1n));
  });
});

describe('core registers', () => {
  test('are read and written under the API’s ids', () => {
    const world = worldOf();
    const cpu = vcpu(world);
    for (const [id, value] of [
      [CORE_X0 + 60n, 7n],
      [CORE_SP, 8n],
      [CORE_PC, 0x1000n],
      [CORE_PSTATE, 0x3c5n],
    ] as const) {
      expect(cpu.setOneReg(id, value)).toBe('OK');
      expect(cpu.getOneReg(id)).toEqual({ result: 'OK', value });
    }
    expect(cpu.getOneReg(SYSREG_MPIDR_EL1).value).toBe(0x8000_0000n);
    expect(cpu.getOneReg(CORE_X0 + 1n)).toEqual({ result: 'ENOENT' });
    expect(cpu.setOneReg(CORE_X0 + 62n + 100n, 0n)).toBe('ENOENT');
  });

  test('a vCPU that CPU_ON has started shows its reset state before it has run', () => {
    const world = worldOf();
    const cpu = vcpu(world, 1);
    expect(answer(world.guest, 0, CPU_ON, 1n, 0x4000_1000n, 0x77n)).toBe(0n);
    expect(cpu.getOneReg(CORE_PC).value).toBe(0x4000_1000n);
    expect(cpu.getOneReg(CORE_X0).value).toBe(0x77n);
    expect(cpu.run()).toEqual({ kind: 'guest' });
  });
});

describe('MP states and KVM_RUN', () => {
  test('a stopped vCPU blocks, is started by CPU_ON, and cannot be started twice', () => {
    const world = worldOf();
    expect(vcpu(world, 1).mpState).toBe(KVM_MP_STATE_STOPPED);
    expect(vcpu(world, 1).run().kind).toBe('blocked');
    expect(answer(world.guest, 0, CPU_ON, 1n, BigInt(RAM), 0n)).toBe(0n);
    expect(vcpu(world, 1).mpState).toBe(KVM_MP_STATE_RUNNABLE);
    expect(answer(world.guest, 0, CPU_ON, 1n, BigInt(RAM), 0n)).toBe(MINUS(4n));
  });

  test('a vCPU made runnable in the middle of CPU_OFF returns from it with SUCCESS', () => {
    const world = worldOf();
    expect(vcpu(world).exited(call(world.guest, 0, CPU_OFF))).toBeUndefined();
    expect(vcpu(world).run().kind).toBe('blocked');
    expect(vcpu(world).signal()).toBe('EINTR');
    expect(vcpu(world).mpState).toBe(KVM_MP_STATE_STOPPED);
    expect(vcpu(world).setMpState(KVM_MP_STATE_RUNNABLE)).toBe('OK');
    expect(vcpu(world).run()).toEqual({ kind: 'guest' });
    expect(vcpu(world).getOneReg(CORE_X0).value).toBe(0n);
    expect(vcpu(world).setMpState(3)).toBe('EINVAL');
  });

  test('a vCPU made runnable that has never run begins with the registers the VMM gave it', () => {
    const world = worldOf();
    const cpu = vcpu(world, 1);
    cpu.setOneReg(CORE_PC, 0x4000_2000n);
    cpu.setOneReg(CORE_X0 + 10n, 0x55n);
    cpu.setMpState(KVM_MP_STATE_RUNNABLE);
    expect(cpu.run()).toEqual({ kind: 'guest' });
    expect(world.guest.vcpus[1]?.powerState).toBe('running');
    expect(cpu.getOneReg(CORE_PC).value).toBe(0x4000_2000n);
    expect(cpu.getOneReg(CORE_X0 + 10n).value).toBe(0x55n);
  });

  test('a vCPU that was stopped while it ran is reset by CPU_ON when it is run again', () => {
    const world = worldOf();
    expect(answer(world.guest, 0, CPU_ON, 1n, BigInt(RAM), 0n)).toBe(0n);
    vcpu(world, 1).run();
    vcpu(world, 1).setMpState(KVM_MP_STATE_STOPPED);
    expect(answer(world.guest, 0, AFFINITY_INFO, 1n, 0n)).toBe(1n);
    expect(answer(world.guest, 0, CPU_ON, 1n, 0x4000_3000n, 0x99n)).toBe(0n);
    expect(vcpu(world, 1).run()).toEqual({ kind: 'guest' });
    expect(vcpu(world, 1).getOneReg(CORE_PC).value).toBe(0x4000_3000n);
    expect(vcpu(world, 1).getOneReg(CORE_X0).value).toBe(0x99n);
  });

  test('SUSPENDED waits for an interrupt, and says so again and again until it is made runnable', () => {
    const world = worldOf();
    const pe = world.guest.vcpus[0] as (typeof world.guest.vcpus)[number];
    const gic = world.guest.models.gic;
    vcpu(world).setMpState(KVM_MP_STATE_SUSPENDED);
    expect(vcpu(world).mpState).toBe(KVM_MP_STATE_SUSPENDED);
    expect(vcpu(world).run().kind).toBe('blocked');
    gic?.setEnabled(pe, 27, true);
    world.guest.ports.interrupts.setLevel(pe, 27, true);
    for (let i = 0; i < 2; i++) expect(vcpu(world).run()).toMatchObject({ kind: 'exit', exit: { type: 4, data: [] } });
    vcpu(world).setMpState(KVM_MP_STATE_RUNNABLE);
    expect(vcpu(world).run()).toEqual({ kind: 'guest' });
  });

  test('a signal ends CPU_SUSPEND, which then returns SUCCESS', () => {
    const world = worldOf();
    call(world.guest, 0, CPU_SUSPEND, [0n]);
    expect(vcpu(world).run().kind).toBe('blocked');
    vcpu(world).signal();
    expect(vcpu(world).run()).toEqual({ kind: 'guest' });
    expect(vcpu(world).getOneReg(CORE_X0).value).toBe(0n);
  });

  test('an interrupt does not bring back a vCPU that a system event has stopped in CPU_SUSPEND', () => {
    const world = worldOf();
    const pe = world.guest.vcpus[1] as (typeof world.guest.vcpus)[number];
    world.guest.models.gic?.setEnabled(pe, 27, true);
    answer(world.guest, 0, CPU_ON, 1n, BigInt(RAM), 0n);
    vcpu(world, 1).run();
    call(world.guest, 1, CPU_SUSPEND, [0n]);
    vcpu(world).exited(call(world.guest, 0, SYSTEM_OFF));
    world.guest.ports.interrupts.setLevel(pe, 27, true);
    expect(vcpu(world, 1).mpState).toBe(KVM_MP_STATE_STOPPED);
    expect(vcpu(world, 1).run().kind).toBe('blocked');
    vcpu(world, 1).setMpState(KVM_MP_STATE_RUNNABLE);
    expect(vcpu(world, 1).run()).toEqual({ kind: 'guest' });
    expect(vcpu(world, 1).getOneReg(CORE_X0).value).toBe(0n);
  });

  test('a vCPU in CPU_SUSPEND sleeps on when the VMM says that it is runnable, which it is', () => {
    const world = worldOf();
    call(world.guest, 0, CPU_SUSPEND, [0n]);
    vcpu(world).setMpState(KVM_MP_STATE_RUNNABLE);
    expect(vcpu(world).run().kind).toBe('blocked');
  });

  test('KVM_ARM_VCPU_INIT forgets a call in hand, and takes the same features again only', () => {
    const world = worldOf();
    expect(vcpu(world).init(FEATURES)).toBe('OK');
    expect(vcpu(world).exited(call(world.guest, 0, SYSTEM_OFF))).toMatchObject({ type: 1 });
    expect(vcpu(world).init([KVM_ARM_VCPU_EL1_32BIT])).toBe('EINVAL');
    expect(vcpu(world).init([...FEATURES, KVM_ARM_VCPU_POWER_OFF])).toBe('OK');
    expect(vcpu(world).mpState).toBe(KVM_MP_STATE_STOPPED);
    expect(vcpu(world).init(FEATURES)).toBe('OK');
    expect(vcpu(world).getOneReg(CORE_X0).value).toBe(0n);
    expect(vcpu(world).getOneReg(CORE_PC).value).toBe(0n);
    expect(vcpu(world).run()).toEqual({ kind: 'guest' });
  });

  test.each([
    ['linux-6.1', 'OK'],
    ['linux-6.12', 'EINVAL'],
  ] as const)('%s: a vCPU with other features than its VM is %s', (profile, result) => {
    const world = worldOf({ profile });
    expect(vcpu(world, 1).init(FEATURES)).toBe('OK');
    expect(vcpu(world, 0).init([])).toBe(result);
    expect(vcpu(world, 0).init(FEATURES)).toBe(result === 'OK' ? 'EINVAL' : 'OK');
  });

  test('a VM whose vCPUs nobody runs says what is missing', () => {
    const world = worldOf();
    world.vm.embed(undefined as never);
    expect(() => vcpu(world).init(FEATURES)).not.toThrow();
    expect(() => vcpu(world, 1).init(FEATURES)).toThrow('vm.embed');
  });
});

describe('exits', () => {
  test('SYSTEM_OFF stops every vCPU; forced on, the caller finds INTERNAL_FAILURE', () => {
    const world = worldOf();
    answer(world.guest, 0, CPU_ON, 1n, BigInt(RAM), 0n);
    vcpu(world, 1).run();
    const exit = vcpu(world).exited(call(world.guest, 0, SYSTEM_OFF));
    expect(exit).toEqual({ exitReason: KVM_EXIT_SYSTEM_EVENT, type: 1, data: [0n] });
    expect(world.vm.vcpus.map(({ mpState }) => mpState)).toEqual([5, 5]);
    expect(vcpu(world).run().kind).toBe('blocked');
    vcpu(world).setMpState(KVM_MP_STATE_RUNNABLE);
    expect(vcpu(world).run()).toEqual({ kind: 'guest' });
    expect(vcpu(world).getOneReg(CORE_X0).value).toBe(MINUS(6n));
  });

  test('SYSTEM_RESET2 compares the whole type of its SMC64 number', () => {
    const types = [
      [0n, 'system'],
      [1n, 'returned'],
      [0x8000_0000n, 'system'],
      [1n << 32n, 'system'],
    ] as const;
    for (const [type, kind] of types) {
      expect(call(worldOf().guest, 0, SYSTEM_RESET2, [type, 0n]).kind).toBe(kind);
    }
  });

  test('SYSTEM_SUSPEND is there once it is enabled, and leaves everything to the VMM', () => {
    const world = worldOf();
    expect(answer(world.guest, 0, SYSTEM_SUSPEND, 0n, 0n)).toBe(MINUS(1n));
    expect(world.vm.enableCap('KVM_CAP_NOTHING')).toBe('EINVAL');
    expect(world.vm.enableCap('KVM_CAP_ARM_SYSTEM_SUSPEND')).toBe('OK');
    const exit = vcpu(world).exited(call(world.guest, 0, SYSTEM_SUSPEND, [1n, 2n]));
    expect(exit).toEqual({ exitReason: KVM_EXIT_SYSTEM_EVENT, type: 5, data: [] });
    expect(vcpu(world).mpState).toBe(KVM_MP_STATE_RUNNABLE);
    vcpu(world).setOneReg(CORE_X0, 0x1234n);
    vcpu(world).setOneReg(CORE_PC, 0x4000_8000n);
    expect(vcpu(world).run()).toEqual({ kind: 'guest' });
    expect(world.guest.vcpus[0]?.x[0]).toBe(0x1234n);
    expect(vcpu(world).getOneReg(CORE_PC).value).toBe(0x4000_8000n);
  });
});

describe('the SMCCC filter', () => {
  const VENDOR = { base: 0x8600_0000, count: 0x1_0000, action: FILTER_FWD_TO_USER };

  test('forwards a range: registers as they stand, results as the VMM leaves them', () => {
    const world = worldOf();
    expect(world.vm.hasDeviceAttr(0, 0)).toBe('OK');
    expect(world.vm.hasDeviceAttr(1, 0)).toBe('ENXIO');
    expect(world.vm.setSmcccFilter(VENDOR)).toBe('OK');
    const exit = vcpu(world).exited(call(world.guest, 0, 0x8600_0001, [1n], { conduit: 'smc' }));
    expect(exit).toMatchObject({
      exitReason: KVM_EXIT_HYPERCALL,
      nr: 0x8600_0001,
      flags: 1,
      args: [0n, 0n, 0n, 0n, 0n, 0n],
    });
    expect(vcpu(world).getOneReg(CORE_PC).value).toBe((world.guest.vcpus[0]?.x[32] as bigint) + 4n);
    vcpu(world).setOneReg(CORE_X0, 42n);
    expect(vcpu(world).run()).toEqual({ kind: 'guest' });
    expect(world.guest.vcpus[0]?.x[0]).toBe(42n);
  });

  test('denies and handles, and finds ranges in any order', () => {
    const world = worldOf();
    for (const base of [0x8400_0006, 0x8400_0000, 0x8400_0003]) {
      expect(world.vm.setSmcccFilter({ base, count: 1, action: FILTER_DENY })).toBe('OK');
    }
    expect(world.vm.setSmcccFilter({ base: 0x8400_0007, count: 9, action: FILTER_HANDLE })).toBe('OK');
    expect(answer(world.guest, 0, 0x8400_0006)).toBe(MINUS(1n));
    expect(answer(world.guest, 0, 0x8400_0000)).toBe(MINUS(1n));
    expect(answer(world.guest, 0, 0x8400_000a, 0x8000_0000n)).toBe(0n);
    expect(answer(world.guest, 0, 0x8000_0000)).toBe(0x1_0001n);
  });

  test('refuses what the kernel refuses, in its order', () => {
    const { vm } = worldOf();
    const set = (base: number, count: number, action: number = FILTER_DENY) =>
      vm.setSmcccFilter({ base, count, action });
    expect(set(0x8300_0000, 0)).toBe('EINVAL');
    expect(set(0, 0)).toBe('EEXIST');
    expect(set(0xffff_fff0, 0x20)).toBe('EINVAL');
    expect(set(0x8300_0000, 1, 3)).toBe('EINVAL');
    expect(set(0x8000_8000, 1)).toBe('EEXIST');
    expect(set(0xc000_0000, 1)).toBe('EEXIST');
    expect(set(0x8300_0000, 1)).toBe('OK');
    expect(set(0x82ff_ffff, 2)).toBe('EEXIST');
    vm.vcpus[0]?.run();
    expect(set(0x8300_0001, 1)).toBe('EBUSY');
    expect(set(0x8300_0001, 0)).toBe('EINVAL');
    expect(worldOf({ profile: 'linux-6.1' }).vm.setSmcccFilter(VENDOR)).toBe('EINVAL');
  });

  test('takes no more ranges than it says', () => {
    const { vm } = worldOf();
    for (let i = 0; i < MAX_FILTER_RANGES; i++) {
      expect(vm.setSmcccFilter({ base: 0x8300_0000 + 2 * i, count: 1, action: 1 })).toBe('OK');
    }
    expect(vm.setSmcccFilter({ base: 0x8400_0000, count: 1, action: 1 })).toBe('ENOMEM');
  });
});

test('capabilities are the profile’s, with the host’s over them', () => {
  const { vm } = worldOf({ capabilities: { KVM_CAP_ARM_VM_IPA_SIZE: 40 } });
  expect(vm.checkExtension('KVM_CAP_ARM_SYSTEM_SUSPEND')).toBe(1);
  expect(vm.checkExtension('KVM_CAP_ARM_VM_IPA_SIZE')).toBe(40);
  expect(vm.checkExtension('KVM_CAP_S390_PSW')).toBe(0);
  expect(vm.checkExtension('constructor')).toBe(0);
});

test('PV time has one attribute, whose address must be aligned memory and is set once', () => {
  const world = worldOf();
  const cpu = vcpu(world);
  expect(cpu.hasDeviceAttr(2, 1)).toBe('ENXIO');
  expect(cpu.getDeviceAttr(1, 0)).toEqual({ result: 'ENXIO' });
  expect(cpu.setDeviceAttr(1, 0, 0n)).toBe('ENXIO');
  expect(cpu.getDeviceAttr(2, 0)).toEqual({ result: 'OK', value: NO_IPA });
  for (const wrong of [BigInt(RAM) + 32n, 0x1000n, 2n ** 64n - 64n])
    expect(cpu.setDeviceAttr(2, 0, wrong)).toBe('EINVAL');
  expect(cpu.setDeviceAttr(2, 0, BigInt(RAM))).toBe('OK');
  expect(cpu.setDeviceAttr(2, 0, BigInt(RAM) + 64n)).toBe('EEXIST');
  expect(cpu.getDeviceAttr(2, 0).value).toBe(BigInt(RAM));
});

test('vCPU ids give MPIDRs in clusters of sixteen, below a limit, once each', () => {
  expect([0, 15, 16, 255, 256, 511].map(mpidrOfVcpu)).toEqual([
    ...[0x8000_0000n, 0x8000_000fn, 0x8000_0100n, 0x8000_0f0fn, 0x8000_1000n, 0x8000_1f0fn],
  ]);
  expect([createVcpuResult([], 511), createVcpuResult([], 512), createVcpuResult([3], 3)]).toEqual([
    'OK',
    'EINVAL',
    'EEXIST',
  ]);
});
