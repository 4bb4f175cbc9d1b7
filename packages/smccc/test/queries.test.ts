import { CompositionError } from '@trapline/core';
import { archService, QUERY_ABIS, queryService, uuidFrom, uuidRegisters } from '@trapline/smccc';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changed, TestGuest } from './bench-guest.js';

fc.configureGlobal({ seed: 1 });

const UID = 'b66fb428-e911-c52e-564b-caa9743a004d';

function guestWith(owners: Parameters<typeof queryService>[0]['owners']): TestGuest {
  return new TestGuest([archService(), queryService({ owners })]);
}

test('each owner tells its own count, UID and revision', () => {
  const guest = guestWith(
    Object.fromEntries(
      [...QUERY_ABIS.keys()].map((owner) => [owner, { count: owner, uid: UID, revision: { major: 1, minor: owner } }]),
    ),
  );
  for (const [owner, abi] of QUERY_ABIS) {
    expect(abi.calls.callCount.id >>> 24).toBe(0x80 + owner);
    expect(guest.call(abi.calls.callCount.id)).toBe(BigInt(owner));
    guest.call(abi.calls.callUid.id);
    expect(changed(guest, 0)).toEqual({ x0: '0x28b46fb6', x1: '0x2ec511e9', x2: '0xa9ca4b56', x3: '0x4d003a74' });
    guest.call(abi.calls.revision.id);
    expect(changed(guest, 0)).toEqual({ x0: '0x1', x1: `0x${owner.toString(16)}` });
  }
});

test('a query that is not given is an unknown number', () => {
  const guest = guestWith({ 7: { revision: { major: 1, minor: 2 } } });
  expect(guest.call(0x8700_ff00)).toBe(-1n);
  expect(guest.call(0x8700_ff01)).toBe(-1n);
  expect(guest.call(0x8700_ff03)).toBe(1n);
  expect(guest.call(0x8600_ff03)).toBe(-1n);
});

test('an owner without queries is refused', () => {
  expect(() => guestWith({ 48: { count: 1 } })).toThrow(CompositionError);
  expect(() => guestWith({ 48: { count: 1 } })).toThrow('owner 48 has no general queries');
});

test('a UUID in registers is the same UUID again', () => {
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      fc.pre(!uuid.startsWith('ffffffff'));
      return uuidFrom([...uuidRegisters(uuid)]) === uuid;
    }),
  );
});

test('what is no UUID, and one that reads as NOT_SUPPORTED, is refused', () => {
  expect(() => uuidRegisters('b66fb428')).toThrow('is no UUID');
  expect(() => uuidRegisters('ffffffff-e911-c52e-564b-caa9743a004d')).toThrow('begins like the answer NOT_SUPPORTED');
});
