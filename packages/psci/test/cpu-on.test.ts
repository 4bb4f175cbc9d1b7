import { CONTEXT_HIGH, CONTEXT_LOW, ENTRY_HIGH, ENTRY_LOW, type Pe } from '@trapline/core';
import { clusters, psci } from '@trapline/psci';
import { describe, expect, test } from 'vitest';
import { AFFINITY_INFO, CPU_OFF, CPU_ON, CPU_ON_32, CPU_SUSPEND, ENTRY } from './ids.js';
import { TestMachine } from './machine.js';

describe('CPU_ON (5.6)', () => {
  test('succeeds once: pending until the first instruction, then on', () => {
    const machine = new TestMachine(psci.firmware());
    expect(machine.ask(0, AFFINITY_INFO, 1, 0)).toBe(1);
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0x1122_3344_5566_7788n)).toBe(0);
    expect(machine.states[1]).toBe('starting');
    expect(machine.ask(0, AFFINITY_INFO, 1, 0)).toBe(2);
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 2)).toBe(-5);
    machine.enter(1);
    expect(machine.ask(0, AFFINITY_INFO, 1, 0)).toBe(0);
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 2)).toBe(-4);
  });

  test('the CPU that calls is on already', () => {
    expect(new TestMachine(psci.firmware()).ask(0, CPU_ON, 0, ENTRY, 0)).toBe(-4);
  });

  test('a CPU that is stopping is on for everybody else; one that has gone can be started again', () => {
    const machine = new TestMachine(psci.firmware());
    machine.ask(0, CPU_ON, 1, ENTRY, 0);
    machine.enter(1);
    expect(machine.call(1, CPU_OFF).kind).toBe('off');
    expect(machine.ask(0, AFFINITY_INFO, 1, 0)).toBe(0);
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0)).toBe(-4);
    machine.gone(1);
    expect(machine.ask(0, AFFINITY_INFO, 1, 0)).toBe(1);
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0)).toBe(0);
  });

  test.each([
    ['a CPU that is not there', 4n],
    ['another cluster', 0x100n],
    ['bit 31, which MPIDR_EL1 has and the argument must not', 0x8000_0001n],
    ['bit 24', 0x0100_0001n],
    ['Aff3', 0x1_0000_0001n],
    ['a bit above Aff3', 0x100_0000_0001n],
    ['all ones', 0xffff_ffff_ffff_ffffn],
  ])('refuses %s as target', (_, target) => {
    expect(new TestMachine(psci.firmware()).ask(0, CPU_ON, target, ENTRY, 0)).toBe(-2);
  });

  test('finds CPUs by all four affinity fields', () => {
    const machine = new TestMachine(psci.firmware(), [0n, 0x12_00ab_cdefn]);
    expect(machine.ask(0, CPU_ON, 0x12_00ab_cdefn, ENTRY, 0)).toBe(0);
  });

  test.each([
    ['an entry point outside memory', 0x1000n],
    ['one that is no multiple of 4', 0x4008_0002n],
    ['an odd one', 0x4008_0001n],
    ['one whose last byte lies outside', 0x8000_0000n - 2n],
    ['one beyond what a Number holds', 0xffff_ffff_ffff_fff0n],
  ])('refuses %s: INVALID_ADDRESS, before 1.0 INVALID_PARAMETERS', (_, entry) => {
    expect(new TestMachine(psci.firmware()).ask(0, CPU_ON, 1, entry, 0)).toBe(-9);
    expect(new TestMachine(psci.firmware({ version: '0.2' })).ask(0, CPU_ON, 1, entry, 0)).toBe(-2);
  });

  test('the target is checked before the entry point, the entry point before the state of the target', () => {
    const machine = new TestMachine(psci.firmware());
    expect(machine.ask(0, CPU_ON, 9, 1, 0)).toBe(-2);
    expect(machine.ask(0, CPU_ON, 0, 1, 0)).toBe(-9);
  });

  test('a refused call leaves the start of a pending CPU as it was', () => {
    const machine = new TestMachine(psci.firmware());
    machine.ask(0, CPU_ON, 1, ENTRY, 0x1111);
    machine.ask(0, CPU_ON, 1, ENTRY + 4, 0x2222);
    expect([...(machine.starts[1]?.w ?? [])]).toEqual([ENTRY, 0, 0x1111, 0]);
  });

  test('a CPU that is declared and does not exist cannot be powered up', () => {
    const machine = new TestMachine(psci.firmware({ topology: clusters(1, 5) }));
    expect(machine.ask(0, CPU_ON, 4, ENTRY, 0)).toBe(-6);
    expect(machine.ask(0, AFFINITY_INFO, 4, 0)).toBe(-8);
  });
});

