import { NO_ADDRESS } from '@trapline/core';
import { explainTranslation, type Regime, TCR, translate, translateHalves } from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AF,
  AP_EL0,
  AP_READ_ONLY,
  addressField,
  DBM,
  GRANULES,
  type Granule,
  mask,
  regime,
  startLevel,
  TABLE_NO_EL0,
  TABLE_READ_ONLY,
  TableBuilder,
  tcrEl1,
  ttbrOf,
  Words,
} from './translation-tables.js';

const halves = (r: Regime, va: bigint, access: 'read' | 'write', words: Words): number =>
  translateHalves(r, Number(va & mask(32)), Number((va >> 32n) & mask(32)), access, words.read);
const fault = (r: Regime, va: bigint, words: Words, access: 'read' | 'write' = 'read') =>
  explainTranslation(r, va, access, words.read);

/** Hands out table addresses, aligned to their size, spread over the physical address space. */
function allocator(addressBits: number, seed: number): (size: number) => number {
  let count = 0;
  return (size) => {
    count++;
    // Spread by an odd multiplier; each table in a slot of 64 KiB of its own.
    const slots = 2 ** (addressBits - 17);
    const slot = ((seed + 1) * 0x9e3779b1 + count * 0x85ebca6b) % slots;
    const address = (slot + (count & 1) * slots) * 0x1_0000;
    return address - (address % size);
  };
}

interface Shape {
  readonly granule: Granule;
  readonly wide: boolean;
  readonly sizeOffset: number;
  readonly upper: boolean;
  readonly bigEndian: boolean;
  readonly seed: number;
}

const shapes: fc.Arbitrary<Shape> = fc
  .record({
    granule: fc.constantFrom(...GRANULES),
    wide: fc.boolean(),
    upper: fc.boolean(),
    bigEndian: fc.boolean(),
    seed: fc.nat(1_000_000),
  })
  .chain((shape) => {
    const sizes = fc.integer({ min: shape.wide ? 12 : 16, max: shape.granule.kib === 64 ? 47 : 48 });
    return sizes.map((sizeOffset) => ({ ...shape, sizeOffset }));
  });

const raw = fc.record({
  va: fc.bigInt(0n, mask(64)),
  pa: fc.bigInt(0n, mask(52)),
  depth: fc.nat(3),
  probe: fc.bigInt(0n, mask(64)),
});

/** Builds random tables, and what they say as a plain list. */
function build(shape: Shape, list: readonly { va: bigint; pa: bigint; depth: number }[]) {
  const { granule, wide, sizeOffset, upper, seed } = shape;
  const physical = wide ? 52 : 48;
  const words = new Words(shape.bigEndian);
  const builder = new TableBuilder(words, granule, sizeOffset, wide, allocator(physical, seed));
  const first = startLevel(granule, sizeOffset);
  const leaves = (wide ? granule.leaves52 : granule.leaves).filter((level) => level >= first);
  const inputBits = 64 - sizeOffset;
  const top = upper ? mask(64) & ~mask(inputBits) : 0n;
  const mapped: { va: bigint; pa: bigint; bits: number }[] = [];
  for (const { va, pa, depth } of list) {
    const level = leaves[depth % leaves.length] as number;
    const bits = builder.shift(level);
    const page = va & mask(inputBits) & ~mask(bits);
    const frame = pa & mask(physical) & ~mask(bits);
    if (builder.map(page, frame, level)) mapped.push({ va: top | page, pa: frame, bits });
  }
  const t = upper ? [16, sizeOffset] : [sizeOffset, 16];
  const r = regime({
    sctlr: shape.bigEndian ? 0x200_0001 : 1,
    addressBits: physical,
    tcr: tcrEl1(granule, t[0] as number, t[1] as number, physical, wide && granule.kib !== 64),
    [upper ? 'ttbr1' : 'ttbr0']: ttbrOf(builder.root),
  });
  return { words, builder, mapped, regime: r, top, inputBits, first };
}

