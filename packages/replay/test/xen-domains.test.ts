import { describe, expect, it } from 'vitest';
import { guest, hypercall, ONE, playToy, type ToyFaults, TWO, wordsOf } from './toy-xen.js';

const A = { domain: 1, cpu: 0 };
const B = { domain: 2, cpu: 0 };
const irq = { kind: 'irq', vector: '0x280', elrMinusInsn: '0x4', spsr: '0x345' };
const at = (addr: string, digits: string, more: object = {}) => ({ at: 'x0', addr, hex: digits, ...more });

const open = (actor: object): readonly object[] => [
  guest('sysreg', { ...actor, name: 'ICC_PMR_EL1', value: '0xf0' }),
  guest('sysreg', { ...actor, name: 'ICC_IGRPEN1_EL1', value: '0x1' }),
  guest('mmio', { ...actor, addr: '0x3030100', size: 4, value: '0x80000000' }),
];
const STORE = hypercall(1, [0x4001_0000, 0x5a], '0x0', {
  ...A,
  memIn: [at('0x40010000', '0000')],
  memOut: [at('0x40010000', '5a00')],
});
const SHARE = (writable: number, more: object = {}) =>
  hypercall(4, [0x4_0011, 2, 0x3_0000, writable], '0x0', {
    ...A,
    memAlso: [{ domain: 2, addr: '0x30000000', page: 'mapped' }],
    ...more,
  });
const THROUGH = guest('write', {
  ...B,
  addr: '0x30000010',
  hex: 'beef',
  memAlso: [{ domain: 1, addr: '0x40011010', hex: 'beef' }],
});
const UNSHARE = hypercall(5, [0x3_0000], '0x0', { ...B, memAlso: [{ domain: 2, addr: '0x30000000', page: 'hole' }] });
const ABORT = { kind: 'sync', vector: '0x200', esr: '0x96000000', far: '0x30000000' };
const BLOCK = hypercall(3, [], null, { ...B, blocks: true, returns: 'later', waiting: [2] });
const WAKE = hypercall(2, [2, 0], '0x0', { ...A, waiting: [] });
const RETURN = { op: 'return', ...B, out: { x0: '0x0' }, exception: irq };

/** Steps that the toy carries out as they say. */
const STEPS: readonly (readonly [string, readonly object[]])[] = [
  ['operands before and after a call', [STORE]],
  ['a page that is shared, written through and taken away', [SHARE(1), THROUGH, UNSHARE]],
  [
    'loads and stores in a hole',
    [
      guest('write', { ...B, addr: '0x30000000', hex: 'aa', exception: ABORT, bytesStored: 0 }),
      { op: 'mem', ...B, addr: '0x30000000', len: 16, fault: { esr: '0x96000000', far: '0x30000000' } },
    ],
  ],
  [
    'a store that runs into a hole after some bytes',
    [
      SHARE(1),
      guest('write', {
        ...B,
        addr: '0x30000ffd',
        hex: '0102030405',
        exception: { ...ABORT, far: '0x30001000' },
        bytesStored: 3,
        memAlso: [{ domain: 1, addr: '0x40011ffd', hex: '010203' }],
      }),
      { op: 'mem', ...B, addr: '0x30000ffc', len: 8, fault: { esr: '0x96000000', far: '0x30001000' } },
    ],
  ],
  [
    'a store to a page that may only be read never completes, and the other goes on',
    [SHARE(0), guest('write', { ...B, addr: '0x30000000', hex: 'aa', returns: false, noReturn: true }), STORE],
  ],
  ['a call that waits until another domain wakes it', [...open(B), BLOCK, STORE, WAKE, RETURN]],
  [
    'one that waits for what was injected while it was disabled',
    [...open(B).slice(0, 2), BLOCK, WAKE, { ...RETURN, exception: undefined }],
  ],
  ['a call that ends its domain', [hypercall(6, [3], null, { ...B, returns: false, noReturn: true }), STORE]],
  [
    'an exception of the caller',
    [
      hypercall(8, [], '0x0', {
        ...A,
        in: { x0: '0x0', x16: '0x8' },
        exception: { kind: 'sync', vector: '0x200', esr: '0x2000000', elrMinusInsn: '0x0', spsr: '0x3c5' },
      }),
      STORE,
    ],
  ],
  [
    'time that passes before memory is looked at',
    [
      hypercall(1, [0x4001_0000, 1], '0x0', {
        ...A,
        settleMs: 5,
        memAlso: [{ domain: 1, addr: '0x40010000', hex: '01' }],
      }),
    ],
  ],
  [
    'bytes that vary, which the next looks take as they are',
    [
      hypercall(1, [0x4001_0000, 0x77], '0x0', {
        ...A,
        memIn: [at('0x40010000', '00')],
        memOut: [at('0x40010000', '11')],
        volatileBytes: [{ at: 'x0', from: 0, to: 1 }],
      }),
      STORE,
    ],
  ],
];

