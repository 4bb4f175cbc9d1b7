import { NO_ADDRESS } from '@trapline/core';
import { DACR, explainTranslation, type Regime, translate } from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AF, AP_EL0, AP_READ_ONLY, regime, TABLE_NO_EL0, TABLE_READ_ONLY, Words } from './translation-tables.js';

const EAE = 1n << 31n;
const AFE = 1 << 29;
const EE = 1 << 25;
const fault = (r: Regime, va: number, words: Words, access: 'read' | 'write' = 'read') =>
  explainTranslation(r, BigInt(va), access, words.read);

describe('with the MMU off', () => {
  it('AArch32 addresses are physical', () => {
    const r = regime({ state: 'a32', sctlr: 0 });
    expect(translate(r, 0xffff_fffc, 'write', new Words().read)).toBe(0xffff_fffc);
  });
});

describe('long descriptors in AArch32', () => {
  /** Which TTBR translates an address, from how many bits: DDI 0487's table of TTBCR.T0SZ and T1SZ in sentences. */
  function rangeOf(va: number, t0sz: number, t1sz: number): readonly ['ttbr0' | 'ttbr1', bits: number] | undefined {
    const lowerEnd = 2 ** (32 - t0sz);
    const upperStart = 2 ** 32 - 2 ** (32 - t1sz);
    if (t0sz === 0 && t1sz === 0) return ['ttbr0', 32];
    if (t1sz === 0) return va < lowerEnd ? ['ttbr0', 32 - t0sz] : ['ttbr1', 32];
    if (t0sz === 0) return va >= upperStart ? ['ttbr1', 32 - t1sz] : ['ttbr0', 32];
    if (va < lowerEnd) return ['ttbr0', 32 - t0sz];
    return va >= upperStart ? ['ttbr1', 32 - t1sz] : undefined;
  }

  const address = fc.oneof(
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc
      .tuple(fc.integer({ min: 24, max: 31 }), fc.boolean(), fc.integer({ min: -2, max: 2 }))
      .map(([bit, top, step]) => {
        return ((top ? 2 ** 32 - 2 ** bit : 2 ** bit) + step * 0x1000) % 2 ** 32;
      }),
  );

  it('translate each page through the TTBR and from the level that TTBCR sets', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 0, max: 7 }),
        address,
        fc.bigInt(0n, 0xfff_ffffn),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        (t0sz, t1sz, va, frame, leaf, bigEndian) => {
          const range = rangeOf(va, t0sz, t1sz);
          const words = new Words(bigEndian);
          const settings = {
            state: 'a32' as const,
            sctlr: bigEndian ? EE | 1 : 1,
            tcr: EAE | BigInt(t0sz) | (BigInt(t1sz) << 16n),
          };
          if (!range) {
            const r = regime({ ...settings, ttbr0: 0x1000n, ttbr1: 0x1000n });
            expect(fault(r, va, words)).toEqual({ kind: 'translation', level: 1, status: 5, format: 'long' });
            return;
          }
          const [ttbr, bits] = range;
          const start = bits > 30 ? 1 : 2;
          const last = Math.max(leaf, start);
          let table = 0x80_0000_0000;
          const root = table;
          let width = bits;
          let shift = 0;
          for (let level = start; level <= last; level++) {
            shift = [0, 30, 21, 12][level] as number;
            const index = Math.floor((va % 2 ** width) / 2 ** shift);
            const next = table + 0x10_0000;
            const descriptor =
              level === last
                ? (((frame << 12n) >> BigInt(shift)) << BigInt(shift)) | AF | AP_EL0 | (level === 3 ? 3n : 1n)
                : BigInt(next) | 3n;
            words.put64(table + index * 8, descriptor);
            table = next;
            width = shift;
          }
          const r = regime({ ...settings, [ttbr]: BigInt(root) });
          const expected = ((frame << 12n) >> BigInt(shift)) << BigInt(shift);
          expect(translate(r, va, 'write', words.read)).toBe(Number(expected) + (va % 2 ** shift));
        },
      ),
      { numRuns: 500 },
    );
  });

  const tables = () => {
    const words = new Words();
    words.put64(0x4000, 0x5000n | 3n);
    words.put64(0x5000, 0x6000n | 3n);
    words.put64(0x6000, 0x8000_0000n | AF | 3n);
    return { words, settings: { state: 'a32', tcr: EAE, ttbr0: 0x4000n } as const };
  };

  it('restrict as AArch64 ones do', () => {
    const { words, settings } = tables();
    const user = regime({ ...settings, privileged: false });
    expect(fault(user, 0, words)).toMatchObject({ kind: 'permission', level: 3, status: 0b001111 });
    words.put64(0x6000, 0x8000_0000n | AF | AP_EL0 | 3n);
    expect(fault(user, 0, words, 'write')).toBeUndefined();
    words.put64(0x5000, 0x6000n | TABLE_NO_EL0 | 3n);
    expect(fault(user, 0, words)).toMatchObject({ kind: 'permission' });
    words.put64(0x4000, 0x5000n | TABLE_READ_ONLY | 3n);
    expect(fault(regime(settings), 0, words, 'write')).toMatchObject({ kind: 'permission' });
    words.put64(0x4000, 0x5000n | 3n);
    words.put64(0x6000, 0x8000_0000n | AP_READ_ONLY | 3n);
    expect(fault(regime(settings), 0, words)).toMatchObject({ kind: 'access-flag', level: 3, status: 0b001011 });
  });

  it('have 40 bits of address, and ranges that can be disabled', () => {
    const { words, settings } = tables();
    words.put64(0x6000, (1n << 40n) | AF | 3n);
    expect(fault(regime({ ...settings, addressBits: 48 }), 0, words)).toMatchObject({ kind: 'address-size', level: 3 });
    expect(fault(regime({ ...settings, ttbr0: 1n << 40n }), 0, words)).toMatchObject({
      kind: 'address-size',
      level: 0,
    });
    expect(fault(regime({ ...settings, tcr: EAE | (1n << 7n) }), 0, words)).toMatchObject({
      kind: 'translation',
      level: 1,
    });
    const epd1 = regime({ ...settings, tcr: EAE | (1n << 23n) | 1n, ttbr1: 0x4000n });
    expect(fault(epd1, 0x8000_0000, words)).toMatchObject({ kind: 'translation', level: 1, status: 5 });
  });

  it('are the only ones of Hyp mode, which has one range', () => {
    const { words, settings } = tables();
    const hyp = { state: 'a32', ranges: 1, ttbr0: settings.ttbr0 } as const;
    expect(translate(regime({ ...hyp, tcr: 0n }), 0x123, 'write', words.read)).toBe(0x8000_0123);
    expect(fault(regime({ ...hyp, tcr: 1n }), 0x8000_0000, words)).toMatchObject({ kind: 'translation', level: 1 });
    words.put64(0x4000 + 24, 0x4000_0000n | AF | 1n);
    expect(translate(regime({ ...hyp, tcr: 0n }), 0xffff_ffff, 'write', words.read)).toBe(0x7fff_ffff);
  });
});

