import { ADDRESS_LIMIT, type GuestPhysical, type MemoryPage } from '@trapline/core';
import { createMemory, type GuestMemory, PAGE_BYTES } from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const at = (address: number): GuestPhysical => address as GuestPhysical;
const frame = (number: number): GuestPhysical => at(number * PAGE_BYTES);
const pageOf = (memory: GuestMemory, number: number): MemoryPage => memory.mapping.page(number) as MemoryPage;

/** Frames 0x40 to 0x47. */
const ram = () => createMemory([{ base: 0x4_0000, size: 8 * PAGE_BYTES }]);

describe('holes', () => {
  it('hold nothing: every access that touches one fails, and writes nothing', () => {
    const memory = ram();
    memory.write(frame(0x40), new Uint8Array(3 * PAGE_BYTES).fill(7));
    memory.mapping.unmap(0x41);
    expect(memory.mapping.page(0x41)).toBeUndefined();
    expect(memory.accessAt(frame(0x41))).toBe('none');
    expect(memory.read(frame(0x41), new Uint8Array(1))).toBe(false);
    expect(memory.read(at(0x4_0ffc), new Uint8Array(8))).toBe(false);
    expect(memory.write(at(0x4_0ffc), new Uint8Array(8))).toBe(false);
    expect(memory.words.u8(at(0x4_0fff))).toBe(7);
    expect(memory.has(frame(0x40), PAGE_BYTES)).toBe(true);
    expect(memory.has(frame(0x40), PAGE_BYTES + 1)).toBe(false);
    expect(memory.view(frame(0x41), 4)).toBeUndefined();
    expect(memory.view(frame(0x40), 2 * PAGE_BYTES)).toBeUndefined();
    expect(memory.view(frame(0x42), 2 * PAGE_BYTES)).toHaveLength(2 * PAGE_BYTES);
  });

  it('outside of the regions are where nothing was mapped', () => {
    const memory = ram();
    memory.mapping.unmap(0x1000);
    memory.mapping.map(0x1000, memory.mapping.allocate(), 'write');
    expect(memory.has(frame(0x1000), PAGE_BYTES)).toBe(true);
    memory.mapping.unmap(0x1000);
    expect(memory.has(frame(0x1000), 1)).toBe(false);
  });

  it('end where the page that was there comes back, with what it held', () => {
    const memory = ram();
    memory.words.setU32(frame(0x42), 0x1234_5678);
    const page = pageOf(memory, 0x42);
    memory.mapping.unmap(0x42);
    expect(memory.mapping.map(0x42, page, 'write')).toBe(true);
    expect(memory.words.u32(frame(0x42))).toBe(0x1234_5678);
    expect(memory.save()).toMatchObject({ pages: [{ address: 0x4_2000, bytes: '78563412' }] });
  });
});