describe('steps of several domains', () => {
  it.each(STEPS)('are equal: %s', (_, steps) => {
    const report = playToy(TWO, steps);
    expect(wordsOf(report)).toEqual([]);
    expect(report.different + report.skipped).toBe(0);
  });

  it('begin with what the programs had set up', () => {
    const setup = [guest('daif', { ...A, value: '0x3c0' }), ...open(B)];
    expect(wordsOf(playToy({ ...TWO, setup }, [BLOCK, WAKE, RETURN]))).toEqual([]);
  });

  it.each<[string, readonly object[], ToyFaults, readonly (string | number | null)[]]>([
    ['a byte that nobody said', [STORE], { storesOneMore: true }, [0, 'mem:0x40010001', '00', '01', '']],
    [
      'a byte in another domain',
      [STORE],
      { touches: { domain: 2, address: 0x4001_2003 } },
      [0, 'domain 2 mem:0x40012003', '00', '01', ''],
    ],
    [
      'a call that does not wait',
      [BLOCK],
      { neverBlocks: true },
      [0, 'end', 'did not come back', 'returned x0 0x0', ''],
    ],
    [
      'a domain that sleeps on',
      [...open(B), BLOCK, WAKE],
      { signalsNobody: true },
      [4, 'domain 2', 'running', 'waits', ''],
    ],
    [
      'a mask that stays',
      [...open(B), BLOCK, WAKE, RETURN],
      { keepsMask: true },
      [5, 'exception', 'taken', 'none', ''],
    ],
    [
      'a page that cannot be written',
      [SHARE(1), THROUGH],
      { mapsReadOnly: true },
      [1, 'mem:0x30000010', 'stored', 'never completes', ''],
    ],
  ])('show a fault of the hypervisor: %s', (_, steps, faults, finding) => {
    expect(wordsOf(playToy(TWO, steps, {}, faults))).toContainEqual(finding);
  });

  it('show a difference where it arises, and once', () => {
    expect(
      wordsOf(playToy(TWO, [STORE, SHARE(1), WAKE], {}, { touches: { domain: 2, address: 0x4001_2003 } })),
    ).toHaveLength(1);
  });

  it.each<[string, readonly object[], string]>([
    ['a page that came', [SHARE(1, { memAlso: [] })], 'domain 2 page:0x30000000'],
    [
      'a page that did not',
      [STORE, hypercall(2, [1, 0], '0x0', { ...A, memAlso: [{ domain: 2, addr: '0x30001000', page: 'mapped' }] })],
      'domain 2 page:0x30001000',
    ],
    [
      'an abort that does not happen',
      [guest('write', { ...A, addr: '0x40010000', hex: '00', exception: ABORT })],
      'mem:0x40010000',
    ],
    [
      'the address of an abort',
      [guest('write', { ...B, addr: '0x30000000', hex: 'aa', exception: { ...ABORT, far: '0x1' } })],
      'exception.far',
    ],
    [
      'its syndrome',
      [guest('write', { ...B, addr: '0x30000000', hex: 'aa', exception: { ...ABORT, esr: '0x1' } })],
      'exception.esr',
    ],
    [
      'the bytes before it',
      [guest('write', { ...B, addr: '0x30000000', hex: 'aa', exception: ABORT, bytesStored: 1 })],
      'bytesStored',
    ],
    [
      'a hole that is memory',
      [{ op: 'mem', ...A, addr: '0x40010000', fault: { esr: '0x96000000', far: '0x40010000' } }],
      'mem:0x40010000',
    ],
    ['bytes in memory', [{ op: 'mem', ...A, addr: '0x40010000', hex: '01' }], 'mem:0x40010000'],
    ['who waits', [...open(B), BLOCK, { ...WAKE, waiting: [2] }], 'domain 2'],
    ['what a wait returned', [...open(B), BLOCK, WAKE, { ...RETURN, out: { x0: '0x1' } }], 'x0'],
    ['a wait that never ends', [BLOCK, RETURN], 'end'],
    ['an operand without memory', [hypercall(1, [0, 0], '0x0', { ...A, memIn: [at('0x1000', '00')] })], 'mem:0x1000'],
  ])('are seen through where a recording is wrong about %s', (_, steps, what) => {
    expect(wordsOf(playToy(TWO, steps)).map(([, found]) => found)).toContain(what);
  });

  it('of a domain that is not there are skipped', () => {
    const steps = [
      { ...STORE, domain: 7 },
      { op: 'mem', domain: 7, addr: '0x0', hex: '00' },
      guest('ack', { domain: 7 }),
      { ...STORE, memAlso: [{ domain: 7, addr: '0x0', hex: '00' }] },
    ];
    expect(playToy(TWO, steps).details.map(({ verdict, step }) => [verdict, step])).toEqual(
      [0, 1, 2, 3].map((i) => ['skipped', i]),
    );
  });

  it('need domains in the environment', () => {
    expect(wordsOf(playToy({}, [STORE]))[0]?.[4]).toContain('environment.domain');
  });
});

