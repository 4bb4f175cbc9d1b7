import { RestoreError } from '@trapline/core';
import { describe, expect, it } from 'vitest';
import { Heap } from '../../src/memory/heap.js';

const page = (first: number): Uint8Array => Uint8Array.of(first, ...new Uint8Array(4095));

describe('the pages that domains give back', () => {
  it('are allocated again with what they held, the last one first', () => {
    const heap = new Heap();
    heap.free(10, page(1));
    heap.free(20, undefined);
    heap.free(30, page(3));
    const taken = [heap.allocate(0), heap.allocate(0), heap.allocate(0)];
    expect(taken).toEqual([30, 20, 10]);
    expect(taken.map((number) => heap.contentOf(number)?.[0])).toEqual([3, undefined, 1]);
    expect(heap.contentOf(10)).toBeUndefined();
  });

  it('become blocks with their neighbours, which are split again from above, after single pages', () => {
    const heap = new Heap();
    for (const number of [8, 9, 11, 10, 100]) heap.free(number, undefined);
    expect(heap.allocate(0)).toBe(100);
    expect([heap.allocate(0), heap.allocate(0), heap.allocate(1)]).toEqual([11, 10, 8]);
  });

  it('are not pages that nobody had, which have no neighbours', () => {
    const heap = new Heap();
    const taken = [heap.allocate(0), heap.allocate(0), heap.allocate(0)];
    expect(new Set(taken).size).toBe(3);
    for (const number of taken) heap.free(number, undefined);
    expect([heap.allocate(0), heap.allocate(0), heap.allocate(0)]).toEqual([...taken].reverse());
  });

  it('hold what Xen left where no domain has had them, the least blocks first', () => {
    const heap = new Heap([
      { order: 1, fill: 0xd420_0040 },
      { order: 0, fill: 0 },
      { order: 0, fill: 7 },
    ]);
    const taken = Array.from({ length: 5 }, () => heap.allocate(0));
    expect(taken.map((number) => heap.contentOf(number)?.[0])).toEqual([undefined, 7, 0x40, 0x40, undefined]);
    const [, , upper, lower] = taken as [number, number, number, number, number];
    expect(upper).toBe(lower + 1);
    heap.free(lower, undefined);
    heap.free(upper, undefined);
    expect(heap.allocate(1)).toBe(lower);
  });

  it('are erased where Xen takes them itself', () => {
    const heap = new Heap();
    heap.free(10, page(1));
    heap.free(12, page(2));
    heap.free(14, page(3));
    heap.consume(1);
    heap.lose(0);
    expect(heap.contentOf(heap.allocateErased())).toBeUndefined();
    expect([10, 12, 14].map((number) => heap.contentOf(number))).toEqual([undefined, undefined, undefined]);
  });

  it('are forgotten with their range', () => {
    const heap = new Heap();
    const [one, other] = [heap.claim(), heap.claim()];
    heap.free(Heap.frameIn(one, 5), page(1));
    heap.free(Heap.frameIn(other, 5), page(2));
    heap.forget(other);
    expect(heap.allocate(0)).toBe(Heap.frameIn(one, 5));
    expect(heap.allocate(0)).not.toBe(Heap.frameIn(other, 5));
  });

  it('are the same after a restore, blocks that were merged among them', () => {
    const heap = new Heap([{ order: 0, fill: 7 }]);
    for (const number of [8, 9, 30, 31, 40]) heap.free(number, page(number));
    heap.allocate(0);
    const copy = new Heap([{ order: 0, fill: 7 }]);
    copy.restore(structuredClone(heap.save()));
    const drain = (from: Heap) => Array.from({ length: 6 }, () => from.allocate(0)).map((n) => [n, from.contentOf(n)]);
    expect(drain(copy)).toEqual(drain(heap));
  });

  it('take no more room for being given and taken often', () => {
    const heap = new Heap();
    for (let i = 0; i < 100_000; i++) {
      heap.free(2 * (i % 8), undefined);
      heap.free(2 * (i % 8) + 1, undefined);
      heap.allocate(1);
    }
    expect(JSON.stringify(heap.save()).length).toBeLessThan(1000);
  });

  it.each([null, {}, { ranges: 0 }])('refuse a state that is none: %j', (saved) => {
    expect(() => new Heap().restore(saved)).toThrow(RestoreError);
  });
});
