import { abi as psciAbi } from '@trapline/psci';
import { describe, expect, test } from 'vitest';
import { answer, firmware, worldOf } from '../machine.js';

const { calls } = psciAbi;
const MINUS = (n: bigint): bigint => BigInt.asUintN(64, -n);
const INVALID_PARAMETERS = MINUS(2n);
const ALREADY_ON = MINUS(4n);
const INVALID_ADDRESS = MINUS(9n);
const NOT_SUPPORTED = MINUS(1n);
const ENTRY = 0x4008_0000n;
const SMC64 = 0x4000_0000;

function one(vcpus = 2) {
  return worldOf({ guests: { vcpus } }).guest('one');
}

describe('CPU_ON', () => {
  test('a CPU is named by Aff1 * 16 + Aff0: everything else in the target is ignored', () => {
    for (const target of [1n, 0x8000_0001n, 0x12_0001n, 0xff_0000_0001n]) {
      expect(answer(one(), calls.cpuOn.id | SMC64, [target, ENTRY, 0n])).toBe(0n);
    }
    expect(answer(one(20), calls.cpuOn.id, [0x103n, ENTRY, 0n])).toBe(0n);
    expect(answer(one(), calls.cpuOn.id, [2n, ENTRY, 0n])).toBe(INVALID_PARAMETERS);
    expect(answer(one(), calls.cpuOn.id, [0x100n, ENTRY, 0n])).toBe(INVALID_PARAMETERS);
  });

  test('the target is looked at first, then an odd address, then whether it runs', () => {
    const guest = one();
    expect(answer(guest, calls.cpuOn.id, [9n, ENTRY + 1n, 0n])).toBe(INVALID_PARAMETERS);
    expect(answer(guest, calls.cpuOn.id, [0n, ENTRY + 1n, 0n])).toBe(INVALID_ADDRESS);
    expect(answer(guest, calls.cpuOn.id, [0n, ENTRY + 2n, 0n])).toBe(ALREADY_ON);
  });

  test('there is no ON_PENDING, and the 32-bit number hands on all 64 bits', () => {
    const guest = one();
    expect(answer(guest, calls.cpuOn.id, [1n, 0xffff_0000_0008_0000n, 0x1122_3344_5566_7788n])).toBe(0n);
    expect(answer(guest, calls.affinityInfo.id, [1n, 0n])).toBe(0n);
    expect(answer(guest, calls.cpuOn.id, [1n, ENTRY, 0n])).toBe(ALREADY_ON);
    const [, started] = guest.vcpus;
    if (started === undefined) throw new Error('no vcpu');
    guest.enter(started);
    expect(started.x[0]).toBe(0x1122_3344_5566_7788n);
    expect(started.x[32]).toBe(0xffff_0000_0008_0000n);
    expect(started.pstate & 0x3c0).toBe(0x1c0);
    expect(started.sctlr).toBe(0xc5_0078);
  });

  test('a 32-bit guest begins in the instruction set of bit 0, with Z set', () => {
    for (const [entry, pstate] of [
      [ENTRY, 0x4000_01d3],
      [ENTRY + 1n, 0x4000_01f3],
    ] as const) {
      const guest = worldOf({ guests: { vcpus: [{ boot: { state: 'a32' } }, {}] } as never }).guest('one');
      expect(answer(guest, calls.cpuOn.id, [1n, entry, 5n])).toBe(0n);
      const [, started] = guest.vcpus;
      if (started === undefined) throw new Error('no vcpu');
      guest.enter(started);
      expect(started.pstate).toBe(pstate);
      expect(started.x[32]).toBe(ENTRY);
    }
  });

  test('the 0.1 number knows neither ALREADY_ON nor INVALID_ADDRESS, nor a context', () => {
    const guest = one();
    const on = 2;
    expect(answer(guest, on, [0n, ENTRY])).toBe(INVALID_PARAMETERS);
    expect(answer(guest, on, [1n, ENTRY + 1n])).toBe(INVALID_PARAMETERS);
    expect(answer(guest, on, [1n, ENTRY, 77n])).toBe(0n);
    const [, started] = guest.vcpus;
    if (started === undefined) throw new Error('no vcpu');
    guest.enter(started);
    expect(started.x[0]).toBe(0n);
  });

  test('a CPU is off for everybody from its CPU_OFF on; one started before it has gone begins when it has', () => {
    const guest = worldOf({ guests: { deferred: true } as never }).guest('one');
    answer(guest, calls.cpuOn.id, [1n, ENTRY, 0n]);
    const [, second] = guest.vcpus;
    if (second === undefined) throw new Error('no vcpu');
    guest.enter(second);
    expect(firmware(guest, calls.cpuOff.id, [], { cpu: 1 }).kind).toBe('off');
    expect(second.powerState).toBe('stopping');
    expect(answer(guest, calls.affinityInfo.id, [1n, 0n])).toBe(1n);
    expect(answer(guest, calls.cpuOn.id, [1n, ENTRY, 3n])).toBe(0n);
    guest.completeOff(second);
    expect(second.powerState).toBe('starting');
    guest.enter(second);
    expect(second.x[0]).toBe(3n);
  });
});

