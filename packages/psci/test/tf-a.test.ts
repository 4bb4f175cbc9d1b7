import { psci } from '@trapline/psci';
import { createMachine, type Machine, type Vcpu } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';
import { AFFINITY_INFO, CPU_ON, ENTRY, SMCCC_VERSION, VERSION } from './ids.js';

const ARCH_FEATURES = 0x8000_0001;
const STANDARD_COUNT = 0x8400_ff00;
const VENDOR_REVISION = 0x8700_ff03;
const SDEI_VERSION = 0xc400_0020;
const TRNG_VERSION = 0x8400_0050;
const ERRATA_VERSION = 0x8400_00f0;
const ERRATA_FEATURES = 0x8400_00f2;
const WORKAROUND_1 = 0x8000_8000;

function machineOf(build: 'default' | 'full' | 'hooks'): Machine {
  return createMachine({
    guests: [
      {
        name: 'g',
        vcpus: 4,
        memory: [{ base: 0x4000_0000, size: 0x4000_0000 }],
        services: { el3: [psci.firmware({ profile: 'tf-a', build })] },
      },
    ],
  });
}

function ask(machine: Machine, id: number, ...args: readonly number[]): bigint {
  const vcpu = machine.guest('g').vcpus[0] as Vcpu;
  [id, ...args].forEach((value, i) => {
    vcpu.x[i] = BigInt(value >>> 0);
  });
  machine.trap(vcpu, 'smc', 0);
  return BigInt.asIntN(64, vcpu.x[0] as bigint);
}

describe('TF-A beside PSCI', () => {
  test.each([
    ['default', { count: 25n, vendor: -1n, sdei: -1n, trng: -1n, errata: -1n }],
    ['full', { count: 30n, vendor: 1n, sdei: 0x1_0000_0000_0000n, trng: -1n, errata: 0x1_0000n }],
    ['hooks', { count: 30n, vendor: 1n, sdei: -1n, trng: 0x1_0000n, errata: -1n }],
  ] as const)('build %s has the services of its flags', (build, expected) => {
    const machine = machineOf(build);
    expect(ask(machine, SMCCC_VERSION)).toBe(0x1_0005n);
    expect(ask(machine, ARCH_FEATURES, SMCCC_VERSION)).toBe(0n);
    expect({
      count: ask(machine, STANDARD_COUNT),
      vendor: ask(machine, VENDOR_REVISION),
      sdei: ask(machine, SDEI_VERSION),
      trng: ask(machine, TRNG_VERSION),
      errata: ask(machine, ERRATA_VERSION),
    }).toEqual(expected);
  });

  test.each([
    [0x411f_d070, 806_969, 2],
    [0x411f_d070, 826_974, 1],
    [0x411f_d070, 859_972, 1],
    [0x411f_d070, 836_019, 1],
    [0x411f_d070, 813_419, 2],
    [0x411f_d070, 5715, 3],
    [0x411f_d070, 3, 3],
    [0x411f_d070, 834_220, -3],
    [0x410f_d034, 819_472, 2],
    [0x410f_d034, 836_870, 2],
    [0x410f_d034, 843_419, 1],
    [0x410f_d034, 855_873, 1],
    [0x410f_d032, 855_873, 2],
    [0x410f_d034, 5715, -3],
    [0x410f_d083, 859_971, 1],
    [0x410f_d083, 23_960, 3],
    [0x414f_d0b1, 1_868_343, 2],
    [0x414f_d0b1, 2_743_102, 1],
    [0x414f_d0b1, 2, 3],
  ])('on CPU 0x%s erratum %i is told as %i', (midr, erratum, expected) => {
    const machine = createMachine({
      guests: [{ name: 'g', vcpus: 1, midr, services: { el3: [psci.firmware({ profile: 'tf-a', build: 'full' })] } }],
    });
    expect(ask(machine, ERRATA_FEATURES, erratum, 0)).toBe(BigInt(expected));
  });

  test('WORKAROUND_1 by smc #0 leaves the syndrome where the vectors of the CPU have it', () => {
    const after = (midr: number): readonly bigint[] => {
      const machine = createMachine({
        guests: [{ name: 'g', vcpus: 1, midr, services: { el3: [psci.firmware({ profile: 'tf-a' })] } }],
      });
      const vcpu = machine.guest('g').vcpus[0] as Vcpu;
      vcpu.x[0] = BigInt(WORKAROUND_1);
      machine.trap(vcpu, 'smc', 0);
      return [...vcpu.x.slice(0, 4)];
    };
    expect(after(0x410f_d083)).toEqual([0x5e00_0000n, 0x5e00_0000n, 0n, 0n]);
    expect(after(0x410f_d093)).toEqual([BigInt(WORKAROUND_1), 0n, 0x5e00_0000n, 0x5e00_0000n]);
    expect(after(0x410f_d034)).toEqual([BigInt(WORKAROUND_1), 0n, 0n, 0n]);
  });

  test('the immediate is not looked at', () => {
    const machine = machineOf('default');
    const vcpu = machine.guest('g').vcpus[0] as Vcpu;
    for (const id of [VERSION, SMCCC_VERSION]) {
      vcpu.x[0] = BigInt(id);
      machine.trap(vcpu, 'smc', 0xffff);
      expect(vcpu.x[0]).not.toBe(0xffff_ffff_ffff_ffffn);
    }
  });

  test('is saved and restored as one', () => {
    const machine = machineOf('full');
    expect(ask(machine, CPU_ON, 1, ENTRY, 0)).toBe(0n);
    const saved = JSON.parse(JSON.stringify(machine.save()));
    const other = machineOf('full');
    other.restore(saved);
    expect(ask(other, AFFINITY_INFO, 1, 0)).toBe(2n);
    expect(JSON.parse(JSON.stringify(machineOf('full').save()))).not.toEqual(saved);
    machine.dispose();
  });
});
