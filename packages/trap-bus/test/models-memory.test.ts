import { ADDRESS_LIMIT, CompositionError, type GuestPhysical, NO_ADDRESS, RestoreError } from '@trapline/core';
import { createMemory, MAX_MEMORY_REGIONS, MAX_VIEW_BYTES, PAGE_BYTES } from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const at = (address: number): GuestPhysical => address as GuestPhysical;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('where memory is', () => {
  const memory = createMemory([
    { base: 0x4000_0000, size: 0x3000 },
    { base: 0x8000_0000, size: 0x1000 },
  ]);

  it('is the regions and nothing else', () => {
    expect(memory.has(at(0x4000_0000), 0x3000)).toBe(true);
    expect(memory.has(at(0x4000_0000), 0x3001)).toBe(false);
    expect(memory.has(at(0x3fff_ffff), 2)).toBe(false);
    expect(memory.has(at(0x4000_2fff), 1)).toBe(true);
    expect(memory.has(at(0x4000_3000), 1)).toBe(false);
    expect(memory.has(at(0x8000_0fff), 2)).toBe(false);
    expect(memory.has(at(0), 1)).toBe(false);
    expect(memory.has(at(0x1_0000_0000), 1)).toBe(false);
  });

  it('holds no address that a Number cannot hold exactly', () => {
    for (const wrong of [NO_ADDRESS, Number.NaN, Number.POSITIVE_INFINITY, 0x4000_0000 + 0.5, 2 ** 53, 2 ** 64]) {
      expect(memory.has(at(wrong), 1)).toBe(false);
      expect(memory.read(at(wrong), new Uint8Array(1))).toBe(false);
      expect(memory.write(at(wrong), bytes(1))).toBe(false);
      expect(memory.view(at(wrong), 1)).toBeUndefined();
    }
    expect(memory.has(at(0x4000_0000), -1)).toBe(false);
    expect(memory.has(at(0x4000_0000), Number.NaN)).toBe(false);
  });

  it('treats a range without bytes as memory everywhere', () => {
    expect(memory.has(at(0), 0)).toBe(true);
    expect(memory.read(at(0), new Uint8Array(0))).toBe(true);
    expect(memory.write(at(0), new Uint8Array(0))).toBe(true);
    expect(memory.view(at(0), 0)).toHaveLength(0);
  });

  it('ends exactly where 2^53 ends', () => {
    const last = createMemory([{ base: ADDRESS_LIMIT - 0x1000, size: 0x1000 }]);
    expect(last.write(at(ADDRESS_LIMIT - 2), bytes(7, 8))).toBe(true);
    expect(last.has(at(ADDRESS_LIMIT - 1), 1)).toBe(true);
    expect(last.has(at(ADDRESS_LIMIT - 1), 2)).toBe(false);
    expect(last.has(at(ADDRESS_LIMIT - 1), 3)).toBe(false);
    expect(last.has(at(ADDRESS_LIMIT), 1)).toBe(false);
    expect(last.words.u8(at(ADDRESS_LIMIT - 1))).toBe(8);
    expect(last.words.u16(at(ADDRESS_LIMIT - 1))).toBeUndefined();
  });

  it('joins regions that touch, in whatever order they come', () => {
    const joined = createMemory([
      { base: 0x2000, size: 0x1000 },
      { base: 0x1000, size: 0x1000 },
    ]);
    expect(joined.regions).toEqual([{ base: 0x1000, size: 0x2000 }]);
    expect(joined.has(at(0x1fff), 2)).toBe(true);
  });

  it('may begin and end within a page', () => {
    const odd = createMemory([
      { base: 0x1010, size: 0x10 },
      { base: 0x1030, size: 0x10 },
    ]);
    expect(odd.write(at(0x1010), new Uint8Array(0x10).fill(1))).toBe(true);
    expect(odd.write(at(0x1030), new Uint8Array(0x10).fill(2))).toBe(true);
    expect(odd.read(at(0x1018), new Uint8Array(0x10))).toBe(false);
    expect([odd.words.u8(at(0x101f)), odd.words.u8(at(0x1030)), odd.words.u8(at(0x1020))]).toEqual([1, 2, undefined]);
  });

  it('refuses regions that overlap, are empty or lie outside', () => {
    const wrong = [
      [
        { base: 0, size: 0x2000 },
        { base: 0x1fff, size: 1 },
      ],
      [{ base: 0, size: 0 }],
      [{ base: -1, size: 1 }],
      [{ base: 0.5, size: 1 }],
      [{ base: 0, size: 1.5 }],
      [{ base: 0, size: Number.NaN }],
      [{ base: ADDRESS_LIMIT - 1, size: 2 }],
      Array.from({ length: MAX_MEMORY_REGIONS + 1 }, (_, i) => ({ base: i * 0x2000, size: 0x1000 })),
    ];
    for (const regions of wrong) expect(() => createMemory(regions)).toThrow(CompositionError);
    expect(() => createMemory([{ base: 0, size: 1 }], { residentLimit: 1 })).toThrow(CompositionError);
  });
});

