import { expect, test } from 'vitest';
import { WordsOnly } from '../words-only-memory.js';
import { bindIpi, expandArray, initControl, reset, send } from './client.js';
import { RAM, RAM_BYTES, rigOf, type Side } from './rig.js';

const CONTROL: number = RAM + 0xc000;
const ARRAY: number = RAM + 0xd000;

test('an embedder that shows no pages shares their words: FIFO queues work, and are saved', () => {
  const { sides } = rigOf([{}], 'dummy', { ports: { memory: new WordsOnly([{ base: RAM, size: RAM_BYTES }]) } });
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
