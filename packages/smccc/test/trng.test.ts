import type { RandomPort } from '@trapline/core';
import { archService, type TrngOptions, trngService } from '@trapline/smccc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changed, FILL, hex, TestGuest } from './bench-guest.js';

fc.configureGlobal({ seed: 1 });

const VERSION = 0x8400_0050;
const FEATURES = 0x8400_0051;
const GET_UUID = 0x8400_0052;
const RND32 = 0x8400_0053;
const RND64 = 0xc400_0053;

/** Bytes 1, 2, 3, … */
const counting: RandomPort = {
  fill: (target) => {
    for (let i = 0; i < target.length; i++) target[i] = i + 1;
    return true;
  },
};
const ones: RandomPort = {
  fill: (target) => {
    target.fill(0xff);
    return true;
  },
};
const dry: RandomPort = { fill: () => false };

function trng(random: RandomPort, options: TrngOptions = {}): TestGuest {
  return new TestGuest([archService(), trngService(options)], { ports: { random } });
}

test('the version is 1.0, or what is given', () => {
  expect(trng(ones).call(VERSION)).toBe(0x1_0000n);
  expect(trng(ones, { version: { major: 1, minor: 1 } }).call(VERSION)).toBe(0x1_0001n);
});

test('FEATURES knows the calls that are declared, in their own form', () => {
  const guest = trng(ones);
  for (const id of [VERSION, FEATURES, GET_UUID, RND32, RND64]) expect(guest.call(FEATURES, [id])).toBe(0n);
  for (const id of [0xc400_0050, 0x8400_0054, 0x8000_0000, 0]) expect(guest.call(FEATURES, [id])).toBe(-1n);
  expect(guest.call(FEATURES, [0xdead_beef_8400_0053n])).toBe(0n);
});

test('the UUID is told where there is one', () => {
  const guest = trng(ones, { uuid: '11223344-5566-7788-99aa-bbccddeeff01' });
  guest.call(GET_UUID);
  expect(changed(guest, 0)).toEqual({ x0: '0x44332211', x1: '0x88776655', x2: '0xccbbaa99', x3: '0x1ffeedd' });
  expect(trng(ones).call(GET_UUID)).toBe(-1n);
});

describe('RND', () => {
  test('puts the lowest bits in X3', () => {
    const guest = trng(counting);
    expect(guest.call(RND64, [192])).toBe(0n);
    expect([3, 2, 1].map((register) => hex(guest.x(register)))).toEqual([
      '0x807060504030201',
      '0x100f0e0d0c0b0a09',
      '0x1817161514131211',
    ]);
    expect(guest.call(RND32, [96])).toBe(0n);
    expect([3, 2, 1].map((register) => hex(guest.x(register)))).toEqual(['0x4030201', '0x8070605', '0xc0b0a09']);
    expect(guest.x(4)).toBe(FILL);
  });

  test('gives exactly as many bits as were asked for', () => {
    const guest = trng(ones);
    for (const [id, width, max] of [
      [RND32, 32n, 96],
      [RND64, 64n, 192],
    ] as const) {
      for (let bits = 1; bits <= max; bits++) {
        expect(guest.call(id, [bits])).toBe(0n);
        const value = guest.x(3) | (guest.x(2) << width) | (guest.x(1) << (2n * width));
        expect(value).toBe((1n << BigInt(bits)) - 1n);
      }
    }
  });

  test('takes no more entropy than it needs', () => {
    const asked: number[] = [];
    const guest = trng({
      fill: (target) => {
        asked.push(target.length);
        return true;
      },
    });
    for (const bits of [1, 8, 9, 64, 192]) guest.call(RND64, [bits]);
    expect(asked).toEqual([1, 1, 2, 8, 24]);
  });

  test('refuses 0 bits and more than three registers hold', () => {
    const guest = trng(ones);
    for (const [id, bits] of [
      [RND32, 0],
      [RND32, 97],
      [RND64, 0],
      [RND64, 193],
      [RND64, 0xffff_ffff],
    ] as const) {
      guest.call(id, [bits]);
      expect(changed(guest, 1)).toEqual({ x0: '0xfffffffffffffffe' });
    }
  });

  test('reads 32 bits of the number of bits, by SMC64 too', () => {
    const guest = trng(ones);
    expect(guest.call(RND64, [0x1_0000_0020n])).toBe(0n);
    expect(guest.x(3)).toBe(0xffff_ffffn);
  });

  test('says NO_ENTROPY where there is none, and changes nothing else', () => {
    const guest = trng(dry);
    for (const id of [RND32, RND64]) {
      guest.call(id, [32]);
      expect(changed(guest, 1)).toEqual({ x0: '0xfffffffffffffffd' });
    }
  });

  test('0 bits can be a success, as with KVM', () => {
    const guest = trng(dry, { zeroBits: 'success' });
    guest.call(RND64, [0]);
    expect(changed(guest, 0)).toEqual({ x0: '0x0', x1: '0x0', x2: '0x0', x3: '0x0' });
  });

  test('an AArch32 caller has the SMC64 call only where the profile gives it, cut to 32 bits', () => {
    const vcpus = [{ aarch32: true, boot: { state: 'a32' } }] as const;
    const call = (convention: Pick<TrngOptions, 'convention'>, id: number, argument: number): bigint[] => {
      const guest = new TestGuest([archService(convention), trngService(convention)], {
        vcpus,
        ports: { random: ones },
      });
      guest.cpu(0).x.fill(0n);
      guest.cpu(0).x[0] = BigInt(id);
      guest.cpu(0).x[1] = BigInt(argument);
      guest.machine.trap(guest.cpu(0), 'smc', 0);
      return [...guest.cpu(0).x.slice(0, 4)];
    };
    expect(call({}, RND64, 192)[0]).toBe(0xffff_ffffn);
    expect(call({}, FEATURES, RND64)[0]).toBe(0xffff_ffffn);
    const convention = { smc64NeedsA64: false };
    expect(call({ convention }, RND64, 192)).toEqual([0n, 0xffff_ffffn, 0xffff_ffffn, 0xffff_ffffn]);
    expect(call({ convention }, FEATURES, RND64)[0]).toBe(0n);
    expect(call({ convention }, RND32, 33)).toEqual([0n, 0n, 1n, 0xffff_ffffn]);
  });

  test('any argument gets a documented code', () => {
    const guest = trng(ones);
    fc.assert(
      fc.property(fc.constantFrom(RND32, RND64), fc.bigInt(0n, 2n ** 64n - 1n), (id, bits) =>
        [0n, -2n].includes(guest.call(id, [bits])),
      ),
    );
  });
});
