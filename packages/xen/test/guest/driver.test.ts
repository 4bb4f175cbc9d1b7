import { BindError } from '@trapline/core';
import { createMachine } from '@trapline/trap-bus';
import { driver, OLDEST_VERSION, PROFILES, SCRATCH_BYTES, xenStatus } from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { bind, bound, RAM, RAM_BYTES, worldOf } from './world.js';

describe('binding', () => {
  test('to the node, without any other driver', () => {
    expect([driver.name, driver.compatible, driver.needs]).toEqual(['xen', ['xen,xen', 'xen,xen-*'], []]);
  });

  test('asks the version that answers, and its features', () => {
    const xen = bound(worldOf().guests.one);
    expect(xen.version).toEqual({ major: 4, minor: 17 });
    expect([...xen.features]).toContain('autoTranslatedPhysmap');
    expect(xen.notes).toEqual([]);
    expect(xen.xenVersion()).toBe(0x4_0011);
  });

  test('of a node that names another version says so; the answer counts', () => {
    const xen = bound(worldOf().guests.one, { compatible: '"xen,xen-4.2", "xen,xen"' });
    expect(xen.version.minor).toBe(17);
    expect(xen.notes.map(({ code }) => code)).toEqual(['version-differs']);
  });

  test('of a version that is not known yet goes by xen,xen', () => {
    const world = worldOf({ profile: { ...profile(), name: 'new', version: { major: 4, minor: 42 } } });
    const xen = bound(world.guests.one, { compatible: '"xen,xen-4.42", "xen,xen"' });
    expect(xen.version).toEqual({ major: 4, minor: 42 });
    expect(xen.notes.map(({ code }) => code)).toEqual(['version-newer']);
  });

  test('refuses a Xen before ARM had its interface', () => {
    const world = worldOf({ profile: { ...profile(), name: 'old', version: { major: 4, minor: 1 } } });
    expect(() => bind(world.guests.one as never)).toThrow(BindError);
    expect(OLDEST_VERSION).toEqual({ major: 4, minor: 2 });
  });

  test('gives nothing where no Xen answers', () => {
    const machine = createMachine({ guests: [{ name: 'bare', vcpus: 1, memory: [{ base: RAM, size: RAM_BYTES }] }] });
    expect(bind(machine.guest('bare'))).toBeUndefined();
  });

  test('takes the method of a later version, and refuses what is none', () => {
    const { guests } = worldOf();
    const later = '"xen,xen-5.0", "xen,xen"';
    expect(bound(guests.one, { compatible: later, more: 'method = "hvc";' }).conduit.kind).toBe('hvc');
    expect(() => bind(guests.one as never, { compatible: later, more: 'method = "svc";' })).toThrow(/write "hvc"/);
    // Known versions are called by HVC whatever the node says.
    expect(bound(guests.one, { more: 'method = "smc";' }).conduit.kind).toBe('hvc');
  });

  test('takes its operands from the end of memory, or where it is told', () => {
    const { guests } = worldOf();
    expect(bound(guests.one).gate.operands.list).toBe(RAM + RAM_BYTES - SCRATCH_BYTES + 0x1000);
    const xen = bound(guests.one, { scratch: { base: RAM + 0x10_0000, size: 0x8000 } });
    expect(xen.gate.operands.low).toBe(RAM + 0x10_0000);
    expect(xen.pages.available).toBe(6);
  });
});

test('an AArch32 guest calls by R12 and R0', () => {
  const { guests } = worldOf({ domains: { one: {}, two: {} }, policy: 'dummy', state: 'a32' });
  const one = bound(guests.one);
  const two = bound(guests.two);
  expect(one.version).toEqual({ major: 4, minor: 17 });
  expect(one.calls.version.getFeatures({ submapIdx: 1 })).toBe(xenStatus.EINVAL);
  const left = one.events.allocUnbound(2) as number;
  const right = two.events.bindInterdomain(1, left) as number;
  const seen: number[] = [];
  two.events.listen(right, (port) => seen.push(port));
  two.events.upcall();
  one.events.send(left);
  two.events.upcall();
  expect(seen).toEqual([right, right]);
});

