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
