import type { Convention, Service } from '@trapline/core';
import {
  type ArchOptions,
  archService,
  CORTEX_A57,
  CORTEX_A72,
  CORTEX_A73,
  CORTEX_A75,
  errataService,
  pvTimeService,
  type QueryOptions,
  queryService,
  sdeiService,
  trngService,
  type WorkaroundRule,
} from '@trapline/smccc';
import { describe, expect, test } from 'vitest';
import { changed, RAM, TestGuest } from './bench-guest.js';

/**
 * What real implementations answered, register by register (recorded; see each profile's package). Their options are
 * written here by hand: that the services can be told to answer so is what this file shows.
 */
type Recorded = readonly [id: number, args: readonly (number | bigint)[], out: Readonly<Record<string, string>>];

const MINUS_ONE = '0xffffffffffffffff';
const x0 = (value: string): Readonly<Record<string, string>> => ({ x0: value });

function replay(guest: TestGuest, recorded: readonly Recorded[], how: Parameters<TestGuest['outcome']>[2] = {}): void {
  for (const [id, args, out] of recorded) {
    guest.outcome(id, args, how);
    const found = changed(guest, args.length);
    for (const register of Object.keys(out)) found[register] = `0x${guest.x(Number(register.slice(1))).toString(16)}`;
    expect([id.toString(16), args, found]).toEqual([id.toString(16), args, out]);
  }
}

