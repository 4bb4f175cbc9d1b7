import type { AttachedGuest } from '@trapline/core';
import { CompositionError, RestoreError } from '@trapline/core';
import {
  type ArchOptions,
  archAbi,
  archCalls,
  archService,
  CORTEX_A57,
  CORTEX_A76,
  conventionOf,
  cpuModel,
  joinAttachments,
  MAX_SOC_NAME,
  PV_TIME_FEATURES,
  pvTimeService,
  SMCCC_VERSIONS,
  statelessAttachment,
  trngService,
  unknownService,
} from '@trapline/smccc';
import { describe, expect, test } from 'vitest';
import { changed, FILL, RAM, TestGuest } from './bench-guest.js';

const VERSION = 0x8000_0000;
const FEATURES = 0x8000_0001;
const SOC_ID = 0x8000_0002;
const SOC_ID_64 = 0xc000_0002;
const AVAILABILITY = 0x8000_0003;
const AVAILABILITY_64 = 0xc000_0003;
const W1 = 0x8000_8000;
const W2 = 0x8000_7fff;
const W3 = 0x8000_3fff;
const W4 = 0x8000_0004;
const A53_R0P4 = 0x410f_d034;
const A57_R1P0 = 0x411f_d070;

function arch(options: ArchOptions = {}, midr = A57_R1P0): TestGuest {
  return new TestGuest([archService(options)], { midr });
}

describe('SMCCC_VERSION', () => {
  test.each(SMCCC_VERSIONS.filter((version) => version !== '1.0'))('%s is told', (version) => {
    expect(arch({ version }).call(VERSION)).toBe(0x1_0000n + BigInt(version.slice(2)));
  });

  test('1.0 has no architecture calls', () => {
    const guest = arch({ version: '1.0', socId: { version: 1 } });
    for (const call of archAbi.all) expect(guest.call(call.id)).toBe(-1n);
  });

  test('SMC64 has no such number', () => {
    expect(arch().call(0xc000_0000)).toBe(-1n);
  });

  test('the SVE hint is no part of the number from 1.3 on, and is before', () => {
    expect(arch({ version: '1.3' }).call(0x8001_0000)).toBe(0x1_0003n);
    expect(arch({ version: '1.2' }).call(0x8001_0000)).toBe(-1n);
    expect(conventionOf('1.5')).toEqual({});
  });
});

describe('SMCCC_ARCH_FEATURES', () => {
  test('says 0 for what is there and NOT_SUPPORTED for what is not', () => {
    const guest = arch();
    expect(guest.call(FEATURES, [VERSION])).toBe(0n);
    expect(guest.call(FEATURES, [FEATURES])).toBe(0n);
    expect(guest.call(FEATURES, [SOC_ID])).toBe(-1n);
    expect(guest.call(FEATURES, [AVAILABILITY_64])).toBe(-1n);
    expect(guest.call(FEATURES, [0xc000_0000])).toBe(-1n);
    expect(guest.call(FEATURES, [0])).toBe(-1n);
    expect(guest.call(FEATURES, [0xffff_ffff])).toBe(-1n);
  });

  test('follows the options', () => {
    const guest = arch({ socId: {}, featureAvailability: { registers: {}, smc32: false } });
    expect(guest.call(FEATURES, [SOC_ID])).toBe(0n);
    expect(guest.call(FEATURES, [SOC_ID_64])).toBe(0n);
    expect(guest.call(FEATURES, [AVAILABILITY])).toBe(-1n);
    expect(guest.call(FEATURES, [AVAILABILITY_64])).toBe(0n);
  });

  test('knows PV time of a neighbour, but not what other owners have', () => {
    const guest = new TestGuest([archService(), pvTimeService({ areas: RAM }), trngService()], { level: 'el2' });
    expect(guest.call(FEATURES, [0xc500_0020])).toBe(0n);
    expect(guest.call(FEATURES, [0xc500_0021])).toBe(-1n);
    expect(guest.call(FEATURES, [0x8400_0050])).toBe(-1n);
    expect(new TestGuest([archService(), trngService()], { level: 'el2' }).call(FEATURES, [0xc500_0020])).toBe(-1n);
  });

  test('reads 32 bits of its argument, or 64 where the profile says so', () => {
    expect(arch().call(FEATURES, [0xdead_beef_8000_0000n])).toBe(0n);
    expect(arch({ narrow: { archFeatures: 'by-caller' } }).call(FEATURES, [0xdead_beef_8000_0000n])).toBe(-1n);
  });

  test('knows no SMC64 number for an AArch32 caller', () => {
    const vcpus = [{ aarch32: true, boot: { state: 'a32' } }] as const;
    const guest = new TestGuest([archService({ socId: {} })], { vcpus });
    guest.cpu(0).x.fill(0n);
    guest.cpu(0).x[0] = BigInt(FEATURES);
    guest.cpu(0).x[1] = BigInt(SOC_ID_64);
    guest.machine.trap(guest.cpu(0), 'smc', 0);
    expect(guest.x(0)).toBe(0xffff_ffffn);
    guest.cpu(0).x[0] = BigInt(FEATURES);
    guest.cpu(0).x[1] = BigInt(SOC_ID);
    guest.machine.trap(guest.cpu(0), 'smc', 0);
    expect(guest.x(0)).toBe(0n);
  });

  test('answers from a list where the profile has one', () => {
    const guest = arch({ features: { [PV_TIME_FEATURES]: 0 } });
    expect(guest.call(FEATURES, [VERSION])).toBe(-1n);
    expect(guest.call(FEATURES, [0xc500_0020])).toBe(0n);
    expect(guest.call(FEATURES, [W1])).toBe(0n);
  });
});

