import { RestoreError, type Saved } from '@trapline/core';
import { psci } from '@trapline/psci';
import { describe, expect, test } from 'vitest';
import {
  AFFINITY_INFO,
  CPU_ON,
  CPU_SUSPEND,
  ENTRY,
  MEM_PROTECT,
  MIGRATE_INFO_UP_CPU,
  NODE_HW_STATE,
  STAT_COUNT,
} from './ids.js';
import { TestMachine } from './machine.js';

const options = { trustedOs: { type: 'up-migratable', resident: 2 } } as const;
const POWERDOWN = 0x1_0000;

function used(): TestMachine {
  const machine = new TestMachine(psci.firmware(options));
  machine.ask(0, CPU_ON, 1, ENTRY, 0);
  machine.enter(1);
  machine.call(1, CPU_SUSPEND, POWERDOWN, ENTRY, 0);
  machine.wake(1);
  machine.call(1, CPU_SUSPEND, POWERDOWN, ENTRY, 0);
  machine.ask(0, CPU_ON, 2, ENTRY, 0);
  machine.ask(0, MEM_PROTECT, 1);
  return machine;
}

const copyOf = (saved: Saved): Saved => JSON.parse(JSON.stringify(saved)) as Saved;

describe('save and restore', () => {
  test('everything that calls can tell comes back', () => {
    const machine = new TestMachine(psci.firmware(options));
    machine.attachment.restore(copyOf(used().attachment.save()));
    expect([0, 1, 2, 3].map((cpu) => machine.ask(0, AFFINITY_INFO, cpu, 0))).toEqual([0, 0, 2, 1]);
    expect(machine.ask(0, NODE_HW_STATE, 1, 0)).toBe(1);
    expect(machine.ask(0, STAT_COUNT, 1, POWERDOWN)).toBe(1);
    expect(machine.ask(0, MEM_PROTECT, 0)).toBe(1);
    expect(machine.ask(0, MIGRATE_INFO_UP_CPU)).toBe(2);
    machine.wake(1);
    expect(machine.ask(0, STAT_COUNT, 1, POWERDOWN)).toBe(2);
    expect(machine.ask(0, NODE_HW_STATE, 1, 0)).toBe(0);
  });

  test('saving again gives the same', () => {
    const saved = copyOf(used().attachment.save());
    const machine = new TestMachine(psci.firmware(options));
    machine.attachment.restore(saved);
    expect(copyOf(machine.attachment.save())).toEqual(saved);
  });

  test('reset brings back the state of the beginning', () => {
    const machine = used();
    machine.attachment.reset();
    expect(copyOf(machine.attachment.save())).toEqual(
      copyOf(new TestMachine(psci.firmware(options)).attachment.save()),
    );
  });

  test.each<[string, (saved: Record<string, Saved>) => Saved]>([
    ['nothing', () => null],
    ['a list', () => []],
    ['another format', (saved) => ({ ...saved, format: 'trapline-psci-0' })],
    ['another profile', (saved) => ({ ...saved, profile: 'tf-a' })],
    ['another number of CPUs', (saved) => ({ ...saved, cpus: ['ON'] })],
    ['a state that is none', (saved) => ({ ...saved, cpus: ['ON', 'OFF', 'OFF', 'SLEEPING'] })],
    ['too few requests', (saved) => ({ ...saved, asked: [0] })],
    ['a request that is none', (saved) => ({ ...saved, asked: (saved.asked as Saved[]).map(() => 9) })],
    ['a CPU that is not there', (saved) => ({ ...saved, resident: 4 })],
    ['words for a time', (saved) => ({ ...saved, cleanInvEnds: 'soon' })],
    ['no statistics', (saved) => ({ ...saved, statistics: null })],
    ['half the statistics', (saved) => ({ ...saved, statistics: { counts: [] } })],
  ])('%s is refused, and nothing changed', (_, spoil) => {
    const machine = used();
    const before = copyOf(machine.attachment.save());
    const spoilt = spoil({ ...(before as Record<string, Saved>) });
    expect(() => machine.attachment.restore(spoilt)).toThrow(RestoreError);
    expect(copyOf(machine.attachment.save())).toEqual(before);
  });
});