describe('TF-A 2.15 on PLAT=qemu', () => {
  const BPIALL_CPUS = [CORTEX_A57, CORTEX_A72, CORTEX_A73, CORTEX_A75];
  const convention: Partial<Convention> = { immediates: [[0, 0xffff]] };
  const fastPath = [
    {
      immediate: 0,
      registers: [
        [0, 0x5e00_0000n],
        [1, 0x5e00_0000n],
      ],
    },
  ] as const;
  const workarounds: readonly WorkaroundRule[] = [
    { workaround: 1, cpus: BPIALL_CPUS, feature: 'required', effects: fastPath },
    { workaround: 1, feature: 'not-supported' },
    { workaround: 2, feature: 'not-required' },
    { workaround: 3, cpus: BPIALL_CPUS, feature: 'required', effects: fastPath },
    { workaround: 3, feature: 'not-supported' },
    { workaround: 4, feature: 'not-supported' },
  ];
  const arch: ArchOptions = {
    version: '1.5',
    workarounds,
    socId: {},
    features: { 2147483648: 0, 2147483649: 0 },
    narrow: { archFeatures: 'by-caller', archSocId: 'by-caller' },
    convention,
  };
  const STANDARD_UID = '5b908d10-63f8-e847-ae2d-c0fb5641f6e2';
  const VENDOR_UID = 'b6011dca-57c4-407e-83f0-a7eddaf0df6c';
  const queries = (count: number, vendor: QueryOptions['owners'] = {}): Service =>
    queryService({
      convention,
      owners: { 4: { count, uid: STANDARD_UID, revision: { major: 0, minor: 1 } }, ...vendor },
    });

  test('the default build', () => {
    const guest = new TestGuest([archService(arch), queries(0x19)], { midr: 0x411f_d070 });
    replay(guest, [
      [0x8000_0000, [], x0('0x10005')],
      [0xc000_0000, [], x0(MINUS_ONE)],
      [0x8000_0001, [0x8000_0000], x0('0x0')],
      [0x8000_0001, [0x8000_0001], x0('0x0')],
      [0x8000_0001, [0x8000_0002], x0(MINUS_ONE)],
      [0x8000_0001, [0xc000_0003], x0(MINUS_ONE)],
      [0x8000_0001, [0x8000_3fff], x0('0x0')],
      [0x8000_0001, [0x8000_7fff], x0('0xfffffffffffffffe')],
      [0x8000_0001, [0x8000_8000], x0('0x0')],
      [0x8000_0001, [0x8000_0004], x0(MINUS_ONE)],
      [0x8000_0001, [0xdead_beef_8000_0000n], x0(MINUS_ONE)],
      [0x8000_0002, [0], x0(MINUS_ONE)],
      [0x8000_0002, [2], x0('0xfffffffffffffffd')],
      [0xc000_0002, [2], x0(MINUS_ONE)],
      [0xc000_0002, [3], x0('0xfffffffffffffffd')],
      [0xc000_0003, [0x1e_1100], x0(MINUS_ONE)],
      [0x8000_8000, [], { x0: '0x5e000000', x1: '0x5e000000' }],
      [0x8000_3fff, [], { x0: '0x5e000000', x1: '0x5e000000' }],
      [0x8000_7fff, [1], x0('0x80007fff')],
      [0x8000_0004, [], x0('0x80000004')],
      [0x8000_ff01, [], x0(MINUS_ONE)],
      [0x8400_ff00, [], x0('0x19')],
      [0x8400_ff01, [], { x0: '0x108d905b', x1: '0x47e8f863', x2: '0xfbc02dae', x3: '0xe2f64156' }],
      [0x8400_ff02, [], x0(MINUS_ONE)],
      [0x8400_ff03, [], { x0: '0x0', x1: '0x1' }],
      [0xc400_ff01, [], x0(MINUS_ONE)],
      [0x8700_ff01, [], x0(MINUS_ONE)],
      [0x8700_ff03, [], x0(MINUS_ONE)],
      [0xc400_0020, [0, 0, 0, 0, 0], x0(MINUS_ONE)],
      [0x8001_0000, [], x0('0x10005')],
      [0x8080_0000, [], x0(MINUS_ONE)],
    ]);
    replay(guest, [[0x8000_8000, [], x0('0x80008000')]], { immediate: 1 });
  });

  test.each([
    ['Cortex-A53', 0x410f_d034],
    ['Cortex-A76', 0x413f_d0b1],
  ])('the default build on a %s', (_, midr) => {
    replay(new TestGuest([archService(arch)], { midr }), [
      [0x8000_0001, [0x8000_8000], x0(MINUS_ONE)],
      [0x8000_0001, [0x8000_7fff], x0('0xfffffffffffffffe')],
      [0x8000_0001, [0x8000_3fff], x0(MINUS_ONE)],
      [0x8000_8000, [], x0('0x80008000')],
      [0x8000_3fff, [], x0('0x80003fff')],
    ]);
  });

  test('the build with every service: feature availability, SDEI, errata management', () => {
    const full: ArchOptions = {
      ...arch,
      features: { ...arch.features, 3221225475: 0 },
      featureAvailability: {
        registers: { 1970432: 0x21_8000n, 1970496: 0x400n, 1970976: 0x808_06c0n },
        unknownRegister: -4,
        smc32: false,
      },
    };
    const errata = [{ erratum: 0xc_5039, cpus: [CORTEX_A57], answer: 'NOT_AFFECTED' }] as const;
    const services = [
      archService(full),
      queries(0x1e, { 7: { uid: VENDOR_UID, revision: { major: 1, minor: 2 } } }),
      sdeiService({ convention }),
      errataService({ errata, convention }),
    ];
    const guest = new TestGuest(services, { midr: 0x411f_d070, hasEl2: true, vcpus: [{ boot: { el: 2 } }] });
    replay(guest, [
      [0x8000_0001, [0xc000_0003], x0('0x0')],
      [0x8000_0003, [0x1e_1100], x0(MINUS_ONE)],
      [0xc000_0003, [0x1e_1100], { x0: '0x0', x1: '0x218000' }],
      [0xc000_0003, [0x1e_1320], { x0: '0x0', x1: '0x80806c0' }],
      [0xc000_0003, [0x1e_1120], { x0: '0xfffffffffffffffc', x1: '0x0' }],
      [0x8400_ff00, [], x0('0x1e')],
      [0x8700_ff00, [], x0(MINUS_ONE)],
      [0x8700_ff01, [], { x0: '0xca1d01b6', x1: '0x7e40c457', x2: '0xeda7f083', x3: '0x6cdff0da' }],
      [0x8700_ff03, [], { x0: '0x1', x1: '0x2' }],
      [0x8400_00f0, [], x0('0x10000')],
      [0x8400_00f1, [0x8400_00f2], x0('0x0')],
      [0x8400_00f2, [0xc_baac, 0], x0('0xfffffffffffffffd')],
      [0x8400_00f2, [0xc_5039, 0], x0('0x2')],
    ]);
    const ENTRY = 0x6000_0010;
    replay(guest, [
      [0xc400_0020, [], x0('0x1000000000000')],
      [0xc400_002c, [], x0('0x0')],
      [0xc400_002b, [], x0('0x1')],
      [0xc400_002b, [], x0('0x0')],
      [0xc400_0027, [0], x0('0xfffffffffffffffd')],
      [0xc400_0021, [0, ENTRY, 0, 0, 0], x0('0x0')],
      [0xc400_0021, [0, ENTRY, 0, 0, 0], x0('0xfffffffffffffffd')],
      [0xc400_0027, [0], x0('0x0')],
      [0xc400_0022, [0], x0('0xfffffffffffffffd')],
      [0xc400_0023, [0], x0('0xfffffffffffffffd')],
      [0xc400_0024, [0], x0('0xfffffffffffffffd')],
      [0xc400_0028, [0], x0('0x0')],
      [0xc400_0021, [0x4d2, ENTRY, 0, 0, 0], x0('0xfffffffffffffffe')],
      [0xc400_0029, [0, 0], x0('0x0')],
      [0xc400_0029, [0, 1], x0('0x0')],
      [0xc400_0029, [0, 2], x0('0x0')],
      [0xc400_0029, [0, 3], x0('0xfffffffffffffffe')],
      [0xc400_002a, [0, 0, 0], x0('0xfffffffffffffffe')],
      [0xc400_002f, [0, 0], x0('0xfffffffffffffffe')],
      [0xc400_0030, [0], x0('0x0')],
      [0xc400_0030, [1], x0('0xfffffffffffffffe')],
      [0xc400_002d, [0x28], x0('0xfffffffffffffff6')],
      [0xc400_002d, [0], x0('0xfffffffffffffffe')],
      [0xc400_002e, [0], x0('0xfffffffffffffffe')],
      [0xc400_0031, [], x0('0x0')],
      [0xc400_0032, [], x0('0x0')],
      [0x8400_0020, [], x0(MINUS_ONE)],
    ]);
  });
});

