import { RETURNED } from '@trapline/core';
import type { Guest, Vcpu } from '@trapline/trap-bus';
import { ERRNO, OPERATION_TABLES, PROFILE_NAMES, xenAbi } from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { RAM, worldOf } from './guest/world.js';

const OPERAND = RAM + 0x10_0000;
/** The highest number that any hypercall has, and some beyond. */
const NUMBERS = 70;
/** Commands that are tried of each hypercall, and one that none has. */
const COMMANDS = 32;
const NO_COMMAND = 255;

type Profile = (typeof PROFILE_NAMES)[number];

function guestOf(profile: Profile, name: 'dom0' | 'one'): Guest {
  const { guests } = worldOf({ domains: { dom0: { privileged: true }, one: {} }, profile });
  return guests[name] as Guest;
}

/** What a call gives; 0 for one that does not return. */
function answerOf(guest: Guest, number: number, command: number): bigint {
  const vcpu = guest.vcpus[0] as Vcpu;
  const isVcpuOp = number === xenAbi.calls.vcpuOp.id;
  const args = isVcpuOp ? [command, 0, OPERAND] : [command, OPERAND, 1];
  args.forEach((value, i) => {
    vcpu.x[i] = BigInt(value);
  });
  vcpu.x[16] = BigInt(number);
  const outcome = guest.caller(0).execute('hvc', 0xea1);
  return outcome === RETURNED ? BigInt.asIntN(64, vcpu.x[0] as bigint) : 0n;
}

const NOT_THERE = -BigInt(ERRNO.ENOSYS);

describe('what a guest can call', () => {
  test.each(PROFILE_NAMES)('profile %s has these hypercalls', (profile) => {
    const guest = guestOf(profile, 'one');
    const numbers = Array.from({ length: NUMBERS }, (_, number) => number);
    expect(numbers.filter((number) => answerOf(guest, number, 0) !== NOT_THERE).join(' ')).toMatchSnapshot();
  });

  // Some end the domain, so each is asked of a new one.
  test.each(['one', 'dom0'] as const)('4.17: %s has these sub-operations', (name) => {
    const there = OPERATION_TABLES.map(({ hypercall }) => {
      const number = xenAbi.calls[hypercall as keyof typeof xenAbi.calls].id;
      const unknown = answerOf(guestOf('xen-4.17', name), number, NO_COMMAND);
      const commands = Array.from({ length: COMMANDS }, (_, command) => command);
      return [
        hypercall,
        commands.filter((command) => answerOf(guestOf('xen-4.17', name), number, command) !== unknown).join(' '),
      ];
    });
    expect(Object.fromEntries(there)).toMatchSnapshot();
  });
});
