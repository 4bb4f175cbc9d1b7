import { archAbi, CORTEX_A53, CORTEX_A57, CORTEX_A72, CORTEX_A73, CORTEX_A76 } from '@trapline/smccc';
import { describe, expect, test } from 'vitest';
import { answer, firmware, worldOf } from '../machine.js';

const { version, archFeatures, archWorkaround1, archWorkaround2, archWorkaround3 } = archAbi.calls;
const NOT_SUPPORTED = 0xffff_ffff_ffff_ffffn;
const XEN = 0x8500_ff00 | 0;

describe('calls that tell what is there', () => {
  test.each([
    ['xen-4.17', 0x1_0001],
    ['xen-4.18', 0x1_0002],
    ['xen-4.20', 0x1_0002],
  ] as const)('%s speaks SMCCC %i, by both conduits', (profile, number) => {
    const guest = worldOf({ profile }).guest('one');
    for (const conduit of ['hvc', 'smc'] as const) {
      expect(answer(guest, version.id, [], { conduit })).toBe(BigInt(number));
    }
  });

  test('the UID of Xen is at owner 5, zero-extended', () => {
    const guest = worldOf().guest('one');
    expect(answer(guest, XEN)).toBe(3n);
    expect(answer(guest, XEN | 1)).toBe(0xdc12_18a7n);
    expect([...(guest.vcpus[0]?.x.slice(1, 4) ?? [])]).toEqual([0x6943_98c6n, 0xd179_cf9an, 0x67e6_de8dn]);
    expect(answer(guest, XEN | 3)).toBe(0n);
    expect(guest.vcpus[0]?.x[1]).toBe(1n);
    expect(answer(guest, 0x8600_ff01)).toBe(NOT_SUPPORTED);
  });

  test('only the low half of X0 counts, and the SVE hint is not understood', () => {
    const guest = worldOf().guest('one');
    expect(answer(guest, version.id | 0x1_0000)).toBe(NOT_SUPPORTED);
    const [vcpu] = guest.vcpus;
    if (vcpu === undefined) throw new Error('no vcpu');
    vcpu.x[0] = 0x1_8000_0000n;
    guest.caller(0).execute('hvc', 0);
    expect(vcpu.x[0]).toBe(0x1_0001n);
  });
});

describe('workarounds', () => {
  const w = (n: { readonly id: number }): bigint => BigInt(n.id >>> 0);
  const features = (midr: number, options = {}): bigint[] => {
    const guest = worldOf({ host: { midr, ...options } }).guest('one');
    return [archWorkaround1, archWorkaround2, archWorkaround3].map((call) => answer(guest, archFeatures.id, [w(call)]));
  };

  test.each([
    ['Cortex-A57', CORTEX_A57 | 0x10_0000, '0 0 -1'],
    ['Cortex-A72 r0p3', CORTEX_A72 | 3, '0 0 -1'],
    ['Cortex-A72 r1p0', CORTEX_A72 | 0x10_0000, '0 0 -1'],
    ['Cortex-A72 r1p1', CORTEX_A72 | 0x10_0001, '-1 0 -1'],
    ['Cortex-A73', CORTEX_A73, '0 0 0'],
    ['Cortex-A53', CORTEX_A53, '-1 0 -1'],
    ['Cortex-A76', CORTEX_A76, '-1 0 -1'],
  ])('ARCH_FEATURES on %s', (_, midr, answers) => {
    expect(
      features(midr)
        .map((value) => BigInt.asIntN(64, value))
        .join(' '),
    ).toBe(answers);
  });

  test('speculative store bypass is as the firmware below says', () => {
    expect(features(CORTEX_A57, { ssbd: 'mitigated' })[1]).toBe(0xffff_ffff_ffff_fffen);
    expect(features(CORTEX_A57, { ssbd: 'unknown' })[1]).toBe(NOT_SUPPORTED);
  });

  test('by HVC the vector answers and leaves nothing in X1, for the second not in X2 and X3 either', () => {
    const guest = worldOf().guest('one');
    const after = (call: { readonly id: number }, conduit: 'hvc' | 'smc'): bigint[] => {
      answer(guest, call.id, [1n, 2n, 3n], { conduit });
      return [...(guest.vcpus[0]?.x.slice(0, 4) ?? [])];
    };
    expect(after(archWorkaround1, 'hvc')).toEqual([0n, 0n, 2n, 3n]);
    expect(after(archWorkaround2, 'hvc')).toEqual([0n, 0n, 0n, 0n]);
    expect(after(archWorkaround3, 'hvc')).toEqual([0n, 0n, 2n, 3n]);
    for (const call of [archWorkaround1, archWorkaround2, archWorkaround3]) {
      expect(after(call, 'smc')).toEqual([w(call), 1n, 2n, 3n]);
    }
  });

  test('a 32-bit guest takes the slow way', () => {
    const guest = worldOf({ guests: { vcpus: [{ boot: { state: 'a32' } }] } as never }).guest('one');
    expect(answer(guest, archWorkaround1.id, [1n])).toBe(w(archWorkaround1));
    expect(answer(guest, version.id | 0x4000_0000)).toBe(0xffff_ffffn);
  });
});

describe('immediates', () => {
  test.each([1, 0xea0, 0xea2, 0xffff])('HVC #%i is undefined, the return address behind it', (immediate) => {
    const guest = worldOf().guest('one');
    const outcome = firmware(guest, version.id, [], { immediate });
    expect(outcome).toMatchObject({ kind: 'inject', exception: 'undefined', returnOffset: 4 });
  });

  test.each([1, 0xea1])('SMC #%i is undefined where it stands; from AArch32 it is SMC #0', (immediate) => {
    const guest = worldOf().guest('one');
    expect(firmware(guest, version.id, [], { conduit: 'smc', immediate })).toMatchObject({
      kind: 'inject',
      returnOffset: 0,
    });
    const narrow = worldOf({ guests: { vcpus: [{ boot: { state: 'a32' } }] } as never }).guest('one');
    expect(answer(narrow, version.id, [], { conduit: 'smc', immediate })).toBe(0x1_0001n);
  });

  test.each([
    ['a32', 8],
    ['t32', 6],
  ] as const)('from %s the return address is %i behind HVC', (state, returnOffset) => {
    const guest = worldOf({ guests: { vcpus: [{ boot: { state } }] } as never }).guest('one');
    expect(firmware(guest, version.id, [], { immediate: 5 })).toMatchObject({ kind: 'inject', returnOffset });
  });
});
