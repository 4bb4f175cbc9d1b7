import { hexId, type Implementation } from '@trapline/core';
import { type FirmwareOptions, LEGACY_IDS, PROFILE_NAMES, psci, VERSIONS } from '@trapline/psci';
import { archService } from '@trapline/smccc';
import { createMachine } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';
import { CPU_ON, CPU_ON_32, CPU_SUSPEND, ENTRY, FEATURES, SMCCC_VERSION, VERSION } from './ids.js';
import { TestMachine } from './machine.js';

const machineOf = (options: FirmwareOptions = {}) => new TestMachine(psci.firmware(options));

describe('PSCI_VERSION and PSCI_FEATURES', () => {
  test('each version says its own, 0.1 nothing', () => {
    const said = VERSIONS.map((version) => machineOf({ version }).ask(0, VERSION));
    expect(said).toEqual([-1, 0x2, 0x1_0000, 0x1_0001, 0x1_0002, 0x1_0003]);
  });

  test('a version has the calls that it and its predecessors brought', () => {
    const count = (version: (typeof VERSIONS)[number]): number =>
      machineOf({ version }).attachment.implementations.flatMap((i: Implementation) => i.entries).length;
    // Without a Trusted OS there is no MIGRATE. 0.2: eight functions, three of them in both widths; 1.0 brings eight, five of
    // them in both (FREEZE, FEATURES and SET_SUSPEND_MODE in one); 1.1 three, 1.3 three.
    expect(VERSIONS.map(count)).toEqual([3, 11, 24, 29, 29, 33]);
  });

  test('FEATURES is there from 1.0 on, and knows exactly what is answered', () => {
    expect(machineOf({ version: '0.2' }).ask(0, FEATURES, VERSION)).toBe(-1);
    const machine = machineOf({ version: '1.0' });
    for (const id of [VERSION, CPU_ON, CPU_ON_32, FEATURES]) expect(machine.ask(0, FEATURES, id)).toBe(0);
    for (const id of [0xc400_0000, 0x8400_0012, 0x8400_0100, 0, 0x8401_0000, LEGACY_IDS.cpuOn >>> 0, SMCCC_VERSION]) {
      expect(machine.ask(0, FEATURES, id)).toBe(-1);
    }
  });

  test('the high half of an SMC32 argument does not count', () => {
    expect(machineOf().ask(0, FEATURES, 0xdead_beef_8400_0000n)).toBe(0);
  });

  test('an AArch32 caller does not see SMC64 numbers', () => {
    const machine = machineOf();
    const [pe] = machine.pes;
    if (pe) pe.state = 'a32';
    expect(machine.ask(0, FEATURES, CPU_ON) | 0).toBe(-1);
    expect(machine.ask(0, FEATURES, CPU_ON_32) | 0).toBe(0);
  });

  test('TF-A tells an AArch32 caller of them all the same', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'tf-a' }));
    Object.assign(machine.pes[0] ?? {}, { state: 'a32' });
    expect(machine.ask(0, FEATURES, CPU_ON) | 0).toBe(0);
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0) | 0).toBe(-1);
  });

  test('SMCCC_VERSION is seen where a service at the same level has it, whichever comes first', () => {
    for (const services of [
      [psci.firmware(), archService()],
      [archService(), psci.firmware()],
    ]) {
      const machine = createMachine({
        guests: [{ name: 'g', vcpus: 1, memory: [{ base: ENTRY, size: 4096 }], services: { el3: services } }],
      });
      const vcpu = machine.guest('g').vcpus[0];
      if (!vcpu) throw new Error('no vCPU');
      vcpu.x[0] = BigInt(FEATURES);
      vcpu.x[1] = BigInt(SMCCC_VERSION);
      machine.trap(vcpu, 'smc', 0);
      expect(vcpu.x[0]).toBe(0n);
    }
  });

  test('TF-A gives SUCCESS for SMCCC_VERSION without looking', () => {
    expect(machineOf({ profile: 'tf-a' }).ask(0, FEATURES, SMCCC_VERSION)).toBe(0);
  });
});

describe('numbers', () => {
  test('nobody’s get NOT_SUPPORTED, sign-extended', () => {
    const machine = machineOf();
    for (const id of [0, 0x8400_0018, 0x8400_0fff, 0x8600_0000, 0xffff_ffff, 0x0400_0003]) {
      expect(machine.ask(0, id)).toBe(-1);
      expect(machine.pes[0]?.x[0]).toBe(0xffff_ffff_ffff_ffffn);
    }
  });

  test('0.1 takes its four from options, with arguments as wide as the caller', () => {
    const machine = machineOf({ version: '0.1', legacyIds: { cpuOn: 0x1234 } });
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0)).toBe(-1);
    expect(machine.ask(0, 0x1234, 1, ENTRY, 0xaaaa_bbbb_cccc_ddddn)).toBe(0);
    expect(machine.starts[1]?.w[3]).toBe(0xaaaa_bbbb);
    expect(machine.call(0, LEGACY_IDS.cpuSuspend, 0, 0, 0).kind).toBe('wait');
    machine.enter(1);
    expect(machine.call(1, LEGACY_IDS.cpuOff).kind).toBe('off');
  });

  test('0.1’s may stand beside the newer ones', () => {
    const machine = machineOf({ legacyIds: { cpuOn: LEGACY_IDS.cpuOn } });
    expect(machine.ask(0, VERSION)).toBe(0x1_0003);
    expect(machine.ask(0, LEGACY_IDS.cpuOn, 1, ENTRY, 0)).toBe(0);
    expect(machine.ask(0, LEGACY_IDS.cpuOff)).toBe(-1);
  });
});