describe('mapped pages', () => {
  it('are shared by all memories that map them, wherever they do', () => {
    const [one, two] = [ram(), ram()];
    two.mapping.map(0x9_0000_0000, pageOf(one, 0x40), 'write');
    two.mapping.map(0x43, pageOf(one, 0x40), 'write');
    one.words.setU32(at(0x4_0010), 0xfeed);
    expect(two.words.u32(at(0x9_0000_0000_010))).toBe(0xfeed);
    two.words.setU32(at(0x4_3010), 0xbeef);
    expect([one.words.u32(at(0x4_0010)), two.words.u32(at(0x9_0000_0000_010))]).toEqual([0xbeef, 0xbeef]);
    const view = two.view(at(0x4_3010), 4) as Uint8Array;
    one.words.setU8(at(0x4_0010), 1);
    expect(view[0]).toBe(1);
  });

  it('start as zeros and replace what was there, which is hidden and not changed', () => {
    const memory = ram();
    memory.words.setU32(frame(0x40), 5);
    const own = pageOf(memory, 0x40);
    memory.mapping.map(0x40, memory.mapping.allocate(), 'write');
    expect(memory.words.u32(frame(0x40))).toBe(0);
    memory.words.setU32(frame(0x40), 6);
    memory.mapping.map(0x40, own, 'write');
    expect(memory.words.u32(frame(0x40))).toBe(5);
  });

  it('are read and not written where they are mapped for reading', () => {
    const memory = ram();
    const page = memory.mapping.allocate();
    page[4] = 9;
    memory.mapping.map(0x44, page, 'read');
    expect(memory.accessAt(frame(0x44))).toBe('read');
    expect(memory.accessAt(frame(0x45))).toBe('write');
    expect(memory.words.u8(at(0x4_4004))).toBe(9);
    expect(memory.write(frame(0x44), new Uint8Array(1))).toBe(false);
    expect(memory.write(at(0x4_3fff), new Uint8Array(2).fill(1))).toBe(false);
    expect(memory.words.u8(at(0x4_3fff))).toBe(0);
    expect(memory.has(frame(0x43), 3 * PAGE_BYTES)).toBe(true);
    expect(memory.view(frame(0x44), 4)).toBeUndefined();
    expect(memory.mapping.page(0x44)).toBe(page);
  });

  it('stay read-only where the frame is the page’s own', () => {
    const memory = ram();
    memory.mapping.map(0x44, pageOf(memory, 0x44), 'read');
    expect([memory.accessAt(frame(0x44)), memory.words.setU8(frame(0x44), 1)]).toEqual(['read', false]);
  });

  it('cannot be at frames that no address has, nor be anything but a page', () => {
    const { mapping } = ram();
    const page = mapping.allocate();
    for (const wrong of [-1, 0.5, Number.NaN, ADDRESS_LIMIT / PAGE_BYTES]) {
      expect(mapping.map(wrong, page, 'write')).toBe(false);
      expect(mapping.page(wrong)).toBeUndefined();
    }
    expect(mapping.map(0x40, page.subarray(0, 100), 'write')).toBe(false);
    expect(mapping.map(0x40, new Uint8Array(PAGE_BYTES + 4).subarray(2, PAGE_BYTES + 2), 'write')).toBe(false);
    expect(mapping.map(ADDRESS_LIMIT / PAGE_BYTES - 1, page, 'write')).toBe(true);
  });

  it('make accesses by addresses that are none fail as before', () => {
    const memory = ram();
    memory.mapping.unmap(0x40);
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY, 0x4_1000 + 0.5, 2 ** 53, 2 ** 64]) {
      expect(memory.has(at(wrong), 1)).toBe(false);
      expect(memory.read(at(wrong), new Uint8Array(1))).toBe(false);
      expect(memory.write(at(wrong), new Uint8Array(1))).toBe(false);
      expect(memory.view(at(wrong), 1)).toBeUndefined();
    }
    expect(memory.has(at(0x4_1000), -1)).toBe(false);
    expect([
      memory.has(at(0), 0),
      memory.read(at(0), new Uint8Array(0)),
      memory.write(at(0), new Uint8Array(0)),
    ]).toEqual([true, true, true]);
  });

  it('count toward no resident limit; pages of the regions do, when they are first given out', () => {
    const memory = createMemory([{ base: 0, size: 16 * PAGE_BYTES }], { residentLimit: PAGE_BYTES });
    memory.mapping.map(8, memory.mapping.allocate(), 'write');
    expect(memory.words.setU8(frame(8), 1)).toBe(true);
    expect(memory.mapping.page(0)).toBeDefined();
    expect(memory.mapping.page(1)).toBeUndefined();
    expect(memory.write(at(PAGE_BYTES - 1), new Uint8Array(2))).toBe(false);
  });

  it('come and go at any number of frames, and leave nothing behind', () => {
    const memory = ram();
    const page = memory.mapping.allocate();
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 3000; i++) memory.mapping.map(0x1000 + i, page, 'write');
      page[0] = round + 1;
      expect([memory.words.u8(frame(0x1000)), memory.words.u8(frame(0x1bb7))]).toEqual([round + 1, round + 1]);
      for (let i = 0; i < 3000; i++) memory.mapping.unmap(0x1000 + i);
      for (const n of [0x1000, 0x1400, 0x1bb7]) {
        expect([memory.has(frame(n), 1), memory.mapping.page(n), memory.accessAt(frame(n))]).toEqual([
          false,
          undefined,
          'none',
        ]);
      }
    }
  });

  it('answer for a range of any length without walking it', () => {
    const memory = createMemory([{ base: 0, size: 2 ** 48 }]);
    memory.mapping.map(2 ** 30, memory.mapping.allocate(), 'read');
    expect(memory.has(at(0), 2 ** 48)).toBe(true);
    memory.mapping.unmap(2 ** 29);
    expect(memory.has(at(0), 2 ** 48)).toBe(false);
  });
});

describe('stage 1', () => {
  it('walks tables in mapped pages, and takes a hole for no memory', () => {
    const memory = ram();
    const pe = { el: 1, state: 'a64', hcr: 0, sctlr: 1 } as Parameters<GuestMemory['translate']>[0];
    const walked = createMemory([{ base: 0x4_0000, size: 8 * PAGE_BYTES }], {
      registers: (_pe, into) => {
        into.x[0] = 0x4_0000n;
        into.x[2] = 16n | (1n << 23n) | (1n << 32n);
      },
    });
    const tables = [0x40, 0x41, 0x42, 0x43].map((n) => pageOf(walked, n));
    const entry = (page: MemoryPage, value: bigint) =>
      new DataView(page.buffer, page.byteOffset).setBigUint64(0, value, true);
    entry(tables[0] as MemoryPage, 0x4_1003n);
    entry(tables[1] as MemoryPage, 0x4_2003n);
    entry(tables[2] as MemoryPage, 0x4_3003n);
    entry(tables[3] as MemoryPage, 0x4_5403n);
    expect(walked.translate(pe, 0x123 as never, 'read')).toBe(0x4_5123);
    walked.mapping.unmap(0x42);
    expect(walked.explain(pe, 0x123n, 'read')).toMatchObject({ kind: 'external-abort', level: 2 });
    const foreign = pageOf(memory, 0x40);
    entry(foreign, 0x4_3003n);
    walked.mapping.map(0x42, foreign, 'read');
    expect(walked.translate(pe, 0x123 as never, 'read')).toBe(0x4_5123);
  });
});

