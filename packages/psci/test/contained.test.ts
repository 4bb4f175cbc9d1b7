import { perGuest } from '@trapline/core';
import type { ContainedPsci, Profile } from '@trapline/psci';
import { abi, attachFirmware, specProfile } from '@trapline/psci';
import { createMachine, type Guest, type Vcpu } from '@trapline/trap-bus';
import { expect, test } from 'vitest';

/** A hypervisor with nothing but PSCI in it, and its own hand on the CPUs. */
function machineOf(changes: Partial<Profile>): { readonly guest: Guest; readonly psci: ContainedPsci } {
  const made: ContainedPsci[] = [];
  const service = perGuest({
    name: 'hypervisor',
    levels: ['el2'],
    needs: [],
    attach: (guest) => {
      const psci = attachFirmware(guest, { ...specProfile('1.1'), ...changes });
      made.push(psci);
      return psci;
    },
  });
  const machine = createMachine({
    guests: [
      {
        name: 'g',
        vcpus: [{}, { power: 'running' }],
        memory: [{ base: 0, size: 0x1000 }],
        services: { el2: [service] },
      },
    ],
  });
  return { guest: machine.guest('g'), psci: made[0] as ContainedPsci };
}

function answer(guest: Guest, cpu: number, id: number, ...args: readonly bigint[]): string {
  const { x } = guest.vcpus[cpu] as Vcpu;
  x[0] = BigInt(id >>> 0);
  args.forEach((value, i) => {
    x[i + 1] = value;
  });
  const { kind } = guest.caller(cpu).execute('hvc', 0);
  return kind === 'returned' ? String(BigInt.asIntN(64, x[0] as bigint)) : kind;
}

const { cpuOn, cpuOff, affinityInfo, systemReset2, systemSuspend } = abi.calls;

test('a hypervisor that takes a CPU off says so, and is told of the reset that CPU_ON then owes', () => {
  const { guest, psci } = machineOf({});
  const other = guest.vcpus[1] as Vcpu;
  expect(psci.isOn(other)).toBe(true);
  psci.setOn(other, false);
  expect(answer(guest, 0, affinityInfo.id, 1n, 0n)).toBe('1');
  expect(answer(guest, 0, cpuOn.id, 1n, 0n, 5n)).toBe('0');
  expect(other.powerState).toBe('running');
  expect([psci.takeReset(other), psci.takeReset(other)]).toEqual([true, false]);
});

test('a CPU that sleeps in CPU_OFF is off at once, finds SUCCESS if it is woken, and begins anew by CPU_ON', () => {
  const { guest, psci } = machineOf({ cpuOff: 'sleeps' });
  const other = guest.vcpus[1] as Vcpu;
  expect(answer(guest, 1, cpuOff.id)).toBe('wait');
  expect(answer(guest, 0, affinityInfo.id, 1n, 0n)).toBe('1');
  guest.wake(other);
  expect(other.x[0]).toBe(0n);
  psci.setOn(other, true);
  expect(answer(guest, 1, cpuOff.id)).toBe('wait');
  expect(answer(guest, 0, cpuOn.id, 1n, 0n, 9n)).toBe('0');
  guest.enter(other);
  expect(other.x[0]).toBe(9n);
});

test('any vendor reset is granted where the profile grants any', () => {
  const wide = systemReset2.wideId as number;
  const kinds = [0n, 1n, 0x8000_0001n, 1n << 32n].map((type) =>
    answer(machineOf({ vendorResets: 'any' }).guest, 0, wide, type, 0n),
  );
  expect(kinds).toEqual(['system', '-2', 'system', 'system']);
});

test('SYSTEM_SUSPEND is handed over as it stands, whoever else is on', () => {
  const { guest } = machineOf({ suspend: { ...specProfile('1.1').suspend, system: 'hands-over' } });
  expect(answer(guest, 0, systemSuspend.id, 0x123n, 0n)).toBe('system');
  expect(guest.vcpus[0]?.x[1]).toBe(0x123n);
});
