import { xenStatus } from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { bound, worldOf } from './world.js';

/** Two domains that may talk, and a channel from `one` to `two`: ports by domain. */
function channel() {
  const { guests, machine } = worldOf({ domains: { one: {}, two: {} }, policy: 'dummy' });
  const one = bound(guests.one);
  const two = bound(guests.two);
  const left = one.events.allocUnbound(2) as number;
  const right = two.events.bindInterdomain(1, left) as number;
  return { machine, guests, one, two, left, right };
}

describe.each(['2-level', 'fifo'] as const)('event channels, %s', (abi) => {
  function open() {
    const world = channel();
    if (abi === 'fifo') {
      expect(world.one.useFifoEvents()).toBe(0);
      expect(world.two.useFifoEvents()).toBe(0);
    }
    const seen: number[] = [];
    world.two.events.listen(world.right, (port) => seen.push(port));
    world.two.events.upcall();
    seen.length = 0;
    return { ...world, seen };
  }

  test('a send reaches the handler of the other domain at its upcall, once', () => {
    const { one, two, left, right, seen } = open();
    expect(one.events.abi.name).toBe(abi);
    expect(one.events.send(left)).toBe(0);
    expect(one.events.send(left)).toBe(0);
    expect(two.events.upcall()).toBe(1);
    expect(seen).toEqual([right]);
    expect(two.events.upcall()).toBe(0);
  });

  test('what comes while a port is masked is delivered when it no longer is', () => {
    const { one, two, left, right, seen } = open();
    two.events.mask(right);
    one.events.send(left);
    expect([two.events.upcall(), two.events.isPending(right)]).toEqual([0, true]);
    two.events.unmask(right);
    expect(two.events.upcall()).toBe(1);
    expect(seen).toEqual([right]);
  });

  test('an event may be taken away unhandled', () => {
    const { one, two, left, right, seen } = open();
    two.events.mask(right);
    one.events.send(left);
    two.events.clear(right);
    two.events.unmask(right);
    expect([two.events.upcall(), seen]).toEqual([0, []]);
  });

  test('a handler may send, and more comes in the same upcall', () => {
    const { one, two, left, right } = open();
    let turns = 0;
    one.events.listen(left, () => {
      if (++turns < 5) one.events.send(left);
    });
    let heard = 0;
    two.events.listen(right, () => {
      heard++;
      two.events.send(right);
    });
    one.events.upcall();
    one.events.send(left);
    for (let i = 0; i < 10; i++) {
      two.events.upcall();
      one.events.upcall();
    }
    expect([turns, heard]).toEqual([5, 5]);
  });

  test('many ports at once, each handled once', () => {
    const { one, two } = open();
    const ports: [number, number][] = [];
    const counts = new Map<number, number>();
    for (let i = 0; i < 200; i++) {
      const mine = one.events.allocUnbound(2) as number;
      const theirs = two.events.bindInterdomain(1, mine) as number;
      two.events.listen(theirs, (port) => counts.set(port, (counts.get(port) ?? 0) + 1));
      ports.push([mine, theirs]);
    }
    two.events.upcall();
    counts.clear();
    for (const [mine] of ports) one.events.send(mine);
    expect(two.events.upcall()).toBe(200);
    expect([...counts.values()].every((count) => count === 1)).toBe(true);
    expect(counts.size).toBe(200);
  });

  test('a closed port has no handler and cannot be sent to', () => {
    const { one, two, left, right, seen } = open();
    one.events.send(left);
    expect(two.events.close(right)).toBe(0);
    two.events.upcall();
    expect(seen).toEqual([]);
    expect(two.events.send(right)).toBe(xenStatus.EINVAL.code);
    expect(one.events.status(left)).toEqual({ kind: 'unbound', vcpu: 0, remoteDomain: 2 });
  });
});

test('ports by what they are bound to', () => {
  const { one, left, right } = channel();
  expect(one.events.status(left)).toEqual({ kind: 'interdomain', vcpu: 0, remoteDomain: 2, remotePort: right });
  const virq = one.events.bindVirq(1) as number;
  expect(one.events.status(virq)).toEqual({ kind: 'virq', vcpu: 0, virq: 1 });
  const ipi = one.events.bindIpi(0) as number;
  expect(one.events.status(ipi)).toEqual({ kind: 'ipi', vcpu: 0 });
  expect(one.events.status(20)).toEqual({ kind: 'closed', vcpu: 0 });
  expect(one.events.status(2_000)).toBe(xenStatus.EINVAL);
  expect(one.events.bindVirq(1)).toBe(xenStatus.EEXIST);
});

test('a domain that the policy keeps apart gets no channel', () => {
  const { guests } = worldOf({ domains: { one: {}, two: {} } });
  expect(bound(guests.one).events.allocUnbound(2)).toBe(xenStatus.EPERM);
});

test('priorities belong to the FIFO ABI: the most urgent event is handled first', () => {
  const { one, two } = channel();
  expect(two.events.setPriority(1, 3)).toBe(xenStatus.ENOSYS);
  two.useFifoEvents();
  const order: string[] = [];
  const ends = ['late', 'early'].map((name, i) => {
    const mine = one.events.allocUnbound(2) as number;
    const theirs = two.events.bindInterdomain(1, mine) as number;
    two.events.listen(theirs, () => order.push(name));
    two.events.upcall();
    expect(two.events.setPriority(theirs, 15 - 10 * i)).toBe(0);
    return mine;
  });
  order.length = 0;
  for (const port of ends) one.events.send(port);
  two.events.upcall();
  expect(order).toEqual(['early', 'late']);
});

test('a reset closes every port and goes back to the 2-level ABI', () => {
  const { one, two, left, right } = channel();
  two.useFifoEvents();
  expect(two.events.reset()).toBe(0);
  expect(two.events.abi.name).toBe('2-level');
  expect(one.events.status(left)).toMatchObject({ kind: 'unbound' });
  expect(two.events.status(right)).toMatchObject({ kind: 'closed' });
});

test('vCPUs have their own upcalls', () => {
  const { guests } = worldOf({ domains: { one: {} }, vcpus: 2 });
  const xen = bound(guests.one);
  const seen: number[] = [];
  const port = xen.events.bindIpi(1) as number;
  xen.events.listen(port, () => seen.push(port));
  xen.events.upcall(1);
  seen.length = 0;
  xen.events.send(port);
  expect([xen.events.upcall(0), xen.events.upcall(1), seen]).toEqual([0, 1, [port]]);
});