describe('VMSAv8-64 tables of every granule and size, in both ranges and byte orders', () => {
  it('translate each mapped byte to its frame', () => {
    fc.assert(
      fc.property(shapes, fc.array(raw, { minLength: 1, maxLength: 8 }), (shape, list) => {
        const { words, mapped, regime } = build(shape, list);
        expect(mapped.length).toBeGreaterThan(0);
        for (const { va, pa, bits } of mapped) {
          for (const offset of [0n, mask(bits), (list[0]?.probe ?? 0n) & mask(bits)]) {
            const expected = Number(pa | offset);
            expect(halves(regime, va | offset, 'read', words)).toBe(expected);
            const signed = Number(BigInt.asIntN(64, va | offset));
            if (Number.isSafeInteger(signed) && signed !== NO_ADDRESS) {
              expect(translate(regime, signed, 'write', words.read)).toBe(expected);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('fault for every other address at the level where the walk ends', () => {
    fc.assert(
      fc.property(shapes, fc.array(raw, { minLength: 1, maxLength: 6 }), (shape, list) => {
        const { words, builder, mapped, regime, top, inputBits, first } = build(shape, list);
        for (const { probe } of list) {
          const va = top | (probe & mask(inputBits));
          if (mapped.some((one) => one.va === (va & ~mask(one.bits)))) continue;
          // The level is the first at which no mapped page shares the address' upper bits.
          const shared = (level: number): boolean =>
            mapped.some(({ va: page, bits }) => {
              const shift = BigInt(builder.shift(level));
              return bits <= shift && page >> shift === va >> shift;
            });
          let level = first;
          while (level < 3 && shared(level)) level++;
          expect(fault(regime, va, words)).toMatchObject({ kind: 'translation', level, format: 'long' });
          expect(halves(regime, va, 'read', words)).toBe(NO_ADDRESS);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('hold no address outside the range that TnSZ sets', () => {
    fc.assert(
      fc.property(shapes, raw, fc.bigInt(0n, mask(64)), (shape, one, other) => {
        const { words, regime, top, inputBits } = build(shape, [one]);
        const va = (other & ~(1n << 55n)) | (shape.upper ? 1n << 55n : 0n);
        fc.pre((va & ~mask(inputBits)) !== top);
        expect(fault(regime, va, words)).toEqual({ kind: 'translation', level: 0, status: 4, format: 'long' });
      }),
    );
  });
});

/** One 4 KiB page at 0x12345000 under a three-level table, its leaf and table descriptors as given. */
function onePage(flags: bigint, tableFlags = 0n, granule = GRANULES[0] as Granule, addressBits: 40 | 48 = 48) {
  const words = new Words();
  const builder = new TableBuilder(words, granule, 25, false, allocator(36, 1));
  const va = 0x1234_5000n;
  const place = builder.slot(va, 3, tableFlags);
  words.put64(place, 0x8000_0000n | flags | 3n);
  const settings = { tcr: tcrEl1(granule, 25, 25, addressBits), ttbr0: ttbrOf(builder.root), addressBits };
  return { words, builder, place, va, settings };
}

describe('permissions', () => {
  // AP[2:1], APTable[1:0]: who may do what (DDI 0487, D8.4.1).
  const cases = [0, 1, 2, 3].flatMap((ap) => [0, 1, 2, 3].map((apTable) => ({ ap, apTable })));

  it.each(cases)('of AP $ap under APTable $apTable are those of the architecture', ({ ap, apTable }) => {
    const flags = AF | (ap & 1 ? AP_EL0 : 0n) | (ap & 2 ? AP_READ_ONLY : 0n);
    const tableFlags = (apTable & 1 ? TABLE_NO_EL0 : 0n) | (apTable & 2 ? TABLE_READ_ONLY : 0n);
    const { words, va, settings } = onePage(flags, tableFlags);
    const readOnly = (ap & 2) !== 0 || (apTable & 2) !== 0;
    const closed = (ap & 1) === 0 || (apTable & 1) !== 0;
    for (const privileged of [true, false]) {
      const r = regime({ ...settings, privileged });
      const mayRead = privileged || !closed;
      const denied = { kind: 'permission', level: 3, status: 0b001111 };
      expect(fault(r, va, words, 'read')).toEqual(mayRead ? undefined : expect.objectContaining(denied));
      const mayWrite = mayRead && !readOnly;
      expect(fault(r, va, words, 'write')).toEqual(mayWrite ? undefined : expect.objectContaining(denied));
    }
    // With TCR_EL1.HPD0, table descriptors restrict nothing.
    const free = regime({ ...settings, tcr: settings.tcr | (1n << 41n) });
    expect(fault(free, va, words, 'write') === undefined).toBe((ap & 2) === 0);
  });

  it('of hierarchical attributes hold from every level', () => {
    const { words, builder, va, settings } = onePage(AF | AP_EL0);
    for (const level of [1, 2]) {
      const place = builder.slot(va, level);
      const descriptor = words.get64(place);
      words.put64(place, descriptor | TABLE_READ_ONLY);
      expect(fault(regime(settings), va, words, 'write')).toMatchObject({ kind: 'permission' });
      words.put64(place, descriptor);
      expect(fault(regime(settings), va, words, 'write')).toBeUndefined();
    }
  });

  it('of EL2 alone do not look at AP[1]', () => {
    const { words, va, settings } = onePage(AF);
    const r = regime({ ranges: 1, tcr: 25n | (5n << 16n), ttbr0: settings.ttbr0 });
    expect(fault(r, va, words, 'write')).toBeUndefined();
  });
});

describe('the access flag', () => {
  it('has to be set, before the permission counts', () => {
    const { words, va, settings } = onePage(AP_READ_ONLY);
    const expected = { kind: 'access-flag', level: 3, status: 0b001011, format: 'long' };
    expect(fault(regime(settings), va, words, 'write')).toEqual(expected);
  });

  it('is set by a PE that manages it, if TCR says so; and DBM makes a page writable', () => {
    const HA = 1n << 39n;
    const HD = 1n << 40n;
    const { words, va, settings } = onePage(AP_READ_ONLY | DBM);
    const kind = (tcr: bigint, managesFlags: boolean) =>
      fault(regime({ ...settings, tcr: settings.tcr | tcr, managesFlags }), va, words, 'write')?.kind;
    expect([kind(HA | HD, false), kind(0n, true), kind(HD, true), kind(HA, true), kind(HA | HD, true)]).toEqual([
      'access-flag',
      'access-flag',
      'access-flag',
      'permission',
      undefined,
    ]);
    const el2 = (tcr: bigint) =>
      fault(
        regime({ ranges: 1, tcr: 25n | (5n << 16n) | tcr, ttbr0: settings.ttbr0, managesFlags: true }),
        va,
        words,
        'write',
      )?.kind;
    expect([el2(0n), el2(1n << 21n), el2(3n << 21n)]).toEqual(['access-flag', 'permission', undefined]);
  });
});

describe('faults of the tables themselves', () => {
  it('come for descriptors that are reserved at their level', () => {
    const { words, place, va, settings } = onePage(AF | AP_EL0);
    words.put64(place, 0x8000_0000n | AF | 1n);
    expect(fault(regime(settings), va, words)).toMatchObject({ kind: 'translation', level: 3, status: 0b000111 });
    words.put64(place, 0x8000_0000n | AF | 2n);
    expect(fault(regime(settings), va, words)).toMatchObject({ kind: 'translation', level: 3 });
  });

  it('come for blocks at levels that have none', () => {
    for (const granule of GRANULES) {
      for (const wide of [false, true]) {
        const physical = wide ? 52 : 48;
        const words = new Words();
        const builder = new TableBuilder(words, granule, 16, wide, allocator(physical, 3));
        const tcr = tcrEl1(granule, 16, 16, physical, wide && granule.kib !== 64);
        const r = regime({ tcr, ttbr0: ttbrOf(builder.root), addressBits: physical });
        const allowed = wide ? granule.leaves52 : granule.leaves;
        for (let level = startLevel(granule, 16); level < 3; level++) {
          const va = BigInt(level + 1) << BigInt(builder.shift(level));
          builder.map(va, 0n, level);
          const expected = allowed.includes(level) ? undefined : { kind: 'translation', level };
          const found = fault(r, va, words);
          if (expected) expect(found).toMatchObject(expected);
          else expect(found).toBeUndefined();
        }
      }
    }
  });

  it('come for addresses wider than TCR_EL1.IPS or the PE allows', () => {
    const { words, builder, place, va, settings } = onePage(AF | AP_EL0, 0n, GRANULES[0], 40);
    words.put64(place, (1n << 40n) | AF | 3n);
    expect(fault(regime(settings), va, words)).toEqual({ kind: 'address-size', level: 3, status: 3, format: 'long' });
    // The PE has 40 bits, whatever TCR says.
    const bold = regime({ ...settings, tcr: tcrEl1(GRANULES[0] as Granule, 25, 25, 48) });
    expect(fault(bold, va, words)).toMatchObject({ kind: 'address-size', level: 3 });
    expect(fault(regime({ ...settings, addressBits: 48, tcr: bold.registers.x[TCR] as bigint }), va, words)).toBe(
      undefined,
    );
    const table = builder.slot(va, 2);
    words.put64(table, (1n << 41n) | 3n);
    expect(fault(regime(settings), va, words)).toMatchObject({ kind: 'address-size', level: 2, status: 2 });
    const root = regime({ ...settings, ttbr0: 1n << 42n });
    expect(fault(root, va, words)).toMatchObject({ kind: 'address-size', level: 0, status: 0 });
  });

  it('come for tables that are not in memory', () => {
    const { words, builder, va, settings } = onePage(AF | AP_EL0);
    words.put64(builder.slot(va, 2), 0x5_5555_5000n | 3n);
    const expected = { kind: 'external-abort', level: 3, status: 0b010111, format: 'long' };
    expect(fault(regime(settings), va, words)).toEqual(expected);
  });

  it('have codes of their own at level -1', () => {
    const granule = GRANULES[0] as Granule;
    const words = new Words();
    const builder = new TableBuilder(words, granule, 12, true, allocator(52, 5));
    const settings = { tcr: tcrEl1(granule, 12, 12, 52, true), addressBits: 52 } as const;
    const r = regime({ ...settings, ttbr0: ttbrOf(builder.root) });
    expect(fault(r, 0n, words)).toEqual({ kind: 'translation', level: -1, status: 0b101011, format: 'long' });
    const lost = regime({ ...settings, ttbr0: ttbrOf(2 ** 51) });
    expect(fault(lost, 0n, words)).toEqual({ kind: 'external-abort', level: -1, status: 0b010011, format: 'long' });
    words.put64(builder.root, addressField(granule, true, 1n << 51n) | 3n);
    const narrow = regime({
      ...settings,
      tcr: tcrEl1(granule, 12, 12, 48, true),
      ttbr0: ttbrOf(builder.root % 2 ** 48),
    });
    const low = builder.root % 2 ** 48;
    words.put64(low, addressField(granule, true, 1n << 51n) | 3n);
    expect(fault(narrow, 0n, words)).toEqual({ kind: 'address-size', level: -1, status: 0b101001, format: 'long' });
  });
});

describe('the ranges', () => {
  it('can be disabled one by one', () => {
    const { words, va, settings } = onePage(AF | AP_EL0);
    const epd0 = regime({ ...settings, tcr: settings.tcr | (1n << 7n) });
    expect(fault(epd0, va, words)).toMatchObject({ kind: 'translation', level: 0 });
    const upper = { ttbr1: settings.ttbr0 };
    const va1 = va | (mask(64) & ~mask(39));
    expect(fault(regime({ ...settings, ...upper }), va1, words)).toBeUndefined();
    const epd1 = regime({ ...settings, ...upper, tcr: settings.tcr | (1n << 23n) });
    expect(fault(epd1, va1, words)).toMatchObject({ kind: 'translation', level: 0 });
    expect(fault(epd1, va, words)).toBeUndefined();
  });

  it('do not count the top byte where TBI says so', () => {
    const { words, va, settings } = onePage(AF | AP_EL0);
    const tagged = va | (0xa5n << 56n);
    const both = { ...settings, ttbr1: settings.ttbr0 };
    expect(fault(regime(both), tagged, words)).toMatchObject({ kind: 'translation', level: 0 });
    const tbi0 = regime({ ...both, tcr: settings.tcr | (1n << 37n) });
    expect(fault(tbi0, tagged, words)).toBeUndefined();
    const upperTagged = (va | (mask(64) & ~mask(39))) & ~(0x5an << 56n);
    expect(fault(tbi0, upperTagged, words)).toMatchObject({ level: 0 });
    expect(fault(regime({ ...both, tcr: settings.tcr | (1n << 38n) }), upperTagged, words)).toBeUndefined();
    const el2 = regime({ ranges: 1, tcr: 25n | (5n << 16n) | (1n << 20n), ttbr0: settings.ttbr0 });
    expect(fault(el2, tagged, words)).toBeUndefined();
  });

  it('are one at EL2, whose upper half is nothing', () => {
    const { words, va, settings } = onePage(AF | AP_EL0, TABLE_READ_ONLY);
    const el2 = { ranges: 1, tcr: 25n | (5n << 16n), ttbr0: settings.ttbr0, ttbr1: settings.ttbr0 } as const;
    expect(fault(regime(el2), va, words)).toBeUndefined();
    expect(fault(regime(el2), va | (mask(64) & ~mask(39)), words)).toMatchObject({ kind: 'translation', level: 0 });
    expect(fault(regime(el2), va, words, 'write')).toMatchObject({ kind: 'permission' });
    expect(fault(regime({ ...el2, tcr: el2.tcr | (1n << 24n) }), va, words, 'write')).toBeUndefined();
  });

  it('have no sizes that the PE does not implement', () => {
    const { words, va, settings } = onePage(AF | AP_EL0);
    const [small, , large] = GRANULES as [Granule, Granule, Granule];
    for (const [granule, size] of [
      [small, 15],
      [small, 49],
      [small, 0],
      [large, 15],
      [large, 48],
    ] as const) {
      const r = regime({ ...settings, tcr: tcrEl1(granule, size, size, 48) });
      expect(fault(r, va, words)).toMatchObject({ kind: 'translation', level: 0 });
    }
    // DS does nothing without FEAT_LPA2.
    const ds = regime({ ...settings, tcr: settings.tcr | (1n << 59n) });
    expect(fault(ds, va, words)).toBeUndefined();
  });

  it('of 52 bits need TCR_EL2.DS where they are EL2s', () => {
    const granule = GRANULES[0] as Granule;
    const words = new Words();
    const builder = new TableBuilder(words, granule, 14, true, allocator(52, 9));
    builder.map(5n << 39n, 7n << 48n, 0);
    const ttbr0 = ttbrOf(builder.root);
    const tcr = 14n | (6n << 16n);
    const el2 = { ranges: 1, addressBits: 52, ttbr0 } as const;
    expect(halves(regime({ ...el2, tcr: tcr | (1n << 32n) }), (5n << 39n) | 9n, 'read', words)).toBe(7 * 2 ** 48 + 9);
    expect(fault(regime({ ...el2, tcr }), 5n << 39n, words)).toMatchObject({ kind: 'translation', level: 0 });
  });
});

describe('with the MMU off', () => {
  it('addresses are physical, as far as the PE has bits for them', () => {
    fc.assert(
      fc.property(fc.constantFrom(32, 36, 40, 42, 44, 48, 52), fc.bigInt(0n, mask(64)), (addressBits, va) => {
        const r = regime({ sctlr: 0, addressBits });
        const expected = va < 1n << BigInt(addressBits) ? Number(va) : NO_ADDRESS;
        expect(halves(r, va, 'write', new Words())).toBe(expected);
        expect(fault(r, va, new Words())?.kind).toBe(expected === NO_ADDRESS ? 'address-size' : undefined);
      }),
    );
  });

  it('TBI takes the tag off', () => {
    const r = regime({ sctlr: 0, tcr: 1n << 37n });
    expect(halves(r, (0xffn << 56n) | 0x1000n, 'read', new Words())).toBe(0x1000);
    expect(halves(r, (0xffffn << 48n) | 0x1000n, 'read', new Words())).toBe(NO_ADDRESS);
    const el2 = regime({ sctlr: 0, ranges: 1, tcr: 1n << 20n });
    expect(halves(el2, (0x12n << 56n) | 0x1000n, 'read', new Words())).toBe(0x1000);
  });

  it('negative Numbers are addresses of the upper half, and no memory', () => {
    expect(translate(regime({ sctlr: 0 }), -4096, 'read', new Words().read)).toBe(NO_ADDRESS);
    expect(translate(regime({ sctlr: 0 }), 4096, 'read', new Words().read)).toBe(4096);
  });
});

describe('any tables and registers whatever', () => {
  it('are walked in at most ten reads, to an address or a named fault', () => {
    const word = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(
        fc.record({
          tcr: fc.bigInt(0n, mask(64)),
          ttbr0: fc.bigInt(0n, mask(64)),
          ttbr1: fc.bigInt(0n, mask(64)),
          sctlr: word.map((value) => value | 1),
          state: fc.constantFrom('a64' as const, 'a32' as const),
          ranges: fc.constantFrom(1 as const, 2 as const),
          privileged: fc.boolean(),
          managesFlags: fc.boolean(),
          addressBits: fc.constantFrom(32, 36, 40, 42, 44, 48, 52),
        }),
        fc.bigInt(0n, mask(64)),
        fc.array(
          fc.oneof(
            word,
            word.map((value) => value | 3),
            fc.constant(-1),
          ),
          { minLength: 1 },
        ),
        fc.constantFrom('read' as const, 'write' as const),
        (settings, va, list, access) => {
          let reads = 0;
          const read = (address: number): number => {
            expect(Number.isSafeInteger(address) && address >= 0 && address % 4 === 0).toBe(true);
            return list[reads++ % list.length] as number;
          };
          const r = regime(settings);
          const result = translateHalves(r, Number(va & mask(32)), Number(va >> 32n), access, read);
          expect(reads).toBeLessThanOrEqual(10);
          expect(Number.isSafeInteger(result)).toBe(true);
          reads = 0;
          const why = explainTranslation(r, va, access, read);
          expect(why === undefined).toBe(result !== NO_ADDRESS);
          if (result !== NO_ADDRESS) expect(result).toBeLessThan(2 ** 52);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
