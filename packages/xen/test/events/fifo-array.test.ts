import type { SharedWords } from '@trapline/core';
import { describe, expect, test } from 'vitest';
import { FifoArray } from '../../src/events/fifo-array.js';
import { PageWords } from '../../src/memory/page-words.js';
import type { HeldPage } from '../../src/vcpu/held-page.js';
import { InterleavedWords } from './interleaved-words.js';

const [PENDING, MASKED, LINKED, BUSY] = [1 << 31, 1 << 30, 1 << 29, 1 << 28];
const [TAIL, NEXT] = [5, 9];

/** An array of one page, whose tail's word somebody changes before each operation, as often as there are changes. */
function arrayWith(
  word: number,
  changes: readonly ((words: SharedWords) => void)[],
): { array: FifoArray; words: SharedWords } {
  const words = new PageWords(new Uint8Array(4096));
  words.store(TAIL, word);
  const left = [...changes];
  const array = new FifoArray();
  array.pages.push({ words: new InterleavedWords(words, () => left.shift()?.(words)) } as unknown as HeldPage);
  return { array, words };
}

const set = (bits: number) => (words: SharedWords) => void words.or(TAIL, bits);
const clear = (bits: number) => (words: SharedWords) => void words.and(TAIL, ~bits);
const nothing = (): void => {};

describe('linking behind a tail', () => {
  test('sets its link and nothing else', () => {
    const { array, words } = arrayWith(PENDING | LINKED | 3, []);
    expect(array.linkBehind(TAIL, NEXT)).toBe(true);
    expect(words.load(TAIL)).toBe(PENDING | LINKED | NEXT);
  });

  test('leaves a tail alone that is in no queue any more', () => {
    const { array, words } = arrayWith(PENDING | 3, []);
    expect(array.linkBehind(TAIL, NEXT)).toBe(false);
    expect(words.load(TAIL)).toBe(PENDING | 3);
  });

  test('tries again, locked, where the guest has changed the word meanwhile', () => {
    const { array, words } = arrayWith(PENDING | LINKED, [nothing, set(MASKED)]);
    expect(array.linkBehind(TAIL, NEXT)).toBe(true);
    expect(words.load(TAIL)).toBe(PENDING | LINKED | MASKED | NEXT);
  });

  test('gives up where the guest has taken the tail out meanwhile, and unlocks it', () => {
    const { array, words } = arrayWith(PENDING | LINKED, [nothing, clear(PENDING), nothing, clear(LINKED)]);
    expect(array.linkBehind(TAIL, NEXT)).toBe(false);
    expect(words.load(TAIL)).toBe(0);
  });

  test('bears all four changes that a guest may make to a linked word', () => {
    const changes = [nothing, set(MASKED), nothing, nothing, clear(MASKED), clear(PENDING)];
    const { array, words } = arrayWith(PENDING | LINKED, changes);
    expect(array.linkBehind(TAIL, NEXT)).toBe(true);
    expect(words.load(TAIL)).toBe(LINKED | NEXT);
  });

  test('ends for a guest that never stops changing it, and unlocks it', () => {
    let flips = 0;
    const flip = (words: SharedWords): void => {
      flips++;
      words.store(TAIL, words.load(TAIL) ^ MASKED);
    };
    const { array, words } = arrayWith(PENDING | LINKED, new Array(100).fill(flip));
    expect(array.linkBehind(TAIL, NEXT)).toBe(true);
    expect([flips < 12, words.load(TAIL) & BUSY]).toEqual([true, 0]);
  });

  test('a tail that has no word is in no queue', () => {
    expect(new FifoArray().linkBehind(TAIL, NEXT)).toBe(false);
  });
});