describe('reset and restore', () => {
  it('put every frame back as composed; what was there is the mapper’s to bring back', () => {
    const memory = ram();
    memory.words.setU8(frame(0x40), 1);
    memory.words.setU8(frame(0x41), 2);
    const given = pageOf(memory, 0x41);
    memory.mapping.unmap(0x40);
    memory.mapping.map(0x1000, memory.mapping.allocate(), 'write');
    memory.words.setU8(frame(0x1000), 3);
    const saved = memory.save();
    expect(saved).toMatchObject({ pages: [{ address: 0x4_1000 }] });
    memory.restore(saved);
    expect(memory.has(frame(0x40), 8 * PAGE_BYTES)).toBe(true);
    expect([memory.words.u8(frame(0x40)), memory.words.u8(frame(0x41)), memory.words.u8(frame(0x1000))]).toEqual([
      0,
      2,
      undefined,
    ]);
    expect(memory.mapping.page(0x41)).toBe(given);
    memory.mapping.unmap(0x41);
    memory.reset();
    expect([memory.words.u8(frame(0x41)), given[0]]).toEqual([0, 0]);
    expect(memory.mapping.page(0x41)).toBe(given);
  });
});

describe('a memory with changed frames', () => {
  it('behaves as a table of pages', () => {
    const base = 0x40;
    const frames = 12;
    type Model = { bytes: Uint8Array; access: 'none' | 'read' | 'write' };
    const operation = fc.record({
      kind: fc.constantFrom('unmap', 'allocate', 'alias', 'read-only', 'write', 'read', 'has', 'view'),
      frame: fc.integer({ min: 0, max: frames - 1 }),
      other: fc.integer({ min: 0, max: frames - 1 }),
      offset: fc.integer({ min: 0, max: PAGE_BYTES - 1 }),
      length: fc.oneof(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 3 * PAGE_BYTES })),
      fill: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        // RAM at the first eight frames; the rest is outside.
        const memory = createMemory([{ base: base * PAGE_BYTES, size: 8 * PAGE_BYTES }]);
        const model: Model[] = Array.from({ length: frames + 4 }, (_, i) => ({
          bytes: new Uint8Array(PAGE_BYTES),
          access: i < 8 ? 'write' : 'none',
        }));
        for (const { kind, frame: n, other, offset, length, fill } of operations) {
          const address = at((base + n) * PAGE_BYTES + offset);
          const last = n + Math.floor((offset + length - 1) / PAGE_BYTES);
          const touched = model.slice(n, last + 1);
          const readable = touched.every(({ access }) => access !== 'none');
          if (kind === 'unmap') {
            memory.mapping.unmap(base + n);
            model[n] = { bytes: new Uint8Array(PAGE_BYTES), access: 'none' };
          } else if (kind === 'allocate') {
            memory.mapping.map(base + n, memory.mapping.allocate(), 'write');
            model[n] = { bytes: new Uint8Array(PAGE_BYTES), access: 'write' };
          } else if (kind === 'alias' || kind === 'read-only') {
            const page = memory.mapping.page(base + other);
            expect(page !== undefined).toBe(model[other]?.access !== 'none');
            if (page === undefined) continue;
            const access = kind === 'alias' ? 'write' : 'read';
            expect(memory.mapping.map(base + n, page, access)).toBe(true);
            model[n] = { bytes: (model[other] as Model).bytes, access };
          } else if (kind === 'write') {
            const source = Uint8Array.from({ length }, (_, i) => (fill + i) & 0xff);
            const writable = touched.every(({ access }) => access === 'write');
            expect(memory.write(address, source)).toBe(writable);
            for (let i = 0; writable && i < length; i++) {
              const where = offset + i;
              (model[n + Math.floor(where / PAGE_BYTES)] as Model).bytes[where % PAGE_BYTES] = source[i] as number;
            }
          } else if (kind === 'read') {
            const target = new Uint8Array(length);
            expect(memory.read(address, target)).toBe(readable);
            if (!readable) continue;
            for (let i = 0; i < length; i += 7) {
              const where = offset + i;
              expect(target[i]).toBe(model[n + Math.floor(where / PAGE_BYTES)]?.bytes[where % PAGE_BYTES]);
            }
          } else if (kind === 'has') {
            expect(memory.has(address, length)).toBe(readable);
          } else {
            const view = memory.view(address, Math.min(length, PAGE_BYTES - offset));
            if (view === undefined) continue;
            view[0] = fill;
            expect(model[n]?.access).toBe('write');
            (model[n] as Model).bytes[offset] = fill;
          }
        }
        for (let n = 0; n < frames; n++) {
          const { bytes, access } = model[n] as Model;
          expect(memory.accessAt(frame(base + n))).toBe(access);
          const found = new Uint8Array(PAGE_BYTES);
          expect(memory.read(frame(base + n), found)).toBe(access !== 'none');
          if (access !== 'none') expect(Buffer.compare(found, bytes)).toBe(0);
        }
      }),
      { numRuns: 80 },
    );
  });
});
