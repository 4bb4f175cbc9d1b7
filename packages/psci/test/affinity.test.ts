import { clusters, psci } from '@trapline/psci';
import { describe, expect, test } from 'vitest';
import { AFFINITY_INFO, AFFINITY_INFO_32, CPU_OFF, CPU_ON, ENTRY } from './ids.js';
import { TestMachine } from './machine.js';

const MPIDRS = [0x0n, 0x1n, 0x100n, 0x101n, 0x1_0000n, 0x1_0000_0000n];

describe('AFFINITY_INFO (5.7)', () => {
  test('an instance is on with any CPU on, pending with any started, off with none', () => {
    const machine = new TestMachine(psci.firmware(), MPIDRS);
    expect(machine.ask(0, AFFINITY_INFO, 0x0, 1)).toBe(0);
    expect(machine.ask(0, AFFINITY_INFO, 0x100, 1)).toBe(1);
    machine.ask(0, CPU_ON, 0x101, ENTRY, 0);
    expect(machine.ask(0, AFFINITY_INFO, 0x100, 1)).toBe(2);
    machine.enter(3);
    expect(machine.ask(0, AFFINITY_INFO, 0x100, 1)).toBe(0);
    machine.ask(0, CPU_ON, 0x100, ENTRY, 0);
    expect(machine.ask(0, AFFINITY_INFO, 0x100, 1)).toBe(0);
    machine.call(3, CPU_OFF);
    machine.gone(3);
    expect(machine.ask(0, AFFINITY_INFO, 0x100, 1)).toBe(2);
  });

  test('fields below the level do not count, those above do', () => {
    const machine = new TestMachine(psci.firmware(), MPIDRS);
    expect(machine.ask(0, AFFINITY_INFO, 0xff, 1)).toBe(0);
    expect(machine.ask(0, AFFINITY_INFO, 0xffff, 2)).toBe(0);
    expect(machine.ask(0, AFFINITY_INFO, 0x1_ffff, 2)).toBe(1);
    expect(machine.ask(0, AFFINITY_INFO, 0x1_00ff_ffffn, 3)).toBe(1);
    expect(machine.ask(0, AFFINITY_INFO, 0x2_0000, 2)).toBe(-2);
    expect(machine.ask(0, AFFINITY_INFO, 0x2_0000_0000n, 3)).toBe(-2);
  });

  test('levels above 3 and reserved bits are refused; the level is 32 bits wide', () => {
    const machine = new TestMachine(psci.firmware(), MPIDRS);
    for (const level of [4, 0xff, 0x8000_0000, 0xffff_ffff]) expect(machine.ask(0, AFFINITY_INFO, 0, level)).toBe(-2);
    expect(machine.ask(0, AFFINITY_INFO, 0x8000_0000, 1)).toBe(-2);
    expect(machine.ask(0, AFFINITY_INFO, 0x8000_0000, 0)).toBe(-2);
    expect(machine.ask(0, AFFINITY_INFO, 0, 0x1_0000_0000n)).toBe(0);
  });

  test('TF-A knows level 0 alone, QEMU calls every higher one on', () => {
    const tfa = new TestMachine(psci.firmware({ profile: 'tf-a' }));
    expect(tfa.ask(0, AFFINITY_INFO, 1, 0x1_0000_0000n)).toBe(1);
    expect(tfa.ask(0, AFFINITY_INFO, 0, 1)).toBe(-2);
    const qemu = new TestMachine(psci.firmware({ profile: 'qemu-7.2' }));
    expect(qemu.ask(0, AFFINITY_INFO, 0xffff_ffff, 9)).toBe(0);
    expect(qemu.ask(0, AFFINITY_INFO_32, 1, 0xdead_beef_0000_0000n)).toBe(0);
    expect(qemu.ask(0, AFFINITY_INFO_32, 1, 0)).toBe(1);
  });

  test('counts stay right over 4,096 CPUs that come and go', () => {
    const mpidrs = Array.from({ length: 4096 }, (_, i) => BigInt(((i >> 8) << 8) | (i & 0xff)));
    const machine = new TestMachine(psci.firmware({ topology: clusters(16, 256) }), mpidrs);
    for (let cpu = 1; cpu < 4096; cpu++) expect(machine.ask(0, CPU_ON, mpidrs[cpu] as bigint, ENTRY, 0)).toBe(0);
    for (let cpu = 1; cpu < 4096; cpu++) machine.enter(cpu);
    for (let cpu = 256; cpu < 4096; cpu++) {
      machine.call(cpu, CPU_OFF);
      machine.gone(cpu);
    }
    expect(machine.ask(0, AFFINITY_INFO, 0, 1)).toBe(0);
    for (let cluster = 1; cluster < 16; cluster++) expect(machine.ask(0, AFFINITY_INFO, cluster << 8, 1)).toBe(1);
    expect(machine.ask(0, AFFINITY_INFO, 0, 2)).toBe(0);
  });
});
