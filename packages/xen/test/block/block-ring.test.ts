import type { SharedWords } from '@trapline/core';
import {
  BLKIF_OP,
  BLKIF_RSP,
  type BlkifLayout,
  type BlockMedium,
  BlockRing,
  bufferMedium,
  JoinedWords,
  type MappedGrant,
  REQUEST_RING,
} from '@trapline/xen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockFrontEnd, FakeDomain, type TestRequest, writeSegments } from './front-end.js';

const SECTORS = 64;

function rig(options: { pages?: number; protocol?: string; medium?: BlockMedium } = {}): {
  domain: FakeDomain;
  disk: Uint8Array;
  front: BlockFrontEnd;
  ring: BlockRing;
  ask: (...all: TestRequest[]) => string[];
} {
  const domain = new FakeDomain(1);
  const disk = Uint8Array.from({ length: SECTORS * 512 + 100 }, (_, i) => (i >> 9) + (i & 3));
  const pages = Array.from({ length: options.pages ?? 1 }, (_, i) => domain.grant(1000 + i));
  const front = new BlockFrontEnd(new JoinedWords(pages), pages.length, options.protocol);
  const mapped = pages.map((_, i) => domain.map(1000 + i, true) as NonNullable<ReturnType<FakeDomain['map']>>);
  const ring = new BlockRing(domain, options.medium ?? bufferMedium(disk), front.layout, mapped);
  domain.mapped = 0;
  const ask = (...all: TestRequest[]): string[] => {
    for (const request of all) front.put(request);
    front.push();
    ring.serve();
    return front.answers();
  };
  return { domain, disk, front, ring, ask };
}

const page = { reference: 1, first: 0, last: 7 };

/** A page of which only the words count. */
function ringPage(words: SharedWords): MappedGrant {
  return { handle: 0, words, read: () => undefined, write: () => undefined, unmap: () => undefined };
}

