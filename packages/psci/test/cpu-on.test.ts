import { psci } from '@trapline/psci';
import { describe, expect, test } from 'vitest';
import { TestMachine } from './machine.js';

const CPU_ON = 0xc400_0003;
const AFFINITY_INFO = 0xc400_0004;
const ENTRY = 0x4008_0000;

describe('CPU_ON', () => {
  test('succeeds once; until the first instruction the CPU is pending, then on', () => {
    const machine = new TestMachine(psci.firmware());
    expect(machine.ask(0, AFFINITY_INFO, 1, 0)).toBe(1);
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0x1122_3344_5566_7788n)).toBe(0);
    expect(machine.ask(0, AFFINITY_INFO, 1, 0)).toBe(2);
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 2)).toBe(-5);
    machine.enter(1);
    expect(machine.ask(0, AFFINITY_INFO, 1, 0)).toBe(0);
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 2)).toBe(-4);
  });
});
