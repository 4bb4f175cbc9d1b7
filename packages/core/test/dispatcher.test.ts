import {
  type Call,
  type Claim,
  CompositionError,
  type Convention,
  Dispatcher,
  defineInterface,
  type Handler,
  implement,
  type Pe,
  RETURNED,
  returnHalves,
  returnInt,
  SMCCC,
  setResult,
  UNCLAIMED,
  u64,
} from '@trapline/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fakePe } from './fakes.js';

const three = { a: u64, b: u64, c: u64 };
const meta = { since: '1', clause: '', summary: '' };
const abi = defineInterface({
  name: 'demo',
  title: '',
  source: '',
  calls: {
    none: { id: 0x84000000, ...meta },
    one: { id: 0x84000001, ...meta, arguments: { a: u64 } },
    two: { id: 0x84000002, id64: 0xc4000002, ...meta, arguments: { a: u64, b: u64 } },
    three: { id: 0x84000003, id64: 0xc4000003, ...meta, arguments: three },
    six: { id: 0x84000004, id64: 0xc4000004, ...meta, arguments: { ...three, d: u64, e: u64, f: u64 } },
  },
});

/** Answers with the exclusive or of all arguments, so that each of them counts. */
const xor: Handler = (call) => {
  let low = 0;
  let high = 0;
  for (let i = 0; i < (call.declaration?.argumentNames.length ?? 0); i++) {
    low ^= call.w[2 * i] as number;
    high ^= call.w[2 * i + 1] as number;
  }
  return returnHalves(call, low, high);
};
const all = { none: xor, one: xor, two: xor, three: xor, six: xor };
const JUNK = 0xdead_beef_0000_0000n;

/** A dispatcher for one PE, and a guest on it. */
function guestOf(claims: readonly Claim[], pe: Pe = fakePe()) {
  const dispatcher = new Dispatcher(claims, [pe]);
  const call = (id: bigint, args: readonly bigint[] = [], conduit = 'hvc', immediate = 0) => {
    pe.x[0] = id;
    args.forEach((value, i) => {
      pe.x[i + 1] = value;
    });
    return { outcome: dispatcher.dispatch(pe, conduit, immediate), x0: pe.x[0] };
  };
  return { pe, dispatcher, call };
}

function demo(convention: Partial<Convention> = {}, handlers: Partial<typeof all> = all, pe: Pe = fakePe()) {
  return guestOf([{ owner: 'demo', implementation: implement(abi, handlers, { convention }) }], pe);
}

test('every shape of arguments arrives whole in an SMC64 call', () => {
  const word = fc.bigInt(0n, 2n ** 64n - 1n);
  fc.assert(
    fc.property(fc.constantFrom(2, 3, 6), fc.array(word, { minLength: 6, maxLength: 6 }), (count, args) => {
      const id = { 2: 0xc4000002n, 3: 0xc4000003n, 6: 0xc4000004n }[count] as bigint;
      const { x0 } = demo().call(id, args);
      return x0 === args.slice(0, count).reduce((a, b) => a ^ b, 0n);
    }),
  );
});

test('SMC32 calls see 32 bits of each argument, unless the profile reads more', () => {
  for (const [id, count] of [
    [0x84000001n, 1],
    [0x84000002n, 2],
    [0x84000003n, 3],
    [0x84000004n, 6],
  ] as const) {
    const args = Array.from({ length: 6 }, (_, i) => JUNK + BigInt(1 << i));
    const expected = BigInt(2 ** count - 1);
    expect(demo().call(id, args).x0).toBe(expected);
    const odd = count % 2 === 1;
    expect(demo({ narrow: 'never' }).call(id, args).x0).toBe(odd ? JUNK + expected : expected);
  }
});

test('narrowing can be overridden for one call', () => {
  const implementation = implement(abi, all, { narrow: { one: 'never' } });
  const { call } = guestOf([{ owner: 'demo', implementation }]);
  expect(call(0x84000001n, [JUNK + 1n]).x0).toBe(JUNK + 1n);
  expect(call(0x84000003n, [JUNK + 1n, 0n, 0n]).x0).toBe(1n);
});

test('the SVE hint does not select, and other reserved bits do', () => {
  expect(demo().call(0x84010000n).outcome).toBe(RETURNED);
  expect(demo().call(0x84020000n).outcome).toBe(UNCLAIMED);
  expect(demo({ ignoredBits: 0 }).call(0x84010000n).outcome).toBe(UNCLAIMED);
});

test('the high half of the number is ignored, or counts where a profile says so', () => {
  expect(demo().call(JUNK + 0x84000000n).outcome).toBe(RETURNED);
  expect(demo({ selectorBits: 64 }).call(JUNK + 0x84000000n).outcome).toBe(UNCLAIMED);
});

test('a fallback answers a number whose high half makes it unknown', () => {
  const fallback = { from: 0, to: 0xffff_ffff, fallback: true, handler: (c: Call) => returnInt(c, -1) };
  const implementation = implement(abi, all, { convention: { selectorBits: 64 }, ranges: [fallback] });
  const { call } = guestOf([{ owner: 'demo', implementation }]);
  expect(call(JUNK + 0x84000000n).x0).toBe(2n ** 64n - 1n);
});