describe('short descriptors', () => {
  const TABLE = 0x10_0000;
  const SECOND = 0x20_0000;
  const client = (settings: Parameters<typeof regime>[0] = {}, dacr = 0x5555_5555): Regime => {
    const r = regime({ state: 'a32', ttbr0: BigInt(TABLE), ...settings });
    r.registers.x[DACR] = BigInt(dacr);
    return r;
  };
  // AP[0], full access without AFE: AP[1:0] = 3.
  const SECTION_FULL = 0xc02;
  const SMALL_FULL = 0x32;
  const LARGE_FULL = 0x31;

  it('map sections, supersections, large and small pages', () => {
    const address = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(address, address, fc.integer({ min: 0, max: 255 }), fc.boolean(), (va, pa, high, bigEndian) => {
        const r = client({ sctlr: bigEndian ? EE | 1 : 1 });
        const first = TABLE + Math.floor(va / 2 ** 20) * 4;
        const second = SECOND + (Math.floor(va / 2 ** 12) % 256) * 4;
        const base = (size: number): number => pa - (pa % size);
        const translated = (l1: number, l2?: number): number => {
          const words = new Words(bigEndian);
          words.put32(first, l1 >>> 0);
          if (l2 !== undefined) words.put32(second, l2 >>> 0);
          return translate(r, va, 'write', words.read);
        };
        expect(translated(base(2 ** 20) | SECTION_FULL)).toBe(base(2 ** 20) + (va % 2 ** 20));
        const extended = base(2 ** 24) | ((high & 15) << 20) | ((high >> 4) << 5) | 0x4_0000 | SECTION_FULL;
        expect(translated(extended)).toBe(high * 2 ** 32 + base(2 ** 24) + (va % 2 ** 24));
        expect(translated(SECOND | 1, base(2 ** 16) | LARGE_FULL)).toBe(base(2 ** 16) + (va % 2 ** 16));
        expect(translated(SECOND | 1, base(2 ** 12) | SMALL_FULL)).toBe(base(2 ** 12) + (va % 2 ** 12));
        expect(translated(SECOND | 1, base(2 ** 12) | SMALL_FULL | 1)).toBe(base(2 ** 12) + (va % 2 ** 12));
        expect(translated(base(2 ** 20) | SECTION_FULL | 1)).toBe(base(2 ** 20) + (va % 2 ** 20));
      }),
      { numRuns: 200 },
    );
  });

  it('take the TTBR that TTBCR.N chooses', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 0xffff_ffff }), (n, va) => {
        const words = new Words();
        const lower = n === 0 || va < 2 ** (32 - n);
        // TTBR0's table is 16 KiB shifted right by N, and aligned so; what lies below its base in the register is not
        // part of the address.
        const size0 = 2 ** (14 - n);
        const table0 = TABLE + size0;
        const table1 = SECOND;
        const index = Math.floor((lower ? va % 2 ** (32 - n) : va) / 2 ** 20);
        words.put32((lower ? table0 : table1) + index * 4, 0x4000_0000 | SECTION_FULL);
        const r = client({ tcr: BigInt(n), ttbr0: BigInt(table0) | 0x4an, ttbr1: BigInt(table1) | 0x4an });
        expect(translate(r, va, 'read', words.read)).toBe(0x4000_0000 + (va % 2 ** 20));
        const disabled = client({
          tcr: BigInt(n) | (lower ? 0x10n : 0x20n),
          ttbr0: BigInt(table0),
          ttbr1: BigInt(table1),
        });
        expect(fault(disabled, va, words)).toEqual({ kind: 'translation', level: 1, status: 0b00101, format: 'short' });
      }),
    );
  });

  it('fault with the codes of DFSR', () => {
    const words = new Words();
    expect(fault(client(), 0, words)).toEqual({ kind: 'external-abort', level: 1, status: 0b01100, format: 'short' });
    words.put32(TABLE, 0);
    expect(fault(client(), 0, words)).toEqual({ kind: 'translation', level: 1, status: 0b00101, format: 'short' });
    words.put32(TABLE, SECOND | 1);
    expect(fault(client(), 0, words)).toEqual({ kind: 'external-abort', level: 2, status: 0b01110, format: 'short' });
    words.put32(SECOND, 0);
    // The second level's descriptor is looked at before the domain.
    expect(fault(client({}, 0), 0, words)).toEqual({
      kind: 'translation',
      level: 2,
      status: 0b00111,
      format: 'short',
    });
  });

  it('obey the domain: no access, client, reserved, manager', () => {
    for (const domain of [0, 1, 9, 15]) {
      for (const level of [1, 2] as const) {
        const words = new Words();
        // No access for anybody in AP: only a manager gets through.
        words.put32(TABLE, level === 1 ? (domain << 5) | 2 : SECOND | (domain << 5) | 1);
        words.put32(SECOND, 2);
        const kinds = [0, 1, 2, 3].map((value) => {
          const dacr = (0xffff_ffff ^ (3 << (2 * domain))) | (value << (2 * domain));
          return fault(client({}, dacr >>> 0), 0, words);
        });
        const denied = { kind: 'domain', level, status: level === 1 ? 0b01001 : 0b01011, format: 'short' };
        const refused = { kind: 'permission', level, status: level === 1 ? 0b01101 : 0b01111, format: 'short' };
        expect(kinds).toEqual([denied, refused, denied, undefined]);
      }
    }
  });

  it('of supersections are in domain 0, whatever bits 8:5 say', () => {
    const words = new Words();
    words.put32(TABLE, 0x4_0000 | (15 << 5) | SECTION_FULL);
    expect(fault(client({}, 1), 0, words)).toBeUndefined();
    expect(fault(client({}, 0xffff_fffc), 0, words)).toMatchObject({ kind: 'domain' });
  });

  // Who may: privileged read, privileged write, user read, user write (DDI 0487, table G5-9).
  const plain: [ap: number, may: string][] = [
    [0b000, '----'],
    [0b001, 'rw--'],
    [0b010, 'rwr-'],
    [0b011, 'rwrw'],
    [0b100, '----'],
    [0b101, 'r---'],
    [0b110, 'r-r-'],
    [0b111, 'r-r-'],
  ];
  // With the access flag in AP[0] (table G5-8).
  const simplified: [ap: number, may: string][] = [
    [0b001, 'rw--'],
    [0b011, 'rwrw'],
    [0b101, 'r---'],
    [0b111, 'r-r-'],
  ];

  function rights(ap: number, sctlr: number): string[] {
    const section = new Words();
    section.put32(TABLE, ((ap & 4) << 13) | ((ap & 3) << 10) | 2);
    const page = new Words();
    page.put32(TABLE, SECOND | 1);
    page.put32(SECOND, ((ap & 4) << 7) | ((ap & 3) << 4) | 2);
    return [section, page].map((words) =>
      [true, false]
        .flatMap((privileged) =>
          (['read', 'write'] as const).map((access) => {
            const why = fault(client({ sctlr: sctlr | 1, privileged }), 0, words, access);
            if (why) expect(why.kind).toBe('permission');
            return why ? '-' : access.slice(0, 1);
          }),
        )
        .join(''),
    );
  }

  it.each(plain)('allow with AP %i what the architecture says: %s', (ap, may) => {
    expect(rights(ap, 0)).toEqual([may, may]);
  });

  it.each(simplified)('allow with AFE and AP %i: %s', (ap, may) => {
    expect(rights(ap, AFE)).toEqual([may, may]);
  });

  it('have with AFE an access flag, before the domain', () => {
    const words = new Words();
    words.put32(TABLE, (2 << 10) | 2);
    const afe = { sctlr: AFE | 1 };
    expect(fault(client(afe, 0), 0, words)).toEqual({
      kind: 'access-flag',
      level: 1,
      status: 0b00011,
      format: 'short',
    });
    words.put32(TABLE, SECOND | 1);
    words.put32(SECOND, 0x22);
    expect(fault(client(afe), 0, words)).toEqual({ kind: 'access-flag', level: 2, status: 0b00110, format: 'short' });
    expect(translate(client(afe), 0, 'read', words.read)).toBe(NO_ADDRESS);
  });
});
