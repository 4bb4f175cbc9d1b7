import { createClient, isStatus } from '@trapline/core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { createStack, type StackGuest } from '@trapline/stack';
import { lamp, lampAbi } from './lamp.js';

const MEMORY = [{ base: 0x4000_0000, size: 0x1000_0000 }];

describe('a stack', () => {
  it('knows its guests by the names they were given', () => {
    const stack = createStack({
      guests: [
        { name: 'linux', vcpus: 1, memory: MEMORY },
        { name: 'zephyr', vcpus: 2, memory: MEMORY },
      ],
      el3: [lamp()],
    });
    expectTypeOf(stack.guests).toEqualTypeOf<{ readonly linux: StackGuest; readonly zephyr: StackGuest }>();
    expect(stack.guests.zephyr.vcpus).toHaveLength(2);
  });
});
