import { isStatus } from '@trapline/core';
import { type DomainInfo, xenAbi, xenStatus } from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { bound, RAM, RAM_BYTES, worldOf } from './world.js';

const PAIR = { domains: { dom0: { privileged: true }, one: {} } };

describe('what a control domain does', () => {
  test('sees domains, pauses and destroys them', () => {
    const { guests } = worldOf(PAIR);
    const { control } = bound(guests.dom0);
    const all = control.domains() as readonly DomainInfo[];
    expect(all.map(({ domain }) => domain)).toEqual([0, 1]);
    expect(control.pause(1)).toBe(true);
    expect((control.domainInfo(1) as DomainInfo).flags & 8).toBe(8);
    expect(control.unpause(1)).toBe(true);
    expect(control.destroy(1)).toBe(true);
    expect(control.domainInfo(1)).toBe(xenStatus.ESRCH);
  });

  test('sees the machine, and sets the wall clock', () => {
    const { guests } = worldOf({ ...PAIR, host: { cpus: 4, freePages: 100 } });
    const { control, time } = bound(guests.dom0, { counter: { counter: () => 62_500_000n, frequency: 62_500_000 } });
    expect(control.physinfo()).toMatchObject({ nrCpus: 4, freePages: 100n });
    expect(control.availheap()).toMatchObject({ availBytes: 409_600n });
    expect(control.setTime({ secs: 1_800_000_000n, nsecs: 5, systemTime: 0n })).toBe(0);
    expect(time.bootTime()).toBe(1_800_000_000_000_000_005n);
    expect(time.wallClock()).toBe(1_800_000_001_000_000_005n);
  });

  test('reads Xen’s parameters', () => {
    const { guests } = worldOf(PAIR);
    const dom0 = bound(guests.dom0);
    expect(dom0.hypfs('/')).toContain('params');
    expect(dom0.hypfs('/buildinfo/version/major')).toBe(4);
    expect(dom0.hypfs('/buildinfo/version/extra')).toBe('.0');
    expect(dom0.hypfs('/buildinfo/version')).toEqual(['extra', 'major', 'minor']);
    expect(dom0.hypfs('/nothing')).toBe(xenStatus.ENOENT);
  });

  test('is not for others', () => {
    const { control, hypfs } = bound(worldOf(PAIR).guests.one);
    expect(control.physinfo()).toBe(xenStatus.EPERM);
    expect(control.domains()).toBe(xenStatus.EPERM);
    expect(control.pause(0)).toBe(xenStatus.EPERM);
    expect(control.setTime({})).toBe(xenStatus.EPERM);
    expect(isStatus(hypfs.call(bound(worldOf(PAIR).guests.one), '/'))).toBe(true);
  });
});

describe('multicall', () => {
  test('gives what each call returned', () => {
    const xen = bound(worldOf().guests.one);
    const { xenVersion, physdevOp } = xenAbi.calls;
    expect(
      xen.multicall([
        { op: xenVersion.id, args: [0, 0] },
        { op: physdevOp.id, args: [0, 0] },
        { op: 63, args: [] },
      ]),
    ).toEqual([0x4_0011n, -38n, -38n]);
    expect(xen.multicall([])).toEqual([]);
  });

  test('takes no more than stand in a page', () => {
    const xen = bound(worldOf().guests.one);
    expect(() => xen.multicall(Array.from({ length: 65 }, () => ({ op: 17, args: [] })))).toThrow(RangeError);
  });
});

describe('memory', () => {
  test('goes back to Xen and comes again', () => {
    const xen = bound(worldOf().guests.one);
    const { memory } = xen.calls;
    const own = memory.currentReservation({ domid: 0x7ff0 }) as number;
    const page = xen.pages.take();
    expect(memory.decreaseReservation([page.frame])).toBe(1);
    expect(memory.currentReservation({ domid: 0x7ff0 })).toBe(own - 1);
    expect(() => xen.map.write(page.address, Uint8Array.of(1))).toThrow(RangeError);
    expect(memory.populatePhysmap([page.frame])).toBe(1);
    xen.map.write(page.address, Uint8Array.of(1));
    expect(own).toBe(RAM_BYTES / 0x1000);
  });

  test('without extended regions a mapping takes the place of a page of the driver’s', () => {
    const { guests } = worldOf({ domains: { one: {}, two: {} }, policy: 'dummy' });
    const one = bound(guests.one);
    const two = bound(guests.two, { extended: false });
    const page = one.pages.take();
    const mapped = two.grants.map(1, one.grants.give(2, page.frame) as number);
    if (!('handle' in mapped)) throw new Error(String(mapped));
    expect([mapped.address >= RAM, mapped.address < RAM + RAM_BYTES]).toEqual([true, true]);
    expect(two.grants.unmap(mapped)).toBe(true);
  });

  test('lists beyond a page are refused before the call', () => {
    const { calls } = bound(worldOf().guests.one);
    expect(() => calls.memory.populatePhysmap(Array.from({ length: 513 }, () => 0))).toThrow(RangeError);
    expect(() => calls.grantTable.mapGrantRef(Array.from({ length: 129 }, () => ({})))).toThrow(RangeError);
  });
});

test('what Xen does for a guest that asks', () => {
  expect(bound(worldOf().guests.one).assistRunstateUpdate()).toBe(0);
});

test('parameters by name', () => {
  const { guests } = worldOf({ domains: { one: { parameters: { consolePfn: 0x39000n } } } });
  const xen = bound(guests.one);
  expect(xen.parameter('consolePfn')).toBe(0x39000n);
  expect(xen.parameter('monitorRingPfn')).toBe(xenStatus.EPERM);
});