test('works over a memory that can only be read and written', () => {
  const { guests } = worldOf({ domains: { one: {}, two: {} }, policy: 'dummy' });
  const one = bound(guests.one, { plainMemory: true });
  const two = bound(guests.two, { plainMemory: true });
  const page = one.pages.take();
  page.words.store(3, 77);
  const mapped = two.grants.map(1, one.grants.give(2, page.frame) as number);
  if (!('handle' in mapped)) throw new Error(String(mapped));
  expect(mapped.words().load(3)).toBe(77);
  expect([mapped.words().or(3, 2), mapped.words().and(3, 3), page.words.compareExchange(3, 3, 9)]).toEqual([77, 79, 3]);
  expect(page.words.load(3)).toBe(9);
  expect(() => one.map.slot(0x20_0000).words().load(0)).toThrow(RangeError);
});

describe('time', () => {
  const counter = { counter: () => 125n, frequency: 1_000_000 };

  test('is the counter’s, as Xen fills nothing in on ARM', () => {
    const { time } = bound(worldOf().guests.one, { counter });
    expect(time.systemTime()).toBe(125_000n);
  });

  test('goes by vcpu_time_info where that is filled in', () => {
    const xen = bound(worldOf().guests.one, { counter });
    const { words, first } = xen.sharedInfo.vcpu(0);
    const at = first + 4;
    const record = [2, 0, 100, 0, 5_000, 0, 0x8000_0000 | 0, 1];
    record.forEach((value, i) => {
      words.store(at + i, value);
    });
    // (125 - 100) << 1, times 0.5, and 5000.
    expect(xen.time.systemTime()).toBe(5_025n);
    words.store(at + 7, 0xff);
    expect(xen.time.systemTime()).toBe(5_006n);
    words.store(at, 3);
    expect(() => xen.time.systemTime()).toThrow(RangeError);
  });

  test('stands still without a counter', () => {
    expect(bound(worldOf().guests.one).time.systemTime()).toBe(0n);
  });
});

test('pages of the scratch area come to an end, and come back', () => {
  const xen = bound(worldOf().guests.one, { scratch: { base: RAM, size: 0x4000 } });
  const pages = [xen.pages.take(), xen.pages.take()];
  expect(() => xen.pages.take()).toThrow(RangeError);
  xen.pages.give(pages[0] as NonNullable<(typeof pages)[0]>);
  expect(xen.pages.take().frame).toBe(pages[0]?.frame);
});

describe('typed calls', () => {
  test('give values, structures or Xen’s errors', () => {
    const { calls } = bound(worldOf().guests.one);
    expect(calls.version.version()).toBe(0x4_0011);
    expect(calls.version.pagesize()).toBe(0x1000);
    expect(calls.version.platformParameters()).toEqual({ virtStart: 0x20_0000n });
    expect(calls.version.getFeatures({ submapIdx: 1 })).toBe(xenStatus.EINVAL);
    expect(calls.hvm.getParam({ domid: 0x7ff0, index: 28 })).toBe(xenStatus.EPERM);
    expect(calls.hvm.getParam({ domid: 0x7ff0, index: 0 })).toMatchObject({ value: 0n });
    expect(calls.memory.maximumGpfn({ domid: 0x7ff0 })).toBe((RAM + RAM_BYTES) / 0x1000 - 1);
  });

  test('of every hypercall by registers too', () => {
    const { hypercalls } = bound(worldOf().guests.one);
    expect(hypercalls.xenVersion({ cmd: 0, arg: 0 })).toBe(0x4_0011n);
    expect(hypercalls.physdevOp({ cmd: 0, arg: 0 })).toBe(xenStatus.ENOSYS);
  });
});

function profile() {
  return PROFILES['xen-4.17'];
}