describe('AFFINITY_INFO', () => {
  test('a target that is not there is off; levels count in 32 bits, from 4 on they are refused', () => {
    const guest = one();
    expect(answer(guest, calls.affinityInfo.id, [9n, 0n])).toBe(1n);
    expect(answer(guest, calls.affinityInfo.id, [0x8000_0000n, 0n])).toBe(0n);
    expect(answer(guest, calls.affinityInfo.id, [0x100n, 1n])).toBe(1n);
    expect(answer(guest, calls.affinityInfo.id, [0x7fn, 1n])).toBe(0n);
    expect(answer(guest, calls.affinityInfo.id, [0n, 0x1_0000_0003n])).toBe(0n);
    expect(answer(guest, calls.affinityInfo.id, [0n, 4n])).toBe(INVALID_PARAMETERS);
  });
});

describe('the rest', () => {
  test('VERSION, MIGRATE_INFO_TYPE and FEATURES', () => {
    const guest = one();
    expect(answer(guest, calls.version.id)).toBe(0x1_0001n);
    expect(answer(guest, calls.migrateInfoType.id)).toBe(2n);
    for (const id of [calls.version.id, calls.cpuOn.id | SMC64, 0x8000_0000]) {
      expect(answer(guest, calls.features.id, [BigInt(id >>> 0)])).toBe(0n);
    }
    for (const id of [1, calls.systemReset2.id, calls.systemSuspend.id, calls.version.id | SMC64, 0x8000_0001]) {
      expect(answer(guest, calls.features.id, [BigInt(id >>> 0)])).toBe(NOT_SUPPORTED);
    }
    for (const id of [calls.systemSuspend.id, calls.systemReset2.id, calls.migrate.id, calls.version.id | SMC64]) {
      expect(answer(guest, id)).toBe(NOT_SUPPORTED);
    }
  });

  test('CPU_SUSPEND waits whatever it is asked for, and returns SUCCESS when an interrupt comes', () => {
    const guest = one();
    const [vcpu] = guest.vcpus;
    if (vcpu === undefined) throw new Error('no vcpu');
    const pc = vcpu.x[32] as bigint;
    expect(firmware(guest, calls.cpuSuspend.id, [0xffff_ffffn, 1n, 0n]).kind).toBe('wait');
    guest.ports.power.wake(vcpu);
    expect([vcpu.x[0], vcpu.x[32]]).toEqual([0n, pc + 4n]);
  });

  test('SYSTEM_OFF and SYSTEM_RESET end the domain: a resumed one finds INTERNAL_FAILURE', () => {
    for (const [id, event, reason] of [
      [calls.systemOff.id, 'shutdown', 0],
      [calls.systemReset.id, 'reset', 1],
    ] as const) {
      const { guest: guestOf, host } = worldOf();
      const guest = guestOf('one');
      expect(firmware(guest, id)).toMatchObject({ kind: 'system', event, detail: { domain: 1, reason } });
      expect(guest.vcpus[0]?.x[0]).toBe(MINUS(6n));
      expect(host.domain(1)?.info).toMatchObject({ shutdown: true, shutdownCode: reason, blocked: false });
    }
  });
});
