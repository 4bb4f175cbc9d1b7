import { type FirmwareOptions, psci, specProfile } from '@trapline/psci';
import { describe, expect, test } from 'vitest';
import {
  CLEAN_INV_MEMREGION,
  CLEAN_INV_MEMREGION_ATTRIBUTES,
  CPU_OFF,
  CPU_ON,
  ENTRY,
  FEATURES,
  MEM_PROTECT,
  MEM_PROTECT_CHECK_RANGE,
  MIGRATE,
  MIGRATE_INFO_TYPE,
  MIGRATE_INFO_UP_CPU,
  NODE_HW_STATE,
  SYSTEM_OFF,
  SYSTEM_OFF2,
  SYSTEM_RESET,
  SYSTEM_RESET2,
} from './ids.js';
import { TestMachine } from './machine.js';

const machineOf = (options: FirmwareOptions = {}) => new TestMachine(psci.firmware(options));

describe('SYSTEM_OFF, SYSTEM_RESET, SYSTEM_RESET2, SYSTEM_OFF2', () => {
  test('ask the machine', () => {
    expect(machineOf().call(0, SYSTEM_OFF)).toEqual({ kind: 'system', event: 'shutdown', detail: {} });
    expect(machineOf().call(0, SYSTEM_RESET)).toEqual({ kind: 'system', event: 'reset', detail: {} });
  });

  test('a reset with MEM_PROTECT on says so: memory is to be overwritten', () => {
    const machine = machineOf();
    machine.ask(0, MEM_PROTECT, 1);
    expect(machine.call(0, SYSTEM_RESET)).toMatchObject({ event: 'reset', detail: { memProtect: 1 } });
  });

  test('SYSTEM_RESET2 takes the warm reset and the vendor types that the profile names', () => {
    expect(machineOf().call(0, SYSTEM_RESET2, 0, 0x1_2345_6789n)).toEqual({
      kind: 'system',
      event: 'reset2',
      detail: { type: 0, cookie: '0x123456789' },
    });
    for (const type of [1, 0x7fff_ffff, 0x8000_0000]) expect(machineOf().ask(0, SYSTEM_RESET2, type, 0)).toBe(-2);
    const profile = { ...specProfile('1.3'), vendorResets: [0x8000_0002] };
    expect(machineOf({ profile }).call(0, SYSTEM_RESET2, 0x8000_0002, 0)).toMatchObject({
      detail: { type: 0x8000_0002 },
    });
  });

  test('SYSTEM_OFF2 hibernates by type 1 and by 0; other types and a cookie are refused', () => {
    for (const type of [0, 1]) {
      expect(machineOf().call(0, SYSTEM_OFF2, type, 0)).toMatchObject({ event: 'off2', detail: { type: 1 } });
    }
    expect(machineOf().ask(0, SYSTEM_OFF2, 2, 0)).toBe(-2);
    expect(machineOf().ask(0, SYSTEM_OFF2, 1, 1)).toBe(-2);
    expect(machineOf().ask(0, SYSTEM_OFF2, 1, 0x1_0000_0000n)).toBe(-2);
    expect(machineOf().ask(0, FEATURES, SYSTEM_OFF2)).toBe(1);
  });

  test('a profile may leave an error in X0', () => {
    const machine = machineOf({ profile: { ...specProfile('1.1'), afterSystemCall: -6 } });
    machine.call(0, SYSTEM_OFF);
    expect(machine.result()).toBe(-6);
  });
});

describe('MEM_PROTECT (5.14) and its range check (5.15)', () => {
  test('gives the state before; any value but zero switches it on', () => {
    const machine = machineOf();
    expect([1, 2, 0, 0].map((enable) => machine.ask(0, MEM_PROTECT, enable))).toEqual([0, 1, 1, 0]);
  });

  test.each([
    [0x4000_0000, 0x1000, 0],
    [0x4000_0000, 0x4000_0000, 0],
    [0x4000_0000, 0x4000_0001n, -3],
    [0x4000_0000, 0, -3],
    [0x3fff_ffff, 2, -3],
    [0xffff_ffff_ffff_f000n, 0x1000, -3],
    [0x4000_0000, 0xffff_ffff_ffff_ffffn, -3],
    [0x4000_0000, 0x1f_ffff_ffff_ffffn, -3],
  ])('range 0x%s, length 0x%s: %s', (base, length, expected) => {
    expect(machineOf().ask(0, MEM_PROTECT_CHECK_RANGE, base, length)).toBe(expected);
    expect(machineOf({ profile: 'tf-a', build: 'hooks' }).ask(0, MEM_PROTECT_CHECK_RANGE, base, length)).toBe(expected);
  });
});

