import { describe, expect, it } from 'vitest';
import { copyOverlapping } from '../../src/grants/overlap.js';

/** Pieces in the order in which they are done: offset and length. */
function byPieces(from: number, to: number, pieces: readonly number[]): Uint8Array {
  const page = fresh();
  let done = 0;
  for (const piece of pieces) {
    const loaded = page.slice(from + done, from + done + piece);
    page.set(loaded, to + done);
    done += piece;
  }
  return page;
}

function fresh(): Uint8Array {
  return Uint8Array.from({ length: 4096 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
}

function copied(from: number, to: number, length: number): Uint8Array {
  const page = fresh();
  copyOverlapping(page, from, to, length);
  return page;
}

describe('a copy over itself', () => {
  it.each([
    ['fewer than 16 bytes', 3, 5, 15, [8, 4, 2, 1]],
    ['9 bytes', 16, 17, 9, [8, 1]],
    ['16 aligned bytes', 864, 872, 16, [16]],
    ['16 bytes that are not aligned', 865, 872, 16, [1, 2, 4, 8, 1]],
    ['up to 63 bytes', 32, 40, 63, [16, 16, 16, 8, 4, 2, 1]],
    ['an offset of 12', 12, 20, 40, [4, 16, 16, 4]],
    ['64 bytes', 64, 68, 64, [16, 32, 16]],
    ['127 bytes from an odd offset', 15, 24, 127, [1, 16, 32, 16, 16, 16, 16, 8, 4, 2]],
  ])('of %s is done in pieces that are loaded whole', (_, from, to, length, pieces) => {
    expect(pieces.reduce((sum, piece) => sum + piece)).toBe(length);
    expect(copied(from, to, length)).toEqual(byPieces(from, to, pieces));
  });

  it('of 128 bytes and more has 64 bytes in registers ahead: 16 bytes are stored before the next 16 are loaded', () => {
    // Shifted by 64 or more but less than the length, the stores run behind the loads and are loaded again.
    const page = copied(0, 80, 256);
    const expected = fresh();
    for (let at = 0; at < 256; at++) expected[80 + at] = (at < 80 ? fresh()[at] : expected[at]) as number;
    expect(page).toEqual(expected);
  });

  it('of 128 bytes and more that is shifted by less than 48 is as if all had been loaded at once', () => {
    const page = copied(0, 48, 300);
    const expected = fresh();
    expected.copyWithin(48, 0, 256);
    let done = 256;
    for (const piece of [16, 16, 8, 4]) {
      expected.copyWithin(48 + done, done, done + piece);
      done += piece;
    }
    expect(page).toEqual(expected);
  });

  it('never touches what lies beside', () => {
    const before = fresh();
    for (let length = 1; length < 200; length++) {
      const page = copied(100, 101, length);
      const beside = page.findIndex((byte, at) => byte !== before[at] && (at < 101 || at >= 101 + length));
      expect(beside).toBe(-1);
    }
  });
});
