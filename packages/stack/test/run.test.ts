import { type Conduit, createClient, type Driver, type GuestProgram, type Outcome, RETURNED } from '@trapline/core';
import { createStack, type StackGuest } from '@trapline/stack';
import { StepLimitError } from '@trapline/trap-bus';
import { describe, expect, it } from 'vitest';
import { lamp, lampAbi } from './lamp.js';

const MEMORY = [{ base: 0x4000_0000, size: 0x1000_0000 }];
const ENTRY = 0x4008_0000;

function client(conduit: Conduit) {
  return createClient(lampAbi, conduit);
}

const lampDriver: Driver<ReturnType<typeof client>> = {
  name: 'lamp',
  compatible: ['test,lamp'],
  needs: [],
  bind: (context, node) => node && client(context.conduit(node.string('method') ?? '')),
};

function compose(vcpus = 3) {
  return createStack({ guests: [{ name: 'a', vcpus, memory: MEMORY }], el3: [lamp()] });
}

describe('a guest', () => {
  it('discovers what its tree describes, through the conduit the tree names', () => {
    const bound = compose().guests.a.discover([lampDriver]);
    bound.get(lampDriver).set({ brightness: 9 });
    expect(bound.get(lampDriver).get()).toBe(9);
  });

  it('tells of everything from the first node found', () => {
    const heard: string[] = [];
    compose().guests.a.discover([lampDriver], { heard: (event) => heard.push(`${event.type} ${event.path}`) });
    expect(heard).toEqual(['found /lamp', 'bound /lamp']);
  });

  it('follows its tree: a driver binds to a node that comes later', () => {
    const { guests } = createStack({ guests: [{ name: 'a', vcpus: 1, memory: MEMORY, hasEl3: true }] });
    const bound = guests.a.discover([lampDriver]);
    expect(bound.find(lampDriver)).toBeUndefined();
    guests.a.deviceTree.add('lamp', { compatible: 'test,lamp', method: 'smc' });
    bound.settle();
    expect(bound.find(lampDriver)).toBeDefined();
  });
});

describe('programs', () => {
  it('run on the CPU they are put on, and begin where a CPU is started', () => {
    const stack = compose();
    const { a } = stack.guests;
    const bound = a.discover([lampDriver]).get(lampDriver);
    const order: string[] = [];
    a.at(ENTRY, function* (cpu): Generator<Outcome, void, void> {
      order.push(`cpu ${cpu.index} with ${cpu.x[0]}`);
      bound.set({ brightness: cpu.index });
      yield* bound.off();
    });
    a.spawn(function* () {
      for (const target of [1, 2]) {
        bound.start({ target, entry: ENTRY, context: 100n + BigInt(target) });
        yield RETURNED;
      }
      order.push('cpu 0 is through');
    });
    const { unfinished } = stack.run();
    expect(order).toContain('cpu 1 with 101');
    expect(order).toContain('cpu 2 with 102');
    expect(unfinished).toEqual([]);
    expect(a.vcpus.map(({ powerState }) => powerState)).toEqual(['running', 'off', 'off']);
  });

  it('of several guests take turns', () => {
    const stack = createStack({
      guests: [
        { name: 'a', vcpus: 1, memory: MEMORY },
        { name: 'b', vcpus: 1, memory: MEMORY },
      ],
      el3: [lamp()],
    });
    const order: string[] = [];
    const program = (guest: StackGuest): GuestProgram =>
      function* () {
        for (let i = 0; i < 3; i++) {
          order.push(`${guest.name}${i}`);
          yield RETURNED;
        }
      };
    for (const guest of [stack.guests.a, stack.guests.b]) guest.spawn(program(guest));
    stack.run();
    expect(order).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
  });

  it('are named where they are not through', () => {
    const stack = compose();
    const { a } = stack.guests;
    const bound = a.discover([lampDriver]).get(lampDriver);
    a.spawn(function* () {
      bound.start({ target: 1, entry: 0x4123_0000, context: 0 });
      yield RETURNED;
    });
    expect(stack.run().unfinished).toEqual([{ guest: 'a', cpu: 1, why: 'no program at 0x41230000' }]);
  });

  it('that go on for ever are stopped at a limit', () => {
    const stack = compose();
    stack.guests.a.spawn(function* () {
      for (;;) yield RETURNED;
    });
    expect(() => stack.run(100)).toThrow(StepLimitError);
  });

  it('cannot be put on a CPU that is off', () => {
    expect(() =>
      compose().guests.a.spawn(function* () {
        yield RETURNED;
      }, 1),
    ).toThrow(/cpu 1 is off/);
  });
});
