import { CompositionError } from '@trapline/core';
import { DeviceTreeError } from '@trapline/devicetree';
import { createStack, stackFromTree } from '@trapline/stack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lamp } from './lamp.js';

const services = { unknown: () => lamp() };

const affinity = fc.tuple(fc.nat(3), fc.nat(255), fc.nat(255), fc.nat(255)).map(([aff3, aff2, aff1, aff0]) => {
  return (BigInt(aff3) << 32n) | 0x8000_0000n | BigInt((aff2 << 16) | (aff1 << 8) | aff0);
});

/** Regions one above another, from 1 GiB on. */
const memory = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 1, max: 2 ** 40 })), {
    minLength: 1,
    maxLength: 8,
  })
  .map((pairs) => {
    let at = 2 ** 30;
    return pairs.map(([gap, size]) => {
      const region = { base: at + gap, size };
      at = region.base + size;
      return region;
    });
  });

test('a tree that a stack writes describes the machine it was written for', () => {
  fc.assert(
    fc.property(fc.uniqueArray(affinity, { minLength: 1, maxLength: 8 }), memory, (mpidrs, regions) => {
      const { a } = createStack({
        guests: [{ name: 'a', vcpus: mpidrs.map((mpidr) => ({ mpidr })), memory: regions }],
        el3: [lamp()],
      }).guests;
      const { guest } = stackFromTree(a.dtb(), { services, hasEl3: true }).guests;
      expect(guest.vcpus.map(({ mpidr }) => mpidr)).toEqual(mpidrs);
      expect(guest.memory).toEqual(regions);
      expect(guest.bus.services.map(({ level }) => level)).toEqual(['el3']);
    }),
    { seed: 1, numRuns: 60 },
  );
});

test('whatever a blob holds, composing gives a stack or one typed error', () => {
  const blob = createStack({
    guests: [{ name: 'a', vcpus: 3, memory: [{ base: 0x4000_0000, size: 0x1000 }] }],
    el3: [lamp()],
  }).guests.a.dtb();
  const change = fc.tuple(fc.nat(blob.length - 1), fc.nat(255));
  let composed = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const damaged = blob.slice();
      for (const [at, value] of changes) damaged[at] = value;
      try {
        stackFromTree(damaged, { services }).dispose();
        composed++;
      } catch (error) {
        expect(error instanceof DeviceTreeError || error instanceof CompositionError).toBe(true);
        refused++;
      }
    }),
    { seed: 1, numRuns: 2000 },
  );
  expect(composed).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(100);
});
