import type { GuestPhysical } from '@trapline/core';
import { createRegisters, RETURNED } from '@trapline/core';
import { createWorld, HostileMemory, hostileCaller, Random, TEST_RAM } from '@trapline/testkit';
import { createMemory } from '@trapline/trap-bus';
import { expect, test } from 'vitest';

const at = TEST_RAM.base as GuestPhysical;

test('what was read has changed when it is read again', () => {
  const memory = createMemory([TEST_RAM]);
  memory.write(at, Uint8Array.of(1, 2, 3, 4));
  const hostile = new HostileMemory(memory, new Random(1));
  const first = new Uint8Array(4);
  const second = new Uint8Array(4);
  expect(hostile.read(at, first)).toBe(true);
  expect([...first]).toEqual([1, 2, 3, 4]);
  hostile.read(at, second);
  expect([...second]).not.toEqual([1, 2, 3, 4]);
  expect(hostile.doubleFetches).toEqual([{ kind: 'read', address: at, length: 4 }]);
  hostile.forget();
  expect(hostile.accesses).toEqual([]);
});

test('hostile memory is the guest’s memory in everything else', () => {
  const hostile = new HostileMemory(createMemory([TEST_RAM]), new Random(1));
  expect(hostile.has(at, 4)).toBe(true);
  expect(hostile.write(at, Uint8Array.of(9))).toBe(true);
  expect(hostile.read((TEST_RAM.base - 1) as GuestPhysical, new Uint8Array(1))).toBe(false);
  expect(hostile.accesses.map((access) => access.kind)).toEqual(['write', 'read']);
});

test('after a call every register that the convention gives away is changed, and no other', () => {
  const registers = createRegisters();
  const inner = { ...registers, index: 0, width: 64, execute: () => RETURNED } as const;
  const caller = hostileCaller(inner, new Random(7), { results: 4 });
  registers.x.fill(5n);
  expect(caller.execute('smc', 0)).toBe(RETURNED);
  const changed = [...registers.x.keys()].filter((i) => registers.x[i] !== 5n);
  expect(changed).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
});

test('a 32-bit caller gets no high halves', () => {
  const registers = createRegisters();
  const inner = { ...registers, index: 0, width: 32, execute: () => RETURNED } as const;
  hostileCaller(inner, new Random(7)).execute('hvc', 0);
  expect(registers.x.every((value) => value < 2n ** 32n)).toBe(true);
});

test('equal seeds draw equal numbers', () => {
  const draw = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 100 }, () => random.below(1000));
  };
  expect(draw(3)).toEqual(draw(3));
  expect(draw(3)).not.toEqual(draw(4));
});

test('random numbers reach every value and lean to none', () => {
  const random = new Random(11);
  const counts = new Array<number>(16).fill(0);
  for (let i = 0; i < 16_000; i++) {
    const drawn = random.below(16);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(700);
  expect(random.pick(['only'])).toBe('only');
  expect(Array.from({ length: 100 }, () => random.once(4)).filter(Boolean).length).toBeGreaterThan(5);
});

test('a world is a machine with the service at its level', () => {
  const service = { name: 'none', levels: ['el2' as const], needs: [], start: () => ({ attach: () => nothing }) };
  const nothing = { implementations: [], reset: () => {}, save: () => null, restore: () => {} };
  const { guest } = createWorld({ service, interfaces: [] });
  expect(guest.services.map((s) => s.service.name)).toEqual(['none']);
  expect(guest.vcpus).toHaveLength(4);
});