describe('Linux 6.1 KVM', () => {
  const convention: Partial<Convention> = { immediates: [[0, 0xffff]], ignoredBits: 0, smc64NeedsA64: false };
  const cleared = [
    {
      registers: [
        [0, 0n],
        [1, 0n],
      ],
    },
  ] as const;

  test('the calls of a host that is not vulnerable to CVE-2017-5715', () => {
    const guest = new TestGuest(
      [
        archService({
          version: '1.1',
          convention,
          features: { 3305111584: 0 },
          workarounds: [
            { workaround: 1, feature: 'not-required-here', effects: cleared },
            { workaround: 2, feature: 'not-supported', effects: cleared },
            { workaround: 3, feature: 'not-supported', effects: cleared },
          ],
        }),
        trngService({ convention, zeroBits: 'success', uuid: '0d21e000-4384-11eb-8070-5244554e5a4c' }),
        pvTimeService({ areas: RAM, accumulates: true, convention }),
      ],
      { level: 'el2' },
    );
    replay(guest, [
      [0x8000_0000, [], x0('0x10001')],
      [0x8001_0000, [], x0(MINUS_ONE)],
      [0x8000_0001, [0x8000_0000], x0(MINUS_ONE)],
      [0x8000_0001, [0x8000_8000], x0('0x1')],
      [0x8000_0001, [0x8000_7fff], x0(MINUS_ONE)],
      [0x8000_0001, [0xc500_0020], x0('0x0')],
      [0x8000_0001, [0x1_c500_0020n], x0('0x0')],
      [0x8000_8000, [1], { x0: '0x0', x1: '0x0' }],
      [0x8400_0050, [], x0('0x10000')],
      [0x8400_0052, [], { x0: '0xe0210d', x1: '0xeb118443', x2: '0x44527080', x3: '0x4c5a4e55' }],
      [0xc400_0053, [0], { x0: '0x0', x1: '0x0', x2: '0x0', x3: '0x0' }],
      [0xc500_0021, [], x0('0x40000000')],
    ]);
  });
});

describe('Xen 4.17', () => {
  const convention: Partial<Convention> = { ignoredBits: 0 };
  const fast = (registers: readonly (readonly [number, bigint])[]) => [{ conduit: 'hvc', registers }];
  const services = [
    archService({
      version: '1.1',
      convention,
      features: {},
      workarounds: [
        { workaround: 1, cpus: [CORTEX_A57, CORTEX_A72], feature: 'required', effects: fast([[0, 0n]]) },
        { workaround: 1, feature: 'not-supported', effects: fast([[0, 0n]]) },
        {
          workaround: 2,
          feature: 'required',
          effects: fast([
            [0, 0n],
            [1, 0n],
          ]),
        },
        { workaround: 3, feature: 'not-supported', effects: fast([[0, 0n]]) },
      ],
    }),
    queryService({
      convention,
      owners: {
        4: { count: 0xf, uid: 'f863386f-4b39-4cbd-9220-ce1641e59f6f', revision: { major: 0, minor: 1 } },
        5: {
          count: 3,
          uid: 'a71812dc-c698-4369-9acf-79d18ddee667',
          revision: { major: 0, minor: 1 },
        },
      },
    }),
  ];

  test('by HVC', () => {
    replay(new TestGuest(services, { level: 'el2', midr: 0x411f_d070 }), [
      [0x8000_0000, [], x0('0x10001')],
      [0x8000_0001, [0x8000_0000], x0(MINUS_ONE)],
      [0x8000_0001, [0x8000_7fff], x0('0x0')],
      [0x8000_0001, [0x8000_8000], x0('0x0')],
      [0x8000_0001, [0x8000_3fff], x0(MINUS_ONE)],
      [0x8000_0001, [0x1_8000_8000n], x0('0x0')],
      [0x8000_0002, [0], x0(MINUS_ONE)],
      [0x8000_8000, [0], x0('0x0')],
      [0x8000_7fff, [1], { x0: '0x0', x1: '0x0' }],
      [0x8000_3fff, [0], x0('0x0')],
      [0x8001_0000, [], x0(MINUS_ONE)],
      [0x8400_ff00, [], x0('0xf')],
      [0x8400_ff01, [], { x0: '0x6f3863f8', x1: '0xbd4c394b', x2: '0x16ce2092', x3: '0x6f9fe541' }],
      [0x8500_ff00, [], x0('0x3')],
      [0x8500_ff01, [], { x0: '0xdc1218a7', x1: '0x694398c6', x2: '0xd179cf9a', x3: '0x67e6de8d' }],
      [0x8600_ff01, [], x0(MINUS_ONE)],
    ]);
  });

  test('by SMC a workaround is void', () => {
    const guest = new TestGuest(services, { level: 'outside', midr: 0x411f_d070 });
    replay(guest, [[0x8000_7fff, [1], { x0: '0x80007fff', x1: '0x1' }]], { conduit: 'smc' });
  });
});
