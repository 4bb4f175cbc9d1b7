import { ERRNO } from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { xenBuildId, xenCompileInfo, xenFeatureInfo, xenPlatformParameters } from '../../src/abi/structures/version.js';
import { get, hyper, NOWHERE, OPERAND, put, textAt, worldOf } from '../machine.js';

const { EPERM, EFAULT, EINVAL, ENOSYS, ENODATA, ENOBUFS } = ERRNO;

describe('xen_version', () => {
  test.each([
    ['xen-4.17', 0x4_0011],
    ['xen-4.18', 0x4_0012],
    ['xen-4.20', 0x4_0014],
  ] as const)('%s says its version', (profile, version) => {
    expect(hyper(worldOf({ profile }).guest('one'), 'xenVersion', [0, 0])).toBe(version);
  });

  test('tells the build as the host describes it, cut to the room that each text has', () => {
    const host = { extraVersion: '.7', compiler: 'c'.repeat(80), compileDate: 'today', changeset: 'abc' };
    const guest = worldOf({ host }).guest('one');
    expect(hyper(guest, 'xenVersion', [1, OPERAND])).toBe(0);
    expect(textAt(guest, 16)).toBe('.7');
    expect(hyper(guest, 'xenVersion', [2, OPERAND])).toBe(0);
    expect(textAt(guest, 64)).toBe('c'.repeat(63));
    expect(textAt(guest, 32, OPERAND + xenCompileInfo.at.compileDate)).toBe('today');
    expect(hyper(guest, 'xenVersion', [4, OPERAND])).toBe(0);
    expect(textAt(guest, 64)).toBe('abc');
  });

  test.each([
    [0x100_0222, 'xen-3.0-aarch64 xen-3.0-armv7l '],
    [0x100_0111, 'xen-3.0-aarch64 '],
  ])('ID_AA64PFR0_EL1 %i: guests of %j', (pfr0, text) => {
    const guest = worldOf({ host: { pfr0: BigInt(pfr0) } }).guest('one');
    expect(hyper(guest, 'xenVersion', [3, OPERAND])).toBe(0);
    expect(textAt(guest, 1024)).toBe(text);
  });

  test('from 4.18 on no address of Xen is told', () => {
    for (const [profile, start] of [
      ['xen-4.17', 0x20_0000n],
      ['xen-4.18', 0n],
    ] as const) {
      const guest = worldOf({ profile }).guest('one');
      expect(hyper(guest, 'xenVersion', [5, OPERAND])).toBe(0);
      expect(xenPlatformParameters.decode(get(guest, 8)).virtStart).toBe(start);
    }
  });

  test.each([
    ['an ordinary domain', {}, 0x1_6005],
    ['dom0', { privileged: true }, 0x2_6805],
    ['an ordinary domain whose frames are the machine', { directMapped: true }, 0x2_6005],
  ])('features of %s', (_, config, submap) => {
    const guest = worldOf({ domains: { one: config } }).guest('one');
    put(guest, xenFeatureInfo.encode({ submapIdx: 0, submap: 0 }));
    expect(hyper(guest, 'xenVersion', [6, OPERAND])).toBe(0);
    expect(xenFeatureInfo.decode(get(guest, 8)).submap).toBe(submap);
  });

  test('the page size takes no argument', () => {
    const guest = worldOf().guest('one');
    expect(hyper(guest, 'xenVersion', [7, 0])).toBe(0x1000);
    expect(hyper(guest, 'xenVersion', [7, 1n << 40n])).toBe(-EINVAL);
  });

  test('a UUID is what the domain was given', () => {
    const handle = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
    const guest = worldOf({ domains: { one: { handle } } }).guest('one');
    expect(hyper(guest, 'xenVersion', [8, OPERAND])).toBe(0);
    expect(get(guest, 16)).toEqual(handle);
  });

  test('command line and build id are for the control domain', () => {
    const world = worldOf({
      domains: { dom0: { privileged: true }, one: {} },
      host: { commandLine: 'loglvl=all', buildId: Uint8Array.of(1, 2, 3, 4) },
    });
    const one = world.guest('one');
    expect(hyper(one, 'xenVersion', [9, OPERAND])).toBe(0);
    expect(textAt(one, 1024)).toBe('<denied>');
    expect(hyper(one, 'xenVersion', [10, 0])).toBe(-EPERM);
    const dom0 = world.guest('dom0');
    expect(hyper(dom0, 'xenVersion', [9, OPERAND])).toBe(0);
    expect(textAt(dom0, 1024)).toBe('loglvl=all');
    expect(hyper(dom0, 'xenVersion', [10, 0])).toBe(4);
    put(dom0, xenBuildId.encode({ len: 0 }));
    expect(hyper(dom0, 'xenVersion', [10, OPERAND])).toBe(-EINVAL);
    put(dom0, xenBuildId.encode({ len: 3 }));
    expect(hyper(dom0, 'xenVersion', [10, OPERAND])).toBe(-ENOBUFS);
    put(dom0, xenBuildId.encode({ len: 4 }));
    expect(hyper(dom0, 'xenVersion', [10, OPERAND])).toBe(4);
    expect([...get(dom0, 4, OPERAND + 4)]).toEqual([1, 2, 3, 4]);
    expect(hyper(dom0, 'xenVersion', [10, NOWHERE])).toBe(-EFAULT);
  });

  test('a Xen without a build id has none to tell', () => {
    const guest = worldOf({ domains: { one: { privileged: true } } }).guest('one');
    expect(hyper(guest, 'xenVersion', [10, 0])).toBe(-ENODATA);
  });

  test('what cannot be written is EFAULT, an unknown command ENOSYS; only the low half of it counts', () => {
    const guest = worldOf().guest('one');
    for (const command of [1, 2, 3, 4, 5, 6, 8, 9]) {
      expect(hyper(guest, 'xenVersion', [command, NOWHERE])).toBe(-EFAULT);
    }
    expect(hyper(guest, 'xenVersion', [11, OPERAND])).toBe(-ENOSYS);
    expect(hyper(guest, 'xenVersion', [0x1_0000_0000n, 0])).toBe(0x4_0011);
  });
});