describe('the end of a scenario', () => {
  const shutdown = hypercall(6, [4], null, { returns: false, noReturn: true });
  const watched = { ...ONE, otherDomains: [0] };
  const seen = { returns: false, shutdown: true, shutdownCode: 4, blocked: false, domainFlags: '0x40006' };
  const blocked = hypercall(3, [], null, { returns: false, noReturn: true });
  const dom0 = { ...ONE, domain: { ...(ONE as { domain: object }).domain, domid: 0 } };
  const ends = (environment: object, steps: readonly object[], observed: object, faults: ToyFaults = {}) =>
    wordsOf(playToy(environment, steps, { observed }, faults)).map(([, what]) => what);

  it('is what the control domain sees', () => {
    expect(ends(watched, [shutdown, { op: 'delay', ms: 3000 }], seen)).toEqual([]);
    const waits = { returns: false, shutdown: false, shutdownCode: null, blocked: true, domainFlags: '0xffff0012' };
    expect(ends(watched, [blocked, { op: 'delay', ms: 10 }], waits)).toEqual([]);
    expect(ends(watched, [shutdown], seen, { code: 5 })).toEqual(['observed shutdownCode', 'observed domainFlags']);
    expect(ends(watched, [shutdown], seen, { flagsWrong: true })).toEqual(['observed domainFlags']);
    expect(ends(watched, [STORE_ONE], seen)).toHaveLength(4);
  });

  it('is looked at on the way too, unless that varies', () => {
    const sample = (ms: number) => ({ ms, shutdown: false, domainFlags: '0xffff0012' });
    const observed = { samples: [sample(10), sample(20), sample(99)] };
    expect(ends(watched, [blocked, { op: 'delay', ms: 30 }], observed)).toEqual(['']);
    expect(ends(watched, [blocked, { op: 'delay', ms: 100 }], observed)).toEqual([]);
    expect(ends(watched, [shutdown, { op: 'delay', ms: 100 }], { ...observed, volatile: ['samples'] })).toEqual([]);
    expect(ends(watched, [shutdown, { op: 'delay', ms: 100 }], observed)).toHaveLength(6);
  });

  it('is that its program goes on, where nobody else can look', () => {
    expect(ends(ONE, [STORE_ONE], { returns: true, shutdown: false, blocked: false, wokenBy: null })).toEqual([]);
    expect(ends(ONE, [blocked], { returns: true, shutdown: false })).toEqual(['observed returns', '']);
  });

  it('tells what woke it', () => {
    const steps = [...open({}), hypercall(2, [1, 0], '0x0'), hypercall(3, [], '0x0', { exception: irq })];
    const woken = (intid: number, taken: boolean) => ({ wokenBy: { intid, pending: true, taken } });
    expect(ends(ONE, steps, woken(31, true))).toEqual([]);
    expect(ends(ONE, steps, woken(27, false))).toEqual(['observed wokenBy', 'observed pending', 'observed taken']);
  });

  it('of the control domain is the machine’s', () => {
    const off = { returns: false, machine: 'off', afterMs: 0, shutdown: true, shutdownCode: null };
    expect(ends(dom0, [shutdown], off)).toEqual([]);
    expect(ends(dom0, [shutdown], off, { endsOtherwise: true })).toEqual(['observed machine']);
    const later = hypercall(7, [5000], null, { returns: false, noReturn: true });
    expect(ends(dom0, [later], { machine: 'reset', afterMs: 5000 })).toEqual([]);
    expect(ends(dom0, [later], { machine: 'reset', afterMs: 4500 })).toEqual(['observed afterMs']);
    expect(ends(dom0, [later, { op: 'delay', ms: 15 }], { machine: 'running', afterMs: null })).toEqual([]);
  });
});

const STORE_ONE = hypercall(1, [0x4001_0000, 0], '0x0');