describe('CLEAN_INV_MEMREGION and its attributes (drafts of 1.3)', () => {
  const profile = { ...specProfile('1.3'), cleanInv: { opType: 1, latency: 100, rateLimit: 1000 } };

  test('checks range and flags', () => {
    const machine = machineOf();
    expect(machine.ask(0, CLEAN_INV_MEMREGION, ENTRY, 0x1000, 0)).toBe(0);
    expect(machine.ask(0, CLEAN_INV_MEMREGION, ENTRY, 0, 0)).toBe(-2);
    expect(machine.ask(0, CLEAN_INV_MEMREGION, 0, 0x1000, 0)).toBe(-2);
    expect(machine.ask(0, CLEAN_INV_MEMREGION, ENTRY, 0x1000, 2)).toBe(-2);
    expect(machine.ask(0, CLEAN_INV_MEMREGION, ENTRY, 0x1000, 0x1_0000_0000n)).toBe(-2);
  });

  test('is busy while an operation lasts, limited until the next is allowed; a dry run starts none', () => {
    const machine = machineOf({ profile });
    expect(machine.ask(0, CLEAN_INV_MEMREGION, ENTRY, 64, 1)).toBe(0);
    expect(machine.ask(0, CLEAN_INV_MEMREGION, ENTRY, 64, 0)).toBe(0);
    expect(machine.ask(0, CLEAN_INV_MEMREGION, ENTRY, 64, 0)).toBe(-12);
    machine.now = 100_000n;
    expect(machine.ask(0, CLEAN_INV_MEMREGION, ENTRY, 64, 0)).toBe(-11);
    machine.now = 1_000_000n;
    expect(machine.ask(0, CLEAN_INV_MEMREGION, ENTRY, 64, 0)).toBe(0);
  });

  test('tells its attributes', () => {
    const machine = machineOf({ profile });
    const values = [0, 1, 2, 3, 4, 5, 0xffff_ffff].map((a) => machine.ask(0, CLEAN_INV_MEMREGION_ATTRIBUTES, a));
    expect(values).toEqual([1, 0, 100, 1000, 0, -2, -2]);
  });
});

describe('MIGRATE (5.8 to 5.10)', () => {
  const up = { type: 'up-migratable', resident: 1, refuses: [3] } as const;

  test('moves a uniprocessor Trusted OS from the CPU where it is', () => {
    const machine = machineOf({ trustedOs: up });
    machine.ask(0, CPU_ON, 1, ENTRY, 0);
    machine.enter(1);
    expect(machine.ask(0, MIGRATE_INFO_TYPE)).toBe(0);
    expect(machine.ask(0, MIGRATE_INFO_UP_CPU)).toBe(1);
    expect(machine.ask(0, MIGRATE, 2)).toBe(-7);
    expect(machine.ask(1, MIGRATE, 9)).toBe(-2);
    expect(machine.ask(1, MIGRATE, 3)).toBe(-6);
    expect(machine.ask(1, CPU_OFF)).toBe(-3);
    expect(machine.ask(1, MIGRATE, 2)).toBe(0);
    expect(machine.ask(0, MIGRATE_INFO_UP_CPU)).toBe(2);
    expect(machine.call(1, CPU_OFF).kind).toBe('off');
  });

  test('one that cannot be moved denies', () => {
    const machine = machineOf({ trustedOs: { type: 'up' } });
    expect(machine.ask(0, MIGRATE_INFO_TYPE)).toBe(1);
    expect(machine.ask(0, MIGRATE, 1)).toBe(-3);
    expect(machine.ask(0, CPU_OFF)).toBe(-3);
  });

  test('without one, or with a multiprocessor one, there is nothing to move', () => {
    for (const machine of [machineOf(), machineOf({ trustedOs: { type: 'multiprocessor' } })]) {
      expect(machine.ask(0, MIGRATE_INFO_TYPE)).toBe(2);
      expect(machine.ask(0, MIGRATE, 1)).toBe(-1);
      expect(machine.ask(0, FEATURES, MIGRATE)).toBe(-1);
    }
  });

  test('a profile with the calls and no such Trusted OS answers for itself', () => {
    const { trustedOs: _, ...profile } = specProfile('1.3', { trustedOs: up });
    const machine = machineOf({ profile });
    expect(machine.ask(0, MIGRATE, 1)).toBe(-1);
    expect(machine.ask(0, MIGRATE_INFO_UP_CPU)).toBe(-2);
  });

  test('TF-A tells MPIDR_EL1 as it is, and checks the target first', () => {
    const machine = machineOf({ profile: 'tf-a', build: 'hooks' });
    expect(machine.ask(0, MIGRATE_INFO_UP_CPU)).toBe(0x8000_0000);
    expect(machine.ask(0, MIGRATE, 2)).toBe(0);
    expect(machine.ask(0, MIGRATE_INFO_UP_CPU)).toBe(0x8000_0002);
    expect(machine.ask(0, MIGRATE, 0x200)).toBe(-2);
  });
});

describe('NODE_HW_STATE (5.19)', () => {
  test('follows the CPUs, level by level', () => {
    const machine = machineOf();
    expect(machine.ask(0, NODE_HW_STATE, 0, 0)).toBe(0);
    expect(machine.ask(0, NODE_HW_STATE, 1, 0)).toBe(1);
    expect(machine.ask(0, NODE_HW_STATE, 0, 2)).toBe(0);
    expect(machine.ask(0, NODE_HW_STATE, 0, 3)).toBe(-2);
    expect(machine.ask(0, NODE_HW_STATE, 9, 0)).toBe(-2);
  });

  test('a platform may say something of its own; HW_ON where its rules are silent', () => {
    const machine = machineOf({
      profile: { ...specProfile('1.0'), nodeHwState: [{ level: 0, mask: -1, affinity: 1, state: 2 }] },
    });
    expect(machine.ask(0, NODE_HW_STATE, 1, 0)).toBe(2);
    expect(machine.ask(0, NODE_HW_STATE, 2, 0)).toBe(0);
  });
});