test('an AArch32 caller has no high halves and no SMC64 calls', () => {
  const a32 = (convention: Partial<Convention>) => demo(convention, all, fakePe(0, 'a32'));
  expect(a32({ narrow: 'never' }).call(0x84000001n, [JUNK + 5n]).x0).toBe(5n);
  expect(a32({}).call(0xc4000002n, [1n, 2n]).outcome).toBe(UNCLAIMED);
  expect(a32({ smc64NeedsA64: false }).call(0xc4000002n, [1n, 2n]).outcome).toBe(RETURNED);
});

test('calls come by the conduits and immediates of their convention only', () => {
  const { call, dispatcher } = demo({
    conduits: ['hvc'],
    immediates: [
      [0, 0],
      [0xea1, 0xea1],
    ],
  });
  expect(call(0x84000000n, [], 'hvc', 0xea1).outcome).toBe(RETURNED);
  expect(call(0x84000000n, [], 'hvc', 1).outcome).toBe(UNCLAIMED);
  expect(call(0x84000000n, [], 'smc', 0).outcome).toBe(UNCLAIMED);
  expect(dispatcher.claims('hvc', 0xea1)).toBe(true);
  expect(dispatcher.claims('smc', 0)).toBe(false);
});

test('another instruction is a conduit like any other', () => {
  const { call } = demo({ conduits: ['mrs'], immediates: [[0, 0xffff]] });
  expect(call(0x84000000n, [], 'mrs', 7).outcome).toBe(RETURNED);
  expect(call(0x84000000n, [], 'hvc', 7).outcome).toBe(UNCLAIMED);
});

test('the number may stand in another register, or in the immediate', () => {
  const xen = { selector: { a64: 16, a32: 12 }, firstArgument: 0, immediates: [[0xea1, 0xea1]] } as const;
  for (const [state, register] of [
    ['a64', 16],
    ['a32', 12],
  ] as const) {
    const { call, pe } = demo(xen, all, fakePe(0, state));
    pe.x[register] = 0x84000001n;
    expect(call(9n, [], 'hvc', 0xea1)).toEqual({ outcome: RETURNED, x0: 9n });
  }

  const gunyah = defineInterface({
    name: 'gunyah',
    title: '',
    source: '',
    convention: { selector: 'immediate', immediates: [[0x6000, 0x61ff]], firstArgument: 0 },
    calls: { identify: { id: 0x6000, ...meta, arguments: { a: u64 } } },
  });
  const { dispatcher, pe } = guestOf([{ owner: 'g', implementation: implement(gunyah, { identify: xor }) }]);
  expect(dispatcher.dispatch(pe, 'hvc', 0x6000)).toBe(RETURNED);
  expect(dispatcher.dispatch(pe, 'hvc', 0x6001)).toBe(UNCLAIMED);
  expect(dispatcher.find(pe, 'hvc', 0x6000)).toMatchObject({ id: 0x6000 });
});

test('a service may answer under other numbers than the declared ones', () => {
  const implementation = implement(abi, { none: xor }, { ids: { none: [0x95c1ba5e] } });
  const { call } = guestOf([{ owner: 'demo', implementation }]);
  expect(call(0x95c1ba5en).outcome).toBe(RETURNED);
  expect(call(0x84000000n).outcome).toBe(UNCLAIMED);
});

test('a call without a handler is unknown, and a fallback takes what is unknown', () => {
  const seen: (string | undefined)[] = [];
  const fallback: Handler = (c) => {
    seen.push(c.declaration?.name);
    return returnInt(c, c.wide ? -2 : -1);
  };
  const implementation = implement(
    abi,
    { none: xor },
    { ranges: [{ from: 0, to: 0xffff_ffff, handler: fallback, fallback: true }] },
  );
  const { call, dispatcher, pe } = guestOf([{ owner: 'demo', implementation }]);
  expect(call(0x84000001n, [1n]).x0).toBe(2n ** 64n - 1n);
  expect(call(0xc4000001n, [1n]).x0).toBe(2n ** 64n - 2n);
  expect(seen).toEqual([undefined, undefined]);
  pe.x[0] = 0x84000001n;
  expect(dispatcher.find(pe, 'hvc', 0)).toMatchObject({ fallback: true });
});

test('results widen as the convention says and reach no register but their own', () => {
  const handler: Handler = (c) => {
    setResult(c, 1, 7, 8);
    return returnInt(c, -1);
  };
  for (const [widen, expected] of [
    ['sign', 2n ** 64n - 1n],
    ['zero', 0xffff_ffffn],
  ] as const) {
    const { call, pe } = demo({ widen }, { none: handler });
    pe.x.fill(0x5555n);
    expect(call(0x84000000n).x0).toBe(expected);
    expect(pe.x[1]).toBe(0x8_0000_0007n);
    expect([...pe.x.slice(2)].every((v) => v === 0x5555n)).toBe(true);
  }
});

