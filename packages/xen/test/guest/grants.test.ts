import { isStatus } from '@trapline/core';
import { type GrantMapping, grantStatus, PROFILES, type XenGuest, xenStatus } from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { bound, EXTENDED_REGION, GRANT_REGION, worldOf } from './world.js';

function pair(options = {}) {
  const { guests } = worldOf({ domains: { one: {}, two: {} }, policy: 'dummy', ...options });
  return { one: bound(guests.one), two: bound(guests.two) };
}

/** A page of `xen`'s own with a text in it, granted to a domain. */
function granted(xen: XenGuest, domain: number, access: 'read' | 'write' = 'write') {
  const page = xen.pages.take();
  xen.map.write(page.address, new TextEncoder().encode('hello'));
  return { page, reference: xen.grants.give(domain, page.frame, access) as number };
}

function text(xen: XenGuest, address: number): string {
  const bytes = new Uint8Array(5);
  xen.map.read(address, bytes);
  return new TextDecoder().decode(bytes);
}

describe('sharing a page', () => {
  test('both see what either writes, until it is unmapped', () => {
    const { one, two } = pair();
    const { page, reference } = granted(one, 2);
    const mapped = two.grants.map(1, reference) as GrantMapping;
    expect(mapped.address).toBe(EXTENDED_REGION);
    expect(text(two, mapped.address)).toBe('hello');
    mapped.words().store(0, 0x21_79_65_68);
    expect(text(one, page.address)).toBe('hey!o');
    expect(two.grants.unmap(mapped)).toBe(true);
    expect(() => text(two, mapped.address)).toThrow(RangeError);
  });

  test('readonly for who is only to read', () => {
    const { one, two } = pair();
    const { reference } = granted(one, 2, 'read');
    expect(two.grants.map(1, reference)).toBe(grantStatus.general_error);
    const mapped = two.grants.map(1, reference, 'read') as GrantMapping;
    expect(text(two, mapped.address)).toBe('hello');
    expect(() => two.map.write(mapped.address, Uint8Array.of(1))).toThrow(RangeError);
  });

  test('does not end while it is mapped', () => {
    const { one, two } = pair();
    const { reference } = granted(one, 2);
    const mapped = two.grants.map(1, reference) as GrantMapping;
    expect(one.grants.end(reference)).toBe(false);
    two.grants.unmap(mapped);
    expect(one.grants.end(reference)).toBe(true);
    expect(isStatus(two.grants.map(1, reference))).toBe(true);
  });

  test('references are given again once they have ended, and the first ones are the tools’', () => {
    const { one } = pair();
    const first = granted(one, 2).reference;
    expect(first).toBe(8);
    one.grants.end(first);
    expect(granted(one, 2).reference).toBe(first);
  });

  test('frames of the table stand in the region that the tree names, and it grows', () => {
    const { one } = pair();
    const page = one.pages.take();
    const references = Array.from({ length: 600 }, () => one.grants.give(2, page.frame) as number);
    expect(new Set(references).size).toBe(600);
    const entry = new Uint8Array(8);
    one.map.read(GRANT_REGION + 0x1000, entry);
    expect([...entry]).toEqual([1, 0, 2, 0, page.frame & 0xff, (page.frame >> 8) & 0xff, page.frame >> 16, 0]);
    expect(one.grants.size()).toMatchObject({ frames: 2, most: 64 });
  });

  test('a hole is used again after a mapping', () => {
    const { one, two } = pair();
    const { reference } = granted(one, 2);
    const first = two.grants.map(1, reference) as GrantMapping;
    two.grants.unmap(first);
    expect((two.grants.map(1, reference) as GrantMapping).address).toBe(first.address);
  });

  test('with nobody where the policy keeps domains apart', () => {
    const { one, two } = pair({ policy: 'silo' });
    const { reference } = granted(one, 2);
    expect(two.grants.map(1, reference)).toBe(grantStatus.permission_denied);
  });
});

describe('copying', () => {
  test('from and to pages that are granted, by Xen', () => {
    const { one, two } = pair();
    const { page, reference } = granted(one, 2);
    const own = two.pages.take();
    expect(two.grants.copy({ domain: 1, reference }, { frame: own.frame, offset: 16 }, 5)).toBe(true);
    expect(text(two, own.address + 16)).toBe('hello');
    two.map.write(own.address, new TextEncoder().encode('jelly'));
    expect(two.grants.copy({ frame: own.frame }, { domain: 1, reference }, 5)).toBe(true);
    expect(text(one, page.address)).toBe('jelly');
  });

  test('is refused over the end of a page', () => {
    const { one, two } = pair();
    const { reference } = granted(one, 2);
    const own = two.pages.take();
    const answer = two.grants.copy({ domain: 1, reference, offset: 4000 }, { frame: own.frame }, 100);
    expect(answer).toBe(grantStatus.bad_copy_arg);
  });
});

describe('version 2', () => {
  test('is ENOSYS where Xen has it not, and shares pages where it has', () => {
    expect(pair().one.grants.useVersion(2)).toBe(xenStatus.ENOSYS);
    const { one, two } = pair({ profile: { ...PROFILES['xen-4.17'], name: 'with v2', grantVersion: 2 } });
    expect(one.grants.useVersion(2)).toBe(true);
    const { reference } = granted(one, 2);
    const mapped = two.grants.map(1, reference) as GrantMapping;
    expect(text(two, mapped.address)).toBe('hello');
    expect([one.grants.version, one.grants.end(reference)]).toEqual([2, false]);
    two.grants.unmap(mapped);
    expect(one.grants.end(reference)).toBe(true);
  });
});
