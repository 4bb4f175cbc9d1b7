import { BLKIF_OP, BLKIF_RSP, BlockRing, bufferMedium } from '@trapline/xen';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockFrontEnd, FakeDomain, type TestRequest, type TestSegment } from './front-end.js';

const SECTOR = 512;
const SECTORS = 64;
/** Pages 1 to 3 are granted; 3 for reading only. */
const GRANTED = [1, 2, 3];

const nearly = (most: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 9, arbitrary: fc.nat(most) }, fc.nat(most + 3));
const segment: fc.Arbitrary<TestSegment> = fc.record({
  reference: fc.constantFrom(1, 1, 2, 2, 3, 3, 4),
  first: nearly(3),
  last: nearly(7),
});
const request = fc.record({
  op: fc.constantFrom(BLKIF_OP.READ, BLKIF_OP.WRITE, BLKIF_OP.WRITE, BLKIF_OP.WRITE, BLKIF_OP.FLUSH_DISKCACHE, 9),
  sector: fc.oneof({ weight: 9, arbitrary: fc.bigInt(0n, 60n) }, fc.bigInt(0n, 2n ** 64n - 1n)),
  segments: fc.array(segment, { maxLength: 3 }),
});

/** What a request that can be carried out writes, sector by sector; nothing where it cannot be, or is none that writes. */
function written({ op, sector = 0n, segments = [] }: TestRequest, domain: FakeDomain): [number, Uint8Array][] {
  const there = segments.every(
    ({ reference, first, last }) => GRANTED.includes(reference) && first <= last && last < 8,
  );
  const sectors = segments.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const flush = op === BLKIF_OP.FLUSH_DISKCACHE;
  if (!there || (op !== BLKIF_OP.WRITE && !flush) || sector + BigInt(sectors) > BigInt(SECTORS)) return [];
  let at = Number(sector);
  return segments.flatMap(({ reference, first, last }) => {
    const { page } = domain.pages.get(reference) as NonNullable<ReturnType<typeof domain.pages.get>>;
    return Array.from({ length: last - first + 1 }, (_, i): [number, Uint8Array] => {
      const from = (first + i) * SECTOR;
      return [at++, page.bytes.slice(from, from + SECTOR)];
    });
  });
}

test('a medium holds what well-formed requests to write said, and no other byte of it has changed', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(request, fc.nat(255)), { maxLength: 25 }), (requests) => {
      const domain = new FakeDomain(1);
      for (const reference of GRANTED) domain.grant(reference, reference !== 3);
      const ringPage = domain.grant(1000);
      const front = new BlockFrontEnd(ringPage);
      const disk = Uint8Array.from({ length: SECTORS * SECTOR }, (_, i) => i >> 7);
      const expected = disk.slice();
      const ring = new BlockRing(domain, bufferMedium(disk), front.layout, [domain.map(1000, true) as never]);
      domain.mapped = 0;
      for (const [one, fill] of requests) {
        for (const reference of GRANTED) domain.pages.get(reference)?.page.bytes.fill(fill + reference);
        const sectors = written({ ...one, id: 1n }, domain);
        for (const [sector, bytes] of sectors) expected.set(bytes, sector * SECTOR);
        front.put({ ...one, id: 1n });
        front.push();
        ring.serve();
        const status = Number(front.answers()[0]?.split(' ')[2]);
        if (one.op === BLKIF_OP.WRITE) expect(status === BLKIF_RSP.OKAY).toBe(sectors.length > 0);
        expect(Buffer.compare(disk, expected)).toBe(0);
      }
      expect(domain.mapped).toBe(0);
    }),
    { numRuns: 200 },
  );
});
