import { CONTEXT_LOW, perGuest, START_DEBUG_UNMASKED, type StartState } from '@trapline/core';
import { abi, attachFirmware, type Profile, specProfile } from '@trapline/psci';
import { createMachine, type Guest, type Vcpu } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';

const { cpuOn, cpuOff, affinityInfo } = abi.calls;
const ON_0_1 = 2;
const ENTRY = 0x100n;

/** A guest whose hypervisor contains PSCI as it likes it. */
function guestOf(changes: Partial<Profile>, vcpus: readonly object[] = [{}, {}]): Guest {
  const service = perGuest({
    name: 'hypervisor',
    levels: ['el2'],
    needs: [],
    attach: (guest) => attachFirmware(guest, { ...specProfile('1.1'), ...changes }),
  });
  const spec = { name: 'g', deferred: true, memory: [{ base: 0, size: 0x1000 }], services: { el2: [service] } };
  return createMachine({ guests: [{ ...spec, vcpus: vcpus as never }] }).guest('g');
}

function answer(guest: Guest, cpu: number, id: number, ...args: readonly bigint[]): string {
  const { x } = guest.vcpus[cpu] as Vcpu;
  x.fill(0n, 0, 5);
  x[0] = BigInt(id >>> 0);
  args.forEach((value, i) => {
    x[i + 1] = value;
  });
  const { kind } = guest.caller(cpu).execute('hvc', 0);
  return kind === 'returned' ? String(BigInt.asIntN(64, x[0] as bigint)) : kind;
}

function startOf(guest: Guest): StartState {
  return (guest.vcpus[1] as Vcpu).startState;
}

const { cpuOn: rules, start, affinity } = specProfile('1.1');

describe('rules of hypervisors', () => {
  test('a target may be a number, Aff1 * 16 + Aff0, and nothing else of it', () => {
    const byNumber = { cpuOn: { ...rules, target: 'number' } } as const;
    expect(answer(guestOf(byNumber), 0, cpuOn.id, 0xff12_0001n, ENTRY)).toBe('0');
    expect(answer(guestOf(byNumber), 0, cpuOn.id, 2n, ENTRY)).toBe('-2');
    const many = guestOf(byNumber, Array(18).fill({}));
    expect(answer(many, 0, cpuOn.id, 0x101n, ENTRY)).toBe('0');
    expect(many.vcpus[17]?.powerState).toBe('starting');
    expect(answer(guestOf({}), 0, cpuOn.id, 0xff12_0001n, ENTRY)).toBe('-2');
  });

  test('AFFINITY_INFO of a target that is not there may be OFF, at every level', () => {
    const guest = guestOf({ mpidrReserved: 'refused', affinity: { ...affinity, missing: 'off' } });
    for (const level of [0n, 1n]) {
      expect(answer(guest, 0, affinityInfo.id, 0x900n, level)).toBe('1');
      expect(answer(guest, 0, affinityInfo.id, 0x8000_0000n, level)).toBe('1');
    }
  });

  test('a CPU that goes at once is off before it has gone, and can be started meanwhile', () => {
    const guest = guestOf({ cpuOff: 'goes-at-once' });
    const other = guest.vcpus[1] as Vcpu;
    expect(answer(guest, 0, cpuOn.id, 1n, ENTRY)).toBe('0');
    guest.enter(other);
    expect(answer(guest, 1, cpuOff.id)).toBe('off');
    expect(other.powerState).toBe('stopping');
    expect(answer(guest, 0, affinityInfo.id, 1n, 0n)).toBe('1');
    expect(answer(guest, 0, cpuOn.id, 1n, ENTRY)).toBe('0');
  });

  test('the 0.1 number may have answers of its own, and no context', () => {
    const own = { legacyAlreadyOn: -2, legacyRefusedEntry: -3, legacyZeroContext: true };
    const guest = guestOf({ legacyIds: { cpuOn: ON_0_1 }, cpuOn: { ...rules, ...own } });
    expect(answer(guest, 0, ON_0_1, 0n, ENTRY, 7n)).toBe('-2');
    expect(answer(guest, 0, ON_0_1, 1n, ENTRY + 1n, 7n)).toBe('-3');
    expect(answer(guest, 0, cpuOn.id, 1n, ENTRY + 1n, 7n)).toBe('-9');
    expect(answer(guest, 0, ON_0_1, 1n, ENTRY, 7n)).toBe('0');
    expect(startOf(guest).w[CONTEXT_LOW]).toBe(0);
    const plain = guestOf({ legacyIds: { cpuOn: ON_0_1 } });
    expect(answer(plain, 0, ON_0_1, 1n, ENTRY, 7n)).toBe('0');
    expect(startOf(plain).w[CONTEXT_LOW]).toBe(7);
  });

  test('a CPU begins with flags by the execution state', () => {
    const flags = { start: { ...start, flags: START_DEBUG_UNMASKED, a32Flags: 0x4000_0000 } };
    const wide = guestOf(flags);
    answer(wide, 0, cpuOn.id, 1n, ENTRY);
    wide.enter(wide.vcpus[1] as Vcpu);
    expect((wide.vcpus[1] as Vcpu).pstate & 0x3c0).toBe(0x1c0);
    const narrow = guestOf(flags, [{ boot: { state: 'a32' } }, {}]);
    answer(narrow, 0, cpuOn.id, 1n, ENTRY);
    expect(startOf(narrow).flags).toBe(0x4000_0000);
  });
});
