import { ByteRing, JoinedWords, RING_CORRUPT } from '@trapline/xen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestWords } from '../store/wire-guest.js';

const LAYOUT = { bytes: 4, size: 64, consumer: 100, producer: 101 };

describe('a ring of bytes', () => {
  it('gives what was put in, whatever the pieces, from any start of its indices', () => {
    const pieces = fc.array(fc.tuple(fc.uint8Array({ maxLength: 80 }), fc.nat(80)), { maxLength: 40 });
    fc.assert(
      fc.property(fc.integer(), pieces, (start, all) => {
        const words = new TestWords();
        words.store(LAYOUT.consumer, start);
        words.store(LAYOUT.producer, start);
        words.words.fill(-1, 0, 4);
        words.words.fill(-1, 20, 30);
        const ring = new ByteRing(words, LAYOUT);
        const [put, taken]: [number[], number[]] = [[], []];
        for (const [piece, most] of all) {
          const count = ring.produce(piece, 0, piece.length);
          put.push(...piece.subarray(0, count));
          expect(ring.used).toBe(put.length - taken.length);
          const target = new Uint8Array(most + 2).fill(0xaa);
          const got = ring.consume(target, 1, most + 1);
          taken.push(...target.subarray(1, 1 + got));
          expect([target[0], target[got + 1]]).toEqual([0xaa, 0xaa]);
        }
        expect(taken).toEqual(put.slice(0, taken.length));
        expect([...words.words.slice(0, 4), ...words.words.slice(20, 30)].every((word) => word === -1)).toBe(true);
      }),
    );
  });

  it('touches nothing where the indices cannot be', () => {
    const words = new TestWords();
    const ring = new ByteRing(words, LAYOUT);
    for (const producer of [65, -1, 0x4000_0000]) {
      words.store(LAYOUT.producer, producer);
      const before = words.bytes.slice();
      expect([ring.used, ring.consume(new Uint8Array(8), 0, 8), ring.produce(new Uint8Array(8), 0, 8)]).toEqual([
        RING_CORRUPT,
        RING_CORRUPT,
        RING_CORRUPT,
      ]);
      expect(words.bytes).toEqual(before);
    }
    ring.clear();
    expect(ring.used).toBe(0);
  });
});

describe('joined pages', () => {
  it('are one range of words, every operation of which is that of the page', () => {
    const pages = [new TestWords(), new TestWords(), new TestWords()];
    const joined = new JoinedWords(pages);
    joined.store(1024, 0b1100);
    expect([pages[1]?.load(0), joined.or(1024, 0b0011), joined.and(1024, 0b0110), joined.load(1024)]).toEqual([
      0b1100, 0b1100, 0b1111, 0b0110,
    ]);
    expect([joined.compareExchange(3071, 0, 5), joined.compareExchange(3071, 0, 6), pages[2]?.load(1023)]).toEqual([
      0, 5, 5,
    ]);
  });
});