describe('the workarounds', () => {
  test.each([
    ['Cortex-A57', A57_R1P0, [0n, -2n, 0n, -1n]],
    ['Cortex-A53', A53_R0P4, [1n, -2n, 1n, -1n]],
    ['Cortex-A76', 0x413f_d0b1, [1n, 0n, 1n, -1n]],
    ['Cortex-X4', 0x410f_d821, [1n, -2n, 1n, 0n]],
  ])('are required as %s needs them', (_, midr, answers) => {
    const guest = arch({}, midr);
    expect([W1, W2, W3, W4].map((id) => guest.call(FEATURES, [id]))).toEqual(answers);
  });

  test('change no register: the number stays in X0', () => {
    const guest = arch();
    for (const id of [W1, W2, W3]) {
      expect(guest.call(id, [1])).toBe(BigInt(id));
      expect(changed(guest, 1)).toEqual({ x0: `0x${id.toString(16)}` });
    }
    expect(guest.call(W4)).toBe(-1n);
  });

  test('are there only from their version on, unless given', () => {
    expect(arch({ version: '1.1' }).call(FEATURES, [W3])).toBe(-1n);
    expect(arch({ version: '1.4' }).call(FEATURES, [W3])).toBe(0n);
    expect(arch({ version: '1.1', workarounds: [{ workaround: 3, feature: 'required' }] }).call(FEATURES, [W3])).toBe(
      0n,
    );
  });

  test('leave behind what the profile says, for its conduit and immediate only', () => {
    const registers = [
      [0, 0x5e00_0000n],
      [1, 2n ** 63n],
    ] as const;
    const effects = [{ conduit: 'smc', immediate: 0, registers }];
    const guest = arch({
      workarounds: [{ workaround: 1, cpus: [CORTEX_A57], feature: 'required', effects }],
      convention: { immediates: [[0, 0xffff]] },
    });
    guest.call(W1);
    expect(changed(guest, 0)).toEqual({ x0: '0x5e000000', x1: '0x8000000000000000' });
    guest.call(W1, [], { immediate: 1 });
    expect(changed(guest, 0)).toEqual({ x0: '0x80008000' });
    const hvc = new TestGuest(
      [
        archService({
          workarounds: [{ workaround: 1, cpus: [CORTEX_A57], feature: 'required', effects }],
        }),
      ],
      { level: 'el2' },
    );
    hvc.call(W1);
    expect(changed(hvc, 0)).toEqual({ x0: '0x80008000' });
  });

  test('a rule without the call leaves its number unknown', () => {
    const guest = arch({ workarounds: [{ workaround: 2, feature: 'not-required', call: false }] });
    expect(guest.call(FEATURES, [W2])).toBe(-2n);
    expect(guest.call(W2)).toBe(-1n);
    expect(guest.call(FEATURES, [W1])).toBe(-1n);
  });

  test('a CPU model is its MIDR without variant and revision', () => {
    expect(cpuModel(A57_R1P0)).toBe(CORTEX_A57);
    expect(cpuModel(0x413f_d0b1)).toBe(CORTEX_A76);
  });
});