describe('how a started CPU begins (6.4)', () => {
  const startOf = (prepare: (pe: Pe) => void, id = CPU_ON, entry: number | bigint = ENTRY, guest = {}) => {
    const machine = new TestMachine(psci.firmware(), undefined, guest);
    prepare(machine.pes[0] as Pe);
    expect(machine.ask(0, id, 1, entry, 0x1122_3344_5566_7788n)).toBe(0);
    const start = machine.starts[1];
    if (!start) throw new Error('no start state');
    return start;
  };

  test('SMC64: all 64 bits of the context id, in AArch64 at EL1, little-endian', () => {
    const start = startOf(() => {});
    expect(start).toMatchObject({ el: 1, state: 'a64', bigEndian: false, sctlr: 0x30d0_0800 });
    expect([start.w[ENTRY_LOW], start.w[ENTRY_HIGH]]).toEqual([ENTRY, 0]);
    expect([start.w[CONTEXT_LOW], start.w[CONTEXT_HIGH]]).toEqual([0x5566_7788, 0x1122_3344]);
  });

  test('SMC32 from AArch64: the low half of the context id, still AArch64', () => {
    const start = startOf(() => {}, CPU_ON_32);
    expect(start.state).toBe('a64');
    expect([start.w[CONTEXT_LOW], start.w[CONTEXT_HIGH]]).toEqual([0x5566_7788, 0]);
  });

  test('a CPU starts at its caller’s exception level', () => {
    const atEl2 = (pe: Pe): void => {
      pe.el = 2;
    };
    expect(startOf(atEl2, CPU_ON, ENTRY, { hasEl2: true })).toMatchObject({ el: 2, sctlr: 0x30c5_0830 });
    expect(startOf(() => {}, CPU_ON, ENTRY, { hasEl2: true })).toMatchObject({ el: 1, sctlr: 0x30d0_0800 });
  });

  test('TF-A and QEMU start it at EL2 where there is one', () => {
    for (const profile of ['tf-a', 'qemu-7.2'] as const) {
      const machine = new TestMachine(psci.firmware({ profile }), undefined, { hasEl2: true });
      machine.ask(0, CPU_ON, 1, ENTRY, 0);
      expect(machine.starts[1]?.el).toBe(2);
    }
  });

  test('a hypervisor at EL2 starts them at EL1', () => {
    expect(startOf(() => {}, CPU_ON, ENTRY, { hasEl2: true, level: 'el2' }).el).toBe(1);
  });

  test('QEMU resets the target: it begins little-endian whoever starts it', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'qemu-7.2' }));
    (machine.pes[0] as Pe).sctlr = 1 << 25;
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0)).toBe(0);
    expect(machine.starts[1]).toMatchObject({ bigEndian: false, sctlr: 0x00c5_0838 });
  });

  test('endianness is the caller’s SCTLR.EE', () => {
    const start = startOf((pe) => {
      pe.sctlr = 1 << 25;
    });
    expect(start).toMatchObject({ bigEndian: true, sctlr: 0x30d0_0800 | (1 << 25) });
  });

  test.each([
    ['a32', ENTRY, 'a32', ENTRY],
    ['a32', ENTRY + 1, 't32', ENTRY],
    ['t32', ENTRY, 'a32', ENTRY],
    ['t32', ENTRY + 3, 't32', ENTRY + 2],
  ] as const)('a caller in %s with entry point 0x%s: %s', (state, entry, expected, address) => {
    const start = startOf(
      (pe) => {
        pe.state = state;
      },
      CPU_ON_32,
      entry,
    );
    expect(start).toMatchObject({ state: expected, sctlr: 0x00c5_0838 });
    expect(start.w[ENTRY_LOW]).toBe(address);
    expect(start.w[CONTEXT_HIGH]).toBe(0);
  });

  test('an A32 entry point must be a multiple of 4', () => {
    const machine = new TestMachine(psci.firmware());
    (machine.pes[0] as Pe).state = 'a32';
    expect(machine.ask(0, CPU_ON_32, 1, ENTRY + 2, 0) | 0).toBe(-9);
  });

  test('an AArch32 EL1 below an AArch64 EL2 does not decide EL2’s state', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'tf-a' }), undefined, { hasEl2: true });
    const [pe] = machine.pes;
    if (pe) Object.assign(pe, { state: 'a32', scr: 1 << 10 });
    machine.ask(0, CPU_ON_32, 1, ENTRY, 0);
    expect(machine.starts[1]).toMatchObject({ el: 2, state: 'a64' });
  });

  test('an AArch32 caller has no SMC64 numbers', () => {
    const machine = new TestMachine(psci.firmware());
    (machine.pes[0] as Pe).state = 'a32';
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0) | 0).toBe(-1);
  });
});

