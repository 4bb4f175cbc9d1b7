import type { MemoryPort, SharedWords } from '@trapline/core';
import { expect, test } from 'vitest';
import { PageWords } from '../../src/memory/page-words.js';
import { bindIpi, expandArray, initControl, reset, send } from './client.js';
import { RAM, RAM_BYTES, rigOf, type Side } from './rig.js';

const CONTROL: number = RAM + 0xc000;
const ARRAY: number = RAM + 0xd000;

/** A memory that can share words, but shows and maps no pages. */
class WordsOnly implements MemoryPort {
  readonly regions = [{ base: RAM, size: RAM_BYTES }] as never;
  readonly #bytes = new Uint8Array(RAM_BYTES);

  read(address: number, target: Uint8Array): boolean {
    if (!this.has(address, target.length)) return false;
    target.set(this.#bytes.subarray(address - RAM, address - RAM + target.length));
    return true;
  }

  write(address: number, source: Uint8Array): boolean {
    if (!this.has(address, source.length)) return false;
    this.#bytes.set(source, address - RAM);
    return true;
  }

  has(address: number, length: number): boolean {
    return address >= RAM && address + length <= RAM + RAM_BYTES;
  }

  translate(_pe: unknown, address: number): number {
    return address;
  }

  sharedWords(address: number, length: number): SharedWords | undefined {
    return this.has(address, length)
      ? new PageWords(this.#bytes.subarray(address - RAM, address - RAM + length))
      : undefined;
  }
}

test('an embedder that shows no pages shares their words: FIFO queues work, and are saved', () => {
  const { sides } = rigOf([{}], 'dummy', { ports: { memory: new WordsOnly() } });
  const [side] = sides as [Side];
  expect([initControl(side, CONTROL), expandArray(side, ARRAY), bindIpi(side)]).toEqual([0, 0, 1]);
  expect(send(side, 1)).toBe(0);
  expect([side.word(ARRAY + 4) >>> 0, side.word(CONTROL)]).toEqual([0xa000_0000, 0x80]);
  const saved = JSON.parse(JSON.stringify(side.domain.events.save()));
  expect(reset(side)).toBe(0);
  expect(side.domain.events.fifo).toBeUndefined();
  side.domain.events.restore(saved);
  expect(bindIpi(side)).toBe(2);
  send(side, 2);
  expect(side.word(ARRAY + 4) & 0x1_ffff).toBe(2);
});