describe('SMCCC_ARCH_SOC_ID', () => {
  const name = 'Trapline SoC, model 1';
  const guest = arch({ socId: { version: 0x043b_0001, revision: 7, name } });

  test('tells version and revision by either width', () => {
    for (const id of [SOC_ID, SOC_ID_64]) {
      expect(guest.call(id, [0])).toBe(0x043b_0001n);
      expect(guest.call(id, [1])).toBe(7n);
      expect(changed(guest, 1)).toEqual({ x0: '0x7' });
    }
  });

  test('tells its name by SMC64 in X1 to X17, padded with zeros', () => {
    expect(guest.call(SOC_ID_64, [2])).toBe(0n);
    const bytes = new Uint8Array(guest.cpu(0).x.slice(1, 18).buffer);
    expect(String.fromCharCode(...bytes.subarray(0, name.length))).toBe(name);
    expect(bytes.subarray(name.length).every((byte) => byte === 0)).toBe(true);
    expect(guest.x(18)).toBe(FILL);
    expect(guest.call(SOC_ID, [2])).toBe(-3n);
  });

  test('refuses other types', () => {
    expect(guest.call(SOC_ID, [3])).toBe(-3n);
    expect(guest.call(SOC_ID_64, [0xffff_ffff])).toBe(-3n);
    expect(guest.call(SOC_ID_64, [0x1_0000_0000n])).toBe(-3n);
  });

  test('does not support what it is not given', () => {
    const silent = arch({ socId: {} });
    for (const type of [0, 1, 2]) expect(silent.call(SOC_ID_64, [type])).toBe(-1n);
  });

  test('a SoC that does not fit its registers is refused', () => {
    expect(() => arch({ socId: { version: 2 ** 31 } })).toThrow(CompositionError);
    expect(() => arch({ socId: { revision: -1 } })).toThrow("the SoC's revision -1 does not fit bits 30:0");
    expect(() => arch({ socId: { name: 'x'.repeat(MAX_SOC_NAME + 1) } })).toThrow('at most 135 printable ASCII');
    expect(() => arch({ socId: { name: 'naïve' } })).toThrow(CompositionError);
    expect(arch({ socId: { name: 'x'.repeat(MAX_SOC_NAME) } }).call(SOC_ID_64, [2])).toBe(0n);
  });
});

describe('SMCCC_ARCH_FEATURE_AVAILABILITY', () => {
  const SCR_EL3 = 0x1e_1100;

  test("gives a register's features, and a second zero for an unknown one", () => {
    const guest = arch({ featureAvailability: { registers: { [SCR_EL3]: 0x12_0021_8000n } } });
    expect(guest.call(AVAILABILITY_64, [SCR_EL3])).toBe(0n);
    expect(guest.x(1)).toBe(0x12_0021_8000n);
    expect(guest.call(AVAILABILITY, [SCR_EL3])).toBe(0n);
    expect(guest.x(1)).toBe(0x0021_8000n);
    expect(guest.call(AVAILABILITY_64, [0x1e_1320])).toBe(-3n);
    expect(guest.x(1)).toBe(0n);
    expect(guest.call(AVAILABILITY_64, [0x1_0000_0000n + BigInt(SCR_EL3)])).toBe(-3n);
  });
});

describe('composition', () => {
  test('an architecture service answers what nobody takes, sign-extended', () => {
    const guest = arch();
    for (const id of [0x8700_0000, 0xc600_0042, 0xbf00_ff01, 0, 0x3200_0000, 0xffff_ffff, 0x8080_0000]) {
      guest.call(id, [1, 2, 3]);
      expect(changed(guest, 3)).toEqual({ x0: '0xffffffffffffffff' });
    }
  });

  test('unknown calls are a service by themselves', () => {
    expect(new TestGuest([unknownService()]).call(VERSION)).toBe(-1n);
    expect(new TestGuest([unknownService(), archService()]).call(VERSION)).toBe(0x1_0005n);
  });

  const guest = { pes: [], midr: 0, neighbours: () => [] } as unknown as AttachedGuest;

  test('attachments are joined: hooks, state by name, description', () => {
    const log: string[] = [];
    const part = (name: string, trapsSmc: boolean) => ({
      implementations: [archCalls(guest)],
      trapsSmc,
      entered: () => log.push(`${name} entered`),
      offCompleted: () => log.push(`${name} off`),
      woke: () => log.push(`${name} woke`),
      reset: () => log.push(`${name} reset`),
      save: () => name,
      restore: (saved: unknown) => log.push(`${name} restores ${saved}`),
      dispose: () => log.push(`${name} disposed`),
      describe: () => log.push(`${name} described`),
    });
    const joined = joinAttachments({ a: part('a', false), b: part('b', true) });
    expect(joined.implementations).toHaveLength(2);
    expect(joined.trapsSmc).toBe(true);
    joined.entered?.({} as never);
    joined.woke?.({} as never);
    joined.offCompleted?.({} as never);
    joined.reset();
    joined.restore(joined.save());
    joined.describe?.({} as never, {} as never);
    joined.dispose?.();
    expect(log).toEqual(
      ['entered', 'woke', 'off', 'reset']
        .flatMap((what) => [`a ${what}`, `b ${what}`])
        .concat('a restores a', 'b restores b', 'a described', 'b described', 'a disposed', 'b disposed'),
    );
  });

  test('state of other parts is refused', () => {
    const joined = joinAttachments({ smccc: statelessAttachment('smccc', []) });
    for (const saved of [null, 3, [], {}, { other: null }, { smccc: null, more: null }]) {
      expect(() => joined.restore(saved)).toThrow(RestoreError);
    }
    expect(() => joined.restore({ smccc: 1 })).toThrow('smccc keeps no state');
  });
});