describe('a block ring', () => {
  for (const protocol of ['arm-abi', 'x86_64-abi', 'x86_32-abi']) {
    it(`reads and writes whole pages and parts of them, laid out as ${protocol}`, () => {
      const { domain, disk, ask } = rig({ protocol });
      const data = domain.grant(1);
      expect(ask({ op: BLKIF_OP.READ, id: 7n, sector: 3n, segments: [page] })).toEqual(['7 0 0']);
      expect(data.bytes).toEqual(disk.slice(3 * 512, 11 * 512));
      data.bytes.fill(0xee);
      const part = { reference: 1, first: 2, last: 4 };
      const id = 0xfeed_face_0123_4567n;
      expect(ask({ op: BLKIF_OP.WRITE, id, sector: 61n, segments: [part] })).toEqual([`${id} 1 0`]);
      expect(disk.slice(61 * 512, 64 * 512).every((byte) => byte === 0xee)).toBe(true);
      expect(disk[60 * 512]).toBe(60);
      expect(domain.mapped).toBe(0);
    });
  }

  it('reads into a page what stands there, and maps that for writing only then', () => {
    const { domain, ask } = rig();
    domain.grant(1, false);
    expect(ask({ op: BLKIF_OP.READ, id: 1n, segments: [page] })).toEqual(['1 0 -1']);
    expect(ask({ op: BLKIF_OP.WRITE, id: 2n, segments: [page] })).toEqual(['2 1 0']);
  });

  it('answers many requests of one event in order, over the end of the ring', () => {
    const { domain, front, ask } = rig();
    domain.grant(1);
    expect(front.slots).toBe(32);
    let id = 0n;
    for (let round = 0; round < 10; round++) {
      const requests = Array.from({ length: 27 }, () => ({ op: BLKIF_OP.READ, id: id++, segments: [page] }));
      expect(ask(...requests)).toEqual(requests.map((request) => `${request.id} 0 0`));
    }
  });

  it('of several pages has slots that lie across them', () => {
    const { domain, front, ask } = rig({ pages: 4 });
    domain.grant(1);
    expect(front.slots).toBe(128);
    const requests = Array.from({ length: 128 }, (_, i) => ({ op: BLKIF_OP.READ, id: BigInt(i), segments: [page] }));
    expect(ask(...requests)).toEqual(requests.map((request) => `${request.id} 0 0`));
    expect(ask(...requests)).toEqual(requests.map((request) => `${request.id} 0 0`));
  });

  it('takes indirect requests of up to 256 segments', () => {
    const { domain, disk, ask } = rig();
    const list = domain.grant(50);
    const segments = Array.from({ length: 20 }, (_, i) => ({ reference: 100 + i, first: i % 8, last: i % 8 }));
    for (const { reference } of segments) domain.grant(reference);
    writeSegments(new DataView(list.bytes.buffer), 0, segments);
    const indirect = { op: BLKIF_OP.READ, segments: 20, pages: [50] };
    expect(ask({ op: BLKIF_OP.INDIRECT, id: 9n, sector: 10n, indirect })).toEqual(['9 0 0']);
    for (const [i, { reference, first }] of segments.entries()) {
      const bytes = domain.pages.get(reference)?.page.bytes.slice(first * 512, first * 512 + 512);
      expect(bytes).toEqual(disk.slice((10 + i) * 512, (11 + i) * 512));
    }
    const bad: TestRequest['indirect'][] = [
      { op: BLKIF_OP.READ, segments: 257, pages: [50] },
      { op: BLKIF_OP.READ, segments: 0, pages: [50] },
      { op: BLKIF_OP.READ, segments: 20, pages: [51] },
      { op: BLKIF_OP.READ, segments: 21, pages: [50] },
      { op: BLKIF_OP.DISCARD, segments: 20, pages: [50] },
    ];
    for (const each of bad) {
      expect(ask({ op: BLKIF_OP.INDIRECT, id: 1n, indirect: each as NonNullable<typeof each> })).toEqual([
        `1 ${each?.op} -1`,
      ]);
    }
    list.bytes[5] = 8;
    expect(ask({ op: BLKIF_OP.INDIRECT, id: 9n, indirect })).toEqual(['9 0 -1']);
    expect(domain.mapped).toBe(0);
  });

  it('flushes, alone or after what it writes, and takes a barrier for that', () => {
    const log: string[] = [];
    const buffer = bufferMedium(new Uint8Array(SECTORS * 512));
    const medium: BlockMedium = {
      ...buffer,
      writeAt: (position) => log.push(`write ${position}`) > 0,
      flush: () => log.push('flush') > 0,
    };
    const { domain, ask } = rig({ medium });
    domain.grant(1);
    expect(ask({ op: BLKIF_OP.FLUSH_DISKCACHE, id: 1n })).toEqual(['1 3 0']);
    expect(ask({ op: BLKIF_OP.WRITE_BARRIER, id: 2n, sector: 1n, segments: [page] })).toEqual(['2 2 0']);
    expect(log).toEqual(['flush', 'write 512', 'flush']);
  });

  it('discards what it is told to, within the medium', () => {
    const { disk, ask } = rig();
    expect(ask({ op: BLKIF_OP.DISCARD, id: 1n, sector: 2n, sectors: 3n })).toEqual(['1 5 0']);
    expect([disk[2 * 512 - 4], disk[2 * 512], disk[5 * 512 - 1], disk[5 * 512]]).toEqual([1, 0, 0, 5]);
    expect(ask({ op: BLKIF_OP.DISCARD, id: 1n, sector: 2n, sectors: 63n })).toEqual(['1 5 -1']);
    const { discard: _, ...without } = bufferMedium(new Uint8Array(1024));
    expect(rig({ medium: without }).ask({ op: BLKIF_OP.DISCARD, id: 1n, sectors: 1n })).toEqual(['1 5 -2']);
  });

  const wrong: [string, TestRequest][] = [
    ['a sector that goes beyond the end', { op: BLKIF_OP.READ, id: 1n, sector: 57n, segments: [page] }],
    ['a sector number of 2^64 - 1', { op: BLKIF_OP.WRITE, id: 1n, sector: 0xffff_ffff_ffff_ffffn, segments: [page] }],
    ['a sector number of 2^53', { op: BLKIF_OP.WRITE, id: 1n, sector: 1n << 53n, segments: [page] }],
    ['no segment', { op: BLKIF_OP.READ, id: 1n }],
    ['more segments than a request has', { op: BLKIF_OP.READ, id: 1n, segments: [page], count: 12 }],
    ['255 segments of a flush', { op: BLKIF_OP.FLUSH_DISKCACHE, id: 1n, count: 255 }],
    ['a segment that ends before it begins', { op: BLKIF_OP.READ, id: 1n, segments: [{ ...page, first: 3, last: 2 }] }],
    ['a segment beyond its page', { op: BLKIF_OP.READ, id: 1n, segments: [{ ...page, last: 8 }] }],
    ['a page that is not granted', { op: BLKIF_OP.READ, id: 1n, segments: [page, { ...page, reference: 2 }] }],
    ['a discard of 2^64 - 1 sectors', { op: BLKIF_OP.DISCARD, id: 1n, sectors: 0xffff_ffff_ffff_ffffn }],
  ];
  for (const [what, request] of wrong) {
    it(`answers an error to ${what}, and touches nothing`, () => {
      const { domain, disk, ask } = rig();
      const data = domain.grant(1);
      data.bytes.fill(0x55);
      const before = disk.slice();
      expect(ask(request)).toEqual([`1 ${request.op} -1`]);
      expect([disk, data.bytes.every((byte) => byte === 0x55), domain.mapped]).toEqual([before, true, 0]);
    });
  }

  it('says of operations that nobody knows that they are not supported', () => {
    const { ask } = rig();
    expect(ask({ op: 4, id: 1n }, { op: 77, id: 2n })).toEqual(['1 4 -2', '2 77 -2']);
  });

  it('writes nothing to a medium that is read-only, or that fails', () => {
    const still = rig({ medium: bufferMedium(new Uint8Array(SECTORS * 512), { readOnly: true }) });
    still.domain.grant(1);
    for (const op of [BLKIF_OP.WRITE, BLKIF_OP.WRITE_BARRIER]) {
      expect(still.ask({ op, id: 1n, segments: [page] })).toEqual([`1 ${op} -1`]);
    }
    expect(still.ask({ op: BLKIF_OP.FLUSH_DISKCACHE, id: 1n })).toEqual(['1 3 -1']);
    expect(still.ask({ op: BLKIF_OP.DISCARD, id: 1n, sectors: 1n })).toEqual(['1 5 -1']);
    expect(still.ask({ op: BLKIF_OP.READ, id: 1n, segments: [page] })).toEqual(['1 0 0']);
    const fails = { readAt: () => false, writeAt: () => false, flush: () => false, discard: () => false };
    const broken = rig({ medium: { ...bufferMedium(new Uint8Array(SECTORS * 512)), ...fails } });
    broken.domain.grant(1);
    for (const op of [BLKIF_OP.READ, BLKIF_OP.WRITE]) {
      expect(broken.ask({ op, id: 1n, segments: [page] })).toEqual([`1 ${op} -1`]);
    }
    expect(broken.ask({ op: BLKIF_OP.FLUSH_DISKCACHE, id: 1n }, { op: BLKIF_OP.DISCARD, id: 2n, sectors: 1n })).toEqual(
      ['1 3 -1', '2 5 -1'],
    );
  });

  it('signals only for answers that the front end waits for, and asks to be signalled for the next request', () => {
    const { domain, front, ring } = rig();
    domain.grant(1);
    const one = (): boolean => {
      front.put({ op: BLKIF_OP.READ, id: 1n, segments: [page] });
      return front.push();
    };
    expect([one(), ring.serve()]).toEqual([true, true]);
    expect([one(), ring.serve()]).toEqual([true, false]);
    front.answers();
    expect([one(), one(), ring.serve()]).toEqual([true, false, true]);
  });

  it('serves nothing more of a front end that claims more requests than there are slots', () => {
    for (const claimed of [33, -1, 0x7fff_ffff]) {
      const { front, ring } = rig();
      front.words.store(REQUEST_RING.requestProducer, claimed);
      expect([ring.serve(), ring.halted]).toEqual([false, true]);
      front.words.store(REQUEST_RING.requestProducer, 0);
      front.put({ op: BLKIF_OP.FLUSH_DISKCACHE, id: 1n });
      front.push();
      expect([ring.serve(), front.answers()]).toEqual([false, []]);
    }
  });

  it('looks once at each word of a slot, whatever stands there a moment later', () => {
    const { domain, disk, front } = rig();
    domain.grant(1);
    const seen = new Map<number, number>();
    const fickle = {
      ...front.words,
      load: (index: number): number => {
        const value = front.words.load(index);
        if (index >= REQUEST_RING.slots) {
          seen.set(index, (seen.get(index) ?? 0) + 1);
          front.words.store(index, -1);
        }
        return value;
      },
      store: (index: number, value: number) => front.words.store(index, value),
      or: (index: number, bits: number) => front.words.or(index, bits),
      and: (index: number, bits: number) => front.words.and(index, bits),
      compareExchange: (index: number, expected: number, value: number) =>
        front.words.compareExchange(index, expected, value),
    };
    const granted = ringPage(fickle);
    const ring = new BlockRing(domain, bufferMedium(disk), front.layout, [granted]);
    front.put({ op: BLKIF_OP.READ, id: 5n, sector: 1n, segments: [page] });
    front.push();
    ring.serve();
    expect(front.answers()).toEqual(['5 0 0']);
    expect([...seen.values()].every((times) => times === 1)).toBe(true);
  });

  it('serves at most a ring full for one event, however the words change', () => {
    const { domain, disk, front } = rig();
    let loads = 0;
    const endless = {
      load: (index: number): number => {
        loads++;
        if (index === REQUEST_RING.requestProducer) return front.words.load(REQUEST_RING.responseProducer) + 20;
        return front.words.load(index);
      },
      store: (index: number, value: number) => front.words.store(index, value),
      or: () => 0,
      and: () => 0,
      compareExchange: () => 0,
    };
    const granted = ringPage(endless);
    const ring = new BlockRing(domain, bufferMedium(disk), front.layout, [granted]);
    ring.serve();
    expect(front.answers().length).toBe(32);
    expect(loads).toBeLessThan(32 * 40);
  });

  it('survives any slots with any indices: the medium is only touched where requests say so, nothing stays mapped', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('arm-abi', 'x86_32-abi'),
        fc.array(fc.uint8Array({ minLength: 112, maxLength: 112 }), { maxLength: 12 }),
        fc.array(fc.integer(), { maxLength: 3 }),
        (protocol, slots, producers) => {
          const inside = (position: number, length: number): void =>
            expect([position % 512, length % 512, position >= 0, position + length <= SECTORS * 512]).toEqual([
              0,
              0,
              true,
              true,
            ]);
          const medium: BlockMedium = {
            bytes: SECTORS * 512,
            readOnly: false,
            readAt: (position, target) => inside(position, target.length) === undefined,
            writeAt: (position, source) => inside(position, source.length) === undefined,
            flush: () => true,
            discard: (position, length) => inside(position, length) === undefined,
          };
          const { domain, front, ring } = rig({ protocol, medium });
          for (let reference = 0; reference < 256; reference++) domain.grant(reference, reference % 2 === 0);
          const layout: BlkifLayout = front.layout;
          for (const [i, slot] of slots.entries()) {
            slot[0] = (slot[0] as number) % 8;
            for (let at = 0; at < layout.slot / 4; at++) {
              const word = new DataView(slot.buffer).getInt32(at * 4, true);
              front.words.store(REQUEST_RING.slots + (i * layout.slot) / 4 + at, word);
            }
          }
          front.words.store(REQUEST_RING.requestProducer, slots.length);
          ring.serve();
          expect(front.answers().length).toBe(slots.length);
          for (const produced of producers) {
            front.words.store(REQUEST_RING.requestProducer, produced);
            ring.serve();
          }
          expect(domain.mapped).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has the statuses of blkif.h', () => {
    expect(BLKIF_RSP).toEqual({ OKAY: 0, ERROR: -1, EOPNOTSUPP: -2 });
  });
});
