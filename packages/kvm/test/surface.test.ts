import { hexId, PC } from '@trapline/core';
import { type HypervisorOptions, PROFILE_NAMES } from '@trapline/kvm';
import type { Vcpu } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';
import { answer, RAM, worldOf } from './machine.js';

const NUMBERS = [...Array.from({ length: 0x100 }, (_, n) => n), 0x3fff, 0x7fff, 0x8000, 0xff00, 0xff01, 0xff03, 0xffff];
const IDS = [
  ...[0x8000_0000, 0xc000_0000, 0x0000_0000, 0x4000_0000].flatMap((type) =>
    Array.from({ length: 9 }, (_, owner) => owner).flatMap((owner) =>
      NUMBERS.map((n) => (type + owner * 0x100_0000 + n) | 0),
    ),
  ),
  ...[0, 1, 2, 3, 4].map((n) => (0x95c1_ba5e + n) | 0),
];

/** First arguments for which each of the calls that tell of features knows something. */
const ARGUMENTS = [0n, 0xc500_0020n, 0x8000_0000n, 0x8400_0050n, 0xc500_0021n];

/** Numbers that get another answer than NOT_SUPPORTED, or none at once. */
function answered(options: HypervisorOptions, conduit: 'hvc' | 'smc', aarch32 = false): readonly string[] {
  const boot = aarch32 ? ({ boot: { state: 'a32' } } as const) : {};
  const { guest, vm } = worldOf(options, { vcpus: [{ ...boot }, { ...boot, power: 'off' }] });
  vm.vcpus[0]?.setDeviceAttr(2, 0, BigInt(RAM));
  const saved = guest.services[0]?.attachment.save();
  const knows = (id: number, argument: bigint): boolean => {
    const vcpu = guest.vcpus[0] as Vcpu;
    vcpu.x.fill(0n, 0, 31);
    vcpu.x[0] = BigInt(id >>> 0);
    vcpu.x[1] = argument;
    vcpu.x[PC] = 0x4000n;
    const { kind } = guest.caller(0).execute(conduit, 0);
    const known = kind !== 'returned' || (vcpu.w[0] as number) !== 0xffff_ffff;
    if (kind === 'returned' && vcpu.w[0] !== 0) return known;
    guest.reset();
    guest.services[0]?.attachment.restore(saved ?? null);
    return known;
  };
  return IDS.filter((id) => ARGUMENTS.some((argument) => knows(id, argument))).map(hexId);
}

describe('what a guest can call', () => {
  test.each(PROFILE_NAMES)('profile %s, by HVC', (profile) => {
    expect(answered({ profile }, 'hvc')).toMatchSnapshot();
  });

  test.each(PROFILE_NAMES)('profile %s, by SMC', (profile) => {
    expect(answered({ profile }, 'smc')).toMatchSnapshot();
  });

  test('an AArch32 guest has no SMC64 number of PSCI, and every other one', () => {
    const wide = new Set(answered({ profile: 'linux-6.1' }, 'hvc', true));
    const all = answered({ profile: 'linux-6.1' }, 'hvc');
    expect(all.filter((id) => !wide.has(id)).every((id) => id.startsWith('0xc40000') && id < '0xc4000050')).toBe(true);
  });

  test('a vCPU with PSCI 0.1 has its two numbers, and none of 0.2', () => {
    const all = answered({ profile: 'linux-6.1', psci02: false }, 'hvc');
    expect(all.filter((id) => id.startsWith('0x840000') && id < '0x84000050')).toEqual([]);
    expect(all.filter((id) => id.startsWith('0x95'))).toEqual(['0x95c1ba5f', '0x95c1ba60']);
  });

  test('opt-in services add their own numbers and no others', () => {
    const plain = new Set(answered({ profile: 'linux-6.12' }, 'hvc'));
    const more = answered(
      {
        profile: 'linux-6.12',
        protected: { android: true },
        implementations: [{ midr: 1n, revidr: 0n, aidr: 0n }],
        systemSuspend: true,
      },
      'hvc',
    );
    expect(more.filter((id) => !plain.has(id))).toEqual([
      '0x8400000e',
      ...[
        '0xc400000e',
        '0xc6000002',
        '0xc6000003',
        '0xc6000004',
        '0xc6000005',
        '0xc6000006',
        '0xc6000007',
        '0xc6000008',
      ],
      ...['0xc6000009', '0xc6000040', '0xc6000041'],
    ]);
  });
});

test('every answer writes X0 to X3, and nothing of X4 to X30', () => {
  const { guest } = worldOf();
  for (const id of [0x8400_0000, 0x8000_0000, 0x8400_0050, 0x8600_0000, 0x8200_0000, 0x1234_5678]) {
    answer(guest, 0, id, 1n, 2n, 3n);
    const { x } = guest.vcpus[0] as Vcpu;
    if (id !== 0x8600_ff01) expect([...x.slice(1, 4)]).toEqual([0n, 0n, 0n]);
    expect([...x.slice(4, 31)].every((value, i) => value === 0xc0de_0000_beef_0004n + BigInt(i))).toBe(true);
  }
});

test('the workarounds leave X2 and X3 as they were, and are no calls by SMC', () => {
  const { guest } = worldOf({ profile: 'linux-6.12' });
  const vcpu = guest.vcpus[0] as Vcpu;
  expect(answer(guest, 0, 0x8000_8000, 1n, 2n, 3n)).toBe(0n);
  expect([...vcpu.x.slice(1, 4)]).toEqual([0n, 2n, 3n]);
  vcpu.x[0] = 0x8000_8000n;
  guest.caller(0).execute('smc', 0);
  expect(vcpu.x[0]).toBe(2n ** 64n - 1n);
});