describe('reading and writing', () => {
  it('behaves as one array of bytes that starts as zeros', () => {
    const base = 0x1800;
    const size = 3 * PAGE_BYTES;
    const operation = fc.record({
      write: fc.boolean(),
      offset: fc.integer({ min: -16, max: size + 16 }),
      length: fc.oneof(fc.integer({ min: 0, max: 24 }), fc.integer({ min: 0, max: size + 8 })),
      fill: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 20 }), (operations) => {
        const memory = createMemory([{ base, size }]);
        const reference = new Uint8Array(size);
        for (const { write, offset, length, fill } of operations) {
          const inside = length === 0 || (offset >= 0 && offset + length <= size);
          if (write) {
            const source = Uint8Array.from({ length }, (_, i) => (fill + i) & 0xff);
            expect(memory.write(at(base + offset), source)).toBe(inside);
            if (inside && length > 0) reference.set(source, offset);
          } else {
            const target = new Uint8Array(length).fill(0xa5);
            expect(memory.read(at(base + offset), target)).toBe(inside);
            const expected =
              inside && length > 0 ? reference.slice(offset, offset + length) : target.slice().fill(0xa5);
            expect(Buffer.compare(target, expected)).toBe(0);
          }
        }
        const all = new Uint8Array(size);
        expect(memory.read(at(base), all)).toBe(true);
        expect(Buffer.compare(all, reference)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('takes space only for pages that are written', () => {
    const memory = createMemory([{ base: 0, size: 2 ** 40 }]);
    expect(memory.read(at(0x123), new Uint8Array(100_000))).toBe(true);
    expect(memory.resident).toBe(0);
    memory.words.setU8(at(2 ** 40 - 1), 1);
    memory.words.setU16(at(0xfff), 0x0102);
    expect(memory.resident).toBe(3 * PAGE_BYTES);
  });

  it('refuses a write whole where it would exceed the resident limit', () => {
    const memory = createMemory([{ base: 0, size: 0x10_0000 }], { residentLimit: 2 * PAGE_BYTES });
    expect(memory.words.setU8(at(0), 1)).toBe(true);
    expect(memory.write(at(0xff0), new Uint8Array(0x1020).fill(9))).toBe(false);
    expect(memory.words.u8(at(0xff0))).toBe(0);
    expect(memory.resident).toBe(PAGE_BYTES);
    expect(memory.write(at(0xff0), new Uint8Array(0x1000).fill(9))).toBe(true);
    expect(memory.words.setU8(at(0x5000), 1)).toBe(false);
    expect(memory.view(at(0x5000), 1)).toBeUndefined();
    expect(memory.words.setU8(at(0x1fff), 1)).toBe(true);
  });

  it('reads and writes values of each width in both byte orders', () => {
    const { words } = createMemory([{ base: 0, size: 0x2000 }]);
    words.setU32(at(0xffe), 0x1122_3344);
    expect([words.u8(at(0xffe)), words.u8(at(0x1001))]).toEqual([0x44, 0x11]);
    expect(words.u32(at(0xffe), 'big')).toBe(0x4433_2211);
    words.setU32(at(0x10), 0x1122_3344, 'big');
    expect([words.u8(at(0x10)), words.u16(at(0x12), 'big'), words.u16(at(0x12))]).toEqual([0x11, 0x3344, 0x4433]);
    words.setU16(at(0x20), 0xbeef, 'big');
    expect([words.u8(at(0x20)), words.u16(at(0x20), 'big')]).toEqual([0xbe, 0xbeef]);
    words.setU64(at(0xffc), 0x8000_0000_0000_0001n);
    expect([words.u64(at(0xffc)), words.u64(at(0xffc), 'big')]).toEqual([
      0x8000_0000_0000_0001n,
      0x0100_0000_0000_0080n,
    ]);
    words.setU64(at(0), 1n, 'big');
    expect(words.u8(at(7))).toBe(1);
    expect([words.u32(at(0x1ffd)), words.u64(at(0x1ff9)), words.u16(at(0x2000))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([words.setU8(at(0x2000), 1), words.setU16(at(0x1fff), 1), words.setU64(at(0x1ff9), 1n)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('views', () => {
  const region = [{ base: 0x1000, size: 8 * PAGE_BYTES }];

  it('show what is written later, and write what is read later', () => {
    const memory = createMemory(region);
    memory.words.setU32(at(0x1ffc), 0xdead_beef);
    const view = memory.view(at(0x1ff0), 0x40) as Uint8Array;
    expect(view.subarray(12, 16)).toEqual(bytes(0xef, 0xbe, 0xad, 0xde));
    memory.words.setU8(at(0x2000), 0x55);
    expect(view[16]).toBe(0x55);
    view[17] = 0x66;
    expect(memory.words.u8(at(0x2001))).toBe(0x66);
  });

  it('share with one another wherever both can be had', () => {
    const memory = createMemory(region);
    const wide = memory.view(at(0x1800), 2 * PAGE_BYTES) as Uint8Array;
    const narrow = memory.view(at(0x2000), PAGE_BYTES) as Uint8Array;
    narrow[0] = 1;
    expect(wide[0x800]).toBe(1);
    expect(memory.view(at(0x1000), 3 * PAGE_BYTES)).toBeDefined();
  });

  it('cannot be had where pages of an older view would have to move', () => {
    const memory = createMemory(region);
    const older = memory.view(at(0x2000), 16) as Uint8Array;
    expect(memory.view(at(0x1000), 2 * PAGE_BYTES)).toBeUndefined();
    expect(memory.view(at(0x2000), 2 * PAGE_BYTES)).toBeUndefined();
    memory.words.setU8(at(0x2000), 3);
    expect(older[0]).toBe(3);
  });

  it('end with the memory and at the named length', () => {
    const memory = createMemory([{ base: 0, size: 2 * MAX_VIEW_BYTES }]);
    expect(memory.view(at(2 * MAX_VIEW_BYTES - 1), 2)).toBeUndefined();
    expect(memory.view(at(0), MAX_VIEW_BYTES + 1)).toBeUndefined();
    expect(memory.view(at(0), MAX_VIEW_BYTES)).toHaveLength(MAX_VIEW_BYTES);
  });

  it('stay shared over reset and restore', () => {
    const memory = createMemory(region);
    const view = memory.view(at(0x1000), 4) as Uint8Array;
    view[0] = 9;
    const saved = memory.save();
    memory.reset();
    expect(view[0]).toBe(0);
    memory.restore(saved);
    expect(view[0]).toBe(9);
    memory.words.setU8(at(0x1001), 8);
    expect(view[1]).toBe(8);
  });
});

describe('saved memory', () => {
  const regions = [{ base: 0x1000, size: 0x8000 }];
  const filled = () => {
    const memory = createMemory(regions);
    memory.words.setU32(at(0x1ffe), 0x0403_0201);
    memory.words.setU8(at(0x5000), 0);
    return memory;
  };

  it('is plain data that another memory takes back', () => {
    const saved = JSON.parse(JSON.stringify(filled().save()));
    const memory = createMemory(regions);
    memory.words.setU8(at(0x7000), 1);
    memory.restore(saved);
    expect([memory.words.u32(at(0x1ffe)), memory.words.u8(at(0x7000))]).toEqual([0x0403_0201, 0]);
    expect(memory.save()).toEqual(saved);
  });

  it('is refused, without a change, where it is damaged or of another memory', () => {
    const good = JSON.parse(JSON.stringify(filled().save()));
    const [first, second] = good.pages;
    const wrong: unknown[] = [
      null,
      [],
      'x',
      {},
      { ...good, format: 'trapline.memory/2' },
      { ...good, regions: [] },
      { ...good, regions: [{ base: 0x1000, size: 0x4000 }] },
      { ...good, regions: [{ base: '0x1000', size: 0x8000 }] },
      { ...good, regions: 4 },
      { ...good, pages: [first, first] },
      { ...good, pages: [{ ...first, address: 0x1001 }] },
      { ...good, pages: [{ ...first, address: 0x9000 }] },
      { ...good, pages: [{ ...first, address: -4096 }] },
      { ...good, pages: [{ ...first, bytes: 'abc' }] },
      { ...good, pages: [{ ...first, bytes: 'zz' }] },
      { ...good, pages: [{ ...first, bytes: 3 }] },
      { ...good, pages: [{ ...second, bytes: '00'.repeat(PAGE_BYTES + 1) }] },
      { ...good, pages: ['x'.repeat(100)] },
    ];
    const memory = filled();
    memory.words.setU8(at(0x3000), 0x77);
    for (const saved of wrong) expect(() => memory.restore(saved as null)).toThrow(RestoreError);
    expect([memory.words.u8(at(0x3000)), memory.words.u8(at(0x1ffe))]).toEqual([0x77, 1]);
    const small = createMemory(regions, { residentLimit: PAGE_BYTES });
    small.view(at(0x8000), 1);
    expect(() => small.restore(good)).toThrow(/resident limit/);
  });
});