describe('CPU_ON of TF-A', () => {
  test('a refused call replaces where a pending CPU begins', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'tf-a' }));
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0x1111)).toBe(0);
    expect(machine.ask(0, CPU_ON, 1, ENTRY + 4, 0x2222)).toBe(-5);
    expect([...(machine.starts[1]?.w ?? [])]).toEqual([ENTRY + 4, 0, 0x2222, 0]);
  });

  test('a refused call replaces where a suspended CPU resumes', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'tf-a' }));
    machine.ask(0, CPU_ON, 1, ENTRY, 0);
    machine.enter(1);
    expect(machine.call(1, CPU_SUSPEND, 0x1_0002, ENTRY, 0xaaaa).kind).toBe('wait');
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0xbbbb)).toBe(-4);
    expect(machine.starts[1]?.w[CONTEXT_LOW]).toBe(0xbbbb);
  });

  test('an odd entry point is refused and written all the same', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'tf-a' }));
    machine.ask(0, CPU_ON, 1, ENTRY, 0x1111);
    expect(machine.ask(0, CPU_ON, 1, ENTRY + 1, 0x2222)).toBe(-9);
    expect(machine.starts[1]?.w[ENTRY_LOW]).toBe(ENTRY + 1);
  });

  test('bits outside the affinity fields do not count; a CPU that does not exist stays pending for ever', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'tf-a' }));
    expect(machine.ask(0, CPU_ON, 0xff00_ff00_8100_0001n, ENTRY, 0)).toBe(0);
    expect(machine.ask(0, AFFINITY_INFO, 0x101, 0)).toBe(1);
    expect(machine.ask(0, CPU_ON, 0x101, ENTRY, 0)).toBe(0);
    expect(machine.ask(0, AFFINITY_INFO, 0x101, 0)).toBe(2);
    expect(machine.ask(0, CPU_ON, 0x101, ENTRY, 0)).toBe(-5);
  });
});

describe('CPU_ON of QEMU 7.2', () => {
  test('the target is on before its first instruction', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'qemu-7.2' }), undefined, { level: 'outside' });
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0)).toBe(0);
    expect(machine.ask(0, AFFINITY_INFO, 1, 0)).toBe(0);
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0)).toBe(-4);
    machine.enter(1);
    expect(machine.ask(0, AFFINITY_INFO, 1, 0)).toBe(0);
  });

  test('high halves of 32-bit calls count, and those of the number', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'qemu-7.2' }), undefined, { level: 'outside' });
    expect(machine.ask(0, CPU_ON_32, 0xdead_beef_0000_0001n, ENTRY, 0)).toBe(-2);
    const pe = machine.pes[0] as Pe;
    pe.x[0] = 0xdead_beef_8400_0000n;
    machine.execute(0);
    expect(machine.result()).toBe(-1);
  });
});
