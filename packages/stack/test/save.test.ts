import { createClient, RestoreError, type Saved } from '@trapline/core';
import { createStack, type StackGuest } from '@trapline/stack';
import { describe, expect, it, vi } from 'vitest';
import { lamp, lampAbi } from './lamp.js';

function compose() {
  return createStack({
    guests: [
      { name: 'a', vcpus: 2, memory: [{ base: 0x4000_0000, size: 0x1000_0000 }] },
      { name: 'b', vcpus: 1, memory: [{ base: 0x4000_0000, size: 0x1000_0000 }] },
    ],
    el3: [lamp()],
  });
}

const lampOf = (guest: StackGuest) => createClient(lampAbi, guest.bus.conduit('smc'));

describe('a saved stack', () => {
  it('is what JSON can hold, and brings services, CPUs and time back', () => {
    const stack = compose();
    lampOf(stack.guests.a).set({ brightness: 5 });
    lampOf(stack.guests.a).start({ target: 1, entry: 0x4000_0000, context: 0 });
    stack.machine.clock.advance(77n);
    const saved = JSON.parse(JSON.stringify(stack.save())) as Saved;
    const other = compose();
    other.restore(saved);
    expect(lampOf(other.guests.a).get()).toBe(5);
    expect(lampOf(other.guests.b).get()).toBe(0);
    expect(other.guests.a.vcpus[1]?.powerState).toBe('starting');
    expect(other.machine.clock.now()).toBe(77n);
    expect(JSON.stringify(other.save())).toBe(JSON.stringify({ ...(saved as object), machine: other.machine.save() }));
  });

  it('brings a changed tree back in place', () => {
    const stack = compose();
    const { deviceTree } = stack.guests.a;
    const saved = stack.save();
    const before = stack.guests.a.dtb();
    deviceTree.require('/lamp').remove();
    deviceTree.root.set('model', 'other');
    deviceTree.root.set('serial-number', '1');
    stack.restore(saved);
    expect(stack.guests.a.dtb()).toEqual(before);
    expect(deviceTree.require('/lamp').string('method')).toBe('smc');
  });

  it('leaves a tree alone that is the same', () => {
    const stack = compose();
    const saved = stack.save();
    const heard = vi.fn();
    stack.guests.a.deviceTree.observe(heard);
    stack.restore(saved);
    expect(heard).not.toHaveBeenCalled();
  });

  it.each<[string, (saved: Record<string, Saved>) => Saved, RegExp]>([
    ['is nothing', () => null, /no saved stack/],
    ['is of another format', (saved) => ({ ...saved, format: 'x' }), /expected format "trapline stack", version 1/],
    ['is of another version', (saved) => ({ ...saved, version: 2 }), /version 1/],
    ['has no trees', ({ trees: _, ...rest }) => rest, /trees.a: expected a blob/],
    ['has a tree in odd digits', (saved) => ({ ...saved, trees: { a: 'abc' } }), /trees.a: expected a blob/],
    ['has a tree in other digits', (saved) => ({ ...saved, trees: { a: 'xy' } }), /trees.a: expected a blob/],
    ['has a tree that is none', (saved) => ({ ...saved, trees: { a: 'abcd' } }), /trees.a: /],
    ['has no machine', ({ machine: _, ...rest }) => rest, /saved state/],
  ])('is refused where it %s', (_, damage, message) => {
    const stack = compose();
    const saved = damage(stack.save() as Record<string, Saved>);
    expect(() => stack.restore(saved)).toThrow(RestoreError);
    expect(() => stack.restore(saved)).toThrow(message);
  });
});

it('reset brings guests back to where they began', () => {
  const stack = compose();
  lampOf(stack.guests.a).set({ brightness: 5 });
  lampOf(stack.guests.a).start({ target: 1, entry: 0x4000_0000, context: 0 });
  stack.reset();
  expect(lampOf(stack.guests.a).get()).toBe(0);
  expect(stack.guests.a.vcpus[1]?.powerState).toBe('off');
});

it('dispose ends the streams', () => {
  const stack = compose();
  const done = vi.fn();
  stack.calls$.subscribe({ complete: done });
  stack.power$.subscribe({ complete: done });
  stack.interrupts$.subscribe({ complete: done });
  stack.dispose();
  expect(done).toHaveBeenCalledTimes(3);
});