test('an AArch32 caller sees no high half of a result', () => {
  const { call, pe } = demo({}, { none: (c) => returnInt(c, -1) }, fakePe(0, 't32'));
  expect(call(0x84000000n).x0).toBe(0xffff_ffffn);
  const unknown = { from: 0, to: 0xffff_ffff, handler: (c: Call) => returnInt(c, -1) };
  const implementation = implement(abi, {}, { ranges: [unknown] });
  expect(guestOf([{ owner: 'demo', implementation }], pe).call(0x84000000n).x0).toBe(0xffff_ffffn);
});

test('two services that claim one number are refused, both named, with a remedy', () => {
  const claim = (owner: string) => ({ owner, implementation: implement(abi, { none: xor }) });
  expect(() => new Dispatcher([claim('psci'), claim('kvm')], [fakePe()])).toThrow(
    'none (0x84000000) is claimed by both psci and kvm: leave one of them out, or give one a profile without this call',
  );
  expect(() => new Dispatcher([claim('psci'), claim('psci')], [fakePe()])).toThrow('claimed by psci twice');
});

test('a fallback comes after everything that is read by other rules', () => {
  const other = defineInterface({
    name: 'other',
    title: '',
    source: '',
    calls: { five: { id: 0x8400_0005, ...meta } },
  });
  const fallback = { from: 0, to: 0xffff_ffff, fallback: true, handler: (c: Call) => returnInt(c, -1) };
  const claims = [
    { owner: 'first', implementation: implement(abi, all, { ranges: [fallback] }) },
    {
      owner: 'second',
      implementation: implement(
        other,
        { five: (c) => returnInt(c, 5) },
        { convention: { immediates: [[0, 0xffff]] }, ranges: [fallback] },
      ),
    },
  ];
  for (const order of [claims, claims.toReversed()]) {
    const { call, dispatcher, pe } = guestOf(order);
    expect(call(0x8400_0005n).x0).toBe(5n);
    expect(call(0x8400_0000n).x0).toBe(0n);
    expect(call(0x8400_0006n).x0).toBe(2n ** 64n - 1n);
    expect(call(0x8400_0006n, [], 'hvc', 7).x0).toBe(2n ** 64n - 1n);
    expect(dispatcher.find(pe, 'hvc', 0)).toMatchObject({ fallback: true });
  }
});

test('overlapping ranges are refused, fallbacks are not', () => {
  const range = (owner: string, from: number, to: number, fallback = false) => ({
    owner,
    implementation: implement(abi, {}, { ranges: [{ from, to, handler: xor, fallback }] }),
  });
  expect(() => new Dispatcher([range('a', 0, 10), range('b', 10, 20)], [fakePe()])).toThrow(CompositionError);
  expect(() => new Dispatcher([range('a', 0, 9), range('b', 10, 20)], [fakePe()])).not.toThrow();
  expect(() => new Dispatcher([range('a', 0, 10, true), range('b', 0, 20, true)], [fakePe()])).not.toThrow();
});

test('interfaces with different rules live side by side', () => {
  const xen = defineInterface({
    name: 'xen',
    title: '',
    source: '',
    convention: { ...SMCCC, selector: { a64: 16, a32: 12 }, immediates: [[0xea1, 0xea1]], firstArgument: 0 },
    calls: { version: { id: 17, ...meta } },
  });
  const version: Handler = (c) => returnInt(c, 0x40011);
  const { call, dispatcher, pe } = guestOf([
    { owner: 'psci', implementation: implement(abi, all) },
    { owner: 'xen', implementation: implement(xen, { version }) },
  ]);
  pe.x[16] = 17n;
  expect(call(0x84000000n)).toEqual({ outcome: RETURNED, x0: 0n });
  expect(call(0n, [], 'hvc', 0xea1)).toEqual({ outcome: RETURNED, x0: 0x40011n });
  expect(dispatcher.find(pe, 'hvc', 0x1)).toBeUndefined();
});

test('any set of numbers gets a table in which each is found and no other', () => {
  const number = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(fc.uniqueArray(number, { minLength: 1, maxLength: 200 }), number, (ids, other) => {
      const calls = Object.fromEntries(ids.map((id, i) => [`c${i}`, { id, ...meta }]));
      const many = defineInterface({ name: 'many', title: '', source: '', calls });
      const handlers = Object.fromEntries(ids.map((_, i) => [`c${i}`, (c: Call) => returnInt(c, i)]));
      const convention = { ignoredBits: 0 };
      const implementation = implement(many, handlers, { convention });
      const { call } = guestOf([{ owner: 'many', implementation }]);
      const answer = (id: number): bigint | undefined => {
        const { outcome, x0 } = call(BigInt.asUintN(32, BigInt(id)));
        return outcome === RETURNED ? x0 : undefined;
      };
      return ids.every((id, i) => answer(id) === BigInt(i)) && (ids.includes(other) || answer(other) === undefined);
    }),
    { numRuns: 50 },
  );
});
