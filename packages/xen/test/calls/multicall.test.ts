import { ERRNO, SHUTDOWN, xenAbi } from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { multicallEntry } from '../../src/abi/structures/multicall.js';
import { schedShutdown } from '../../src/abi/structures/sched.js';
import { ENTRIES_PER_CALL } from '../../src/calls/multicall.js';
import { get, hyper, make, NOWHERE, OPERAND, put, RAM, RAM_BYTES, worldOf } from '../machine.js';

const LIST = RAM + 0x1_0000;
const { calls } = xenAbi;
const BYTES = multicallEntry.size;
type Entry = readonly [op: number | bigint, ...args: (number | bigint)[]];

function list(guest: ReturnType<ReturnType<typeof worldOf>['guest']>, entries: readonly Entry[]): void {
  entries.forEach(([op, ...args], i) => {
    put(guest, multicallEntry.encode({ op, result: 0xeeee, args }), LIST + i * BYTES);
  });
}

function results(guest: Parameters<typeof list>[0], count: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    Number(BigInt.asIntN(64, multicallEntry.decode(get(guest, BYTES, LIST + i * BYTES)).result)),
  );
}

describe('multicall', () => {
  test('puts the result of each entry into it; numbers that are none are ENOSYS, all 64 bits of them', () => {
    const guest = worldOf().guest('one');
    const version = calls.xenVersion.id;
    list(guest, [
      [version, 0, 0],
      [60, 0],
      [0x1_0000_0000n + BigInt(version), 0, 0],
      [calls.vmAssist.id, 0, 9],
    ]);
    expect(hyper(guest, 'multicall', [LIST, 4])).toBe(0);
    expect(results(guest, 4)).toEqual([0x4_0011, -ERRNO.ENOSYS, -ERRNO.ENOSYS, -ERRNO.EINVAL]);
    expect(guest.vcpus[0]?.x[1]).toBe(4n);
  });

  test('one inside another is EINVAL', () => {
    const guest = worldOf().guest('one');
    list(guest, [[calls.multicall.id, LIST, 0]]);
    expect(hyper(guest, 'multicall', [LIST, 1])).toBe(0);
    expect(results(guest, 1)).toEqual([-ERRNO.EINVAL]);
  });

  test('is preempted behind a yield: the caller finds what was left', () => {
    const guest = worldOf().guest('one');
    list(guest, [
      [calls.schedOp.id, 0, 0],
      [calls.xenVersion.id, 0, 0],
      [calls.schedOp.id, 0, 0],
    ]);
    expect(hyper(guest, 'multicall', [LIST, 3])).toBe(0);
    expect(results(guest, 3)).toEqual([0, 0x4_0011, 0]);
    // A yield at the end preempts nothing.
    expect(guest.vcpus[0]?.x[1]).toBe(2n);
    expect(guest.vcpus[0]?.x[0]).toBe(0n);
  });

  test('an entry that is preempted itself goes on with its own arguments', () => {
    const world = worldOf();
    const guest = world.guest('one');
    let lines = 0;
    world.host.console$.subscribe(() => lines++);
    put(
      guest,
      Uint8Array.from('x\n'.repeat(500), (c) => c.charCodeAt(0)),
      RAM + 0x2_0000,
    );
    list(guest, [
      [calls.consoleIo.id, 0, 1000, RAM + 0x2_0000],
      [calls.xenVersion.id, 0, 0],
    ]);
    expect(hyper(guest, 'multicall', [LIST, 2])).toBe(0);
    expect(results(guest, 2)).toEqual([0, 0x4_0011]);
    expect(lines).toBe(500);
    const [, count] = multicallEntry.decode(get(guest, BYTES, LIST)).args;
    expect(count).toBeLessThan(1000n);
  });

  test('an entry that blocks lets the rest follow when the caller wakes', () => {
    const { guest: guestOf } = worldOf();
    const guest = guestOf('one');
    list(guest, [
      [calls.schedOp.id, 1, 0],
      [calls.xenVersion.id, 0, 0],
    ]);
    expect(make(guest, 'multicall', [LIST, 2]).kind).toBe('wait');
    expect(results(guest, 2)).toEqual([0, 0xeeee]);
    const [vcpu] = guest.vcpus;
    const pc = vcpu?.x[32];
    guest.ports.power.wake(guest.vcpus[0] as never);
    expect(vcpu?.x[32]).toBe(pc);
    expect(vcpu?.x[1]).toBe(1n);
    expect(guest.caller(0).execute('hvc', 0xea1).kind).toBe('returned');
    expect(results(guest, 2)).toEqual([0, 0x4_0011]);
  });

  test('a last entry that blocks makes the multicall wait, with 0 for when it wakes', () => {
    const guest = worldOf().guest('one');
    list(guest, [[calls.schedOp.id, 1, 0]]);
    const pc = guest.vcpus[0]?.x[32] as bigint;
    expect(make(guest, 'multicall', [LIST, 1]).kind).toBe('wait');
    guest.ports.power.wake(guest.vcpus[0] as never);
    expect(guest.vcpus[0]?.x[0]).toBe(0n);
    expect(guest.vcpus[0]?.x[32]).toBe(pc + 4n);
  });

  test('work in one step is bounded, whatever the count says', () => {
    const { machine, guest: guestOf } = worldOf();
    const guest = guestOf('one');
    const vcpu = guest.vcpu(0);
    vcpu.x.set([BigInt(LIST), 0xffff_ffffn], 0);
    vcpu.x[16] = BigInt(calls.multicall.id);
    const pc = vcpu.x[32];
    expect(machine.trap(vcpu, 'hvc', 0xea1).kind).toBe('again');
    expect(0xffff_ffffn - (vcpu.x[1] as bigint)).toBe(BigInt(ENTRIES_PER_CALL));
    expect([vcpu.x[0], vcpu.x[32]]).toEqual([BigInt(LIST + ENTRIES_PER_CALL * BYTES), pc]);
    const entries = (RAM + RAM_BYTES - LIST) / BYTES;
    expect(hyper(guest, 'multicall', [LIST, 0xffff_ffff])).toBe(-ERRNO.EFAULT);
    expect(results(guest, 2)).toEqual([-ERRNO.ENOSYS, -ERRNO.ENOSYS]);
    expect(0xffff_ffffn - (vcpu.x[1] as bigint)).toBeLessThanOrEqual(BigInt(entries));
  });

  test('a list that cannot be read is EFAULT; an empty one is nothing', () => {
    const guest = worldOf().guest('one');
    expect(hyper(guest, 'multicall', [NOWHERE, 1])).toBe(-ERRNO.EFAULT);
    expect(hyper(guest, 'multicall', [NOWHERE, 0])).toBe(0);
  });

  test('an entry that ends the domain ends the multicall', () => {
    const { guest: guestOf, host } = worldOf();
    const guest = guestOf('one');
    put(guest, schedShutdown.encode({ reason: SHUTDOWN.crash }));
    list(guest, [
      [calls.schedOp.id, 2, OPERAND],
      [calls.xenVersion.id, 0, 0],
    ]);
    expect(make(guest, 'multicall', [LIST, 2])).toMatchObject({ kind: 'system', event: 'crash' });
    expect(results(guest, 2)[1]).toBe(0xeeee);
    expect(host.domain('one')?.info).toMatchObject({ shutdown: true, shutdownCode: SHUTDOWN.crash });
  });

  test("a 32-bit guest's entry with high halves crashes the guest", () => {
    const { guest: guestOf, host } = worldOf({ guests: { vcpus: [{ boot: { state: 'a32' } }] } as never });
    const guest = guestOf('one');
    const vcpu = guest.vcpus[0];
    if (vcpu === undefined) throw new Error('no vcpu');
    list(guest, [[calls.xenVersion.id, 0x1_0000_0000n, 0]]);
    vcpu.x.set([BigInt(LIST), 1n], 0);
    vcpu.x[12] = BigInt(calls.multicall.id);
    expect(guest.caller(0).execute('hvc', 0xea1)).toMatchObject({ kind: 'system', event: 'crash' });
    expect(host.domain(1)?.info.shutdownCode).toBe(SHUTDOWN.crash);
  });
});