describe('profiles', () => {
  test('all names are found', () => {
    for (const profile of PROFILE_NAMES) expect(psci.firmware({ profile }).name).toMatch(/^psci \(/);
  });

  test.each([
    [{ profile: 'kvm' as never }, /no profile kvm/],
    [{ profile: 'spec-2.0' as never }, /version 2\.0/],
    [{ version: '9.9' as never }, /version 9\.9.*0\.1, 0\.2/],
    [{ profile: 'tf-a' as const, build: 'debug' as never }, /build debug/],
  ])('%o is refused', (options, message) => {
    expect(() => psci.firmware(options)).toThrow(message);
  });

  test('single flags of TF-A’s build may be changed', () => {
    const machine = machineOf({ profile: 'tf-a', osInitMode: true });
    expect(machine.ask(0, FEATURES, CPU_SUSPEND)).toBe(1);
    expect(machineOf({ profile: 'tf-a-full' }).ask(0, FEATURES, CPU_SUSPEND)).toBe(3);
  });

  test('what each answers is as reviewed', () => {
    const surface = Object.fromEntries(
      PROFILE_NAMES.map((profile) => {
        const entries = machineOf({ profile }).attachment.implementations.flatMap((i: Implementation) => i.entries);
        return [profile, entries.map(({ id, declaration }) => `${hexId(id)} ${declaration.name}`)];
      }),
    );
    expect(surface).toMatchSnapshot();
  });
});

describe('composition', () => {
  const build = (options: FirmwareOptions) => () => new TestMachine(psci.firmware(options));

  test.each([
    [{ topology: [{ cpus: [0], domains: [{ cpus: [1] }] }] }, /holds CPUs and domains/],
    [{ topology: [{ domains: [{ cpus: [0] }, { domains: [{ cpus: [1] }] }] }] }, /differ in depth/],
    [{ topology: [{ cpus: [0] }, { domains: [{ cpus: [1] }] }] }, /outermost domains differ/],
    [{ topology: [{ cpus: [0, 1] }, { cpus: [1] }] }, /named twice/],
    [{ topology: [{ domains: [{ domains: [{ domains: [{ cpus: [0] }] }] }] }] }, /more than 3 levels/],
    [{ topology: [{ cpus: Array.from({ length: 65_537 }, (_, i) => i) }] }, /more than 65536 CPUs/],
    [{ idleStates: [{ name: 'a', powerState: 0x2_0000, levels: [1] }] }, /reserved bits/],
    [{ idleStates: [{ name: 'a', powerState: 0x1_0000, levels: [1] }] }, /type bit/],
    [{ idleStates: [{ name: 'a', powerState: 0, levels: [] }] }, /type bit/],
    [{ idleStates: [{ name: 'a', powerState: 0, levels: [1, 2] }] }, /deeper/],
    [
      {
        idleStates: [
          { name: 'a', powerState: 0, levels: [1] },
          { name: 'b', powerState: 0, levels: [1] },
        ],
      },
      /b \(0x0\) is there twice/,
    ],
  ] as [FirmwareOptions, RegExp][])('%# is refused', (options, message) => {
    expect(build(options)).toThrow(message);
  });

  test('firmware outside the architecture may take one instruction alone', () => {
    const service = psci.firmware({ profile: 'qemu-7.2', conduit: 'hvc' });
    expect(service.levels).toEqual(['outside']);
    const [implementation] = new TestMachine(service).attachment.implementations;
    expect(implementation?.convention.conduits).toEqual(['hvc']);
  });

  test('at EL2 with SMC as conduit, SMCs are to be trapped', () => {
    const attach = (options: FirmwareOptions) =>
      new TestMachine(psci.firmware(options), undefined, { level: 'el2' }).attachment.trapsSmc;
    expect(attach({ conduit: 'smc' })).toBe(true);
    expect(attach({ conduit: 'hvc' })).toBe(false);
    expect(attach({ trapsSmc: true })).toBe(true);
  });

  test('asks only for the ports that its profile uses', () => {
    expect(psci.firmware({ profile: 'qemu-7.2' }).needs).toEqual(['power', 'system']);
    expect(psci.firmware({ profile: 'tf-a' }).needs).toEqual(['power', 'system', 'interrupts']);
    expect(psci.firmware().needs).toEqual(['power', 'system', 'memory', 'clock']);
  });
});
