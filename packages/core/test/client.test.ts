import {
  CallFault,
  type ClientOf,
  type ConduitKind,
  createClient,
  createRegisters,
  defineInterface,
  defineStatus,
  OFF,
  type Outcome,
  oneOf,
  Pending,
  RETURNED,
  status,
  UNDEFINED_INSTRUCTION,
  u32,
  u64,
  valueOr,
  word,
} from '@trapline/core';
import { expect, expectTypeOf, test } from 'vitest';

const codes = defineStatus('demo', 'a test', { OK: 0, BAD: -1 });
const meta = { since: '1', clause: '', summary: '' };
const calls = {
  version: { id: 0x84000000, ...meta, returns: valueOr(u32, codes) },
  one: { id: 0x84000001, ...meta, arguments: { a: u32 }, returns: status(codes) },
  two: { id: 0x84000002, ...meta, arguments: { a: u32, b: u64 }, returns: u32 },
  on: {
    id: 0x84000003,
    id64: 0xc4000003,
    ...meta,
    arguments: { target: word, entry: u64, context: word },
    returns: status(codes),
  },
  four: { id: 0x84000004, ...meta, arguments: { a: u32, b: u32, c: u32, d: u32 }, returns: { x: u32, y: word } },
  state: { id: 0x84000005, ...meta, returns: valueOr(oneOf('state', { ON: 0, OFF: 1 }), codes) },
  suspend: { id: 0x84000006, ...meta, arguments: { power: u32 }, returns: status(codes), waits: true },
  off: { id: 0x84000007, ...meta, waits: true },
} as const;
const abi = defineInterface({ name: 'demo', title: '', source: '', calls });

/** A caller whose conduit runs `answer` on its registers. */
function world(answer: (x: BigUint64Array, conduit: ConduitKind, immediate: number) => Outcome, width: 32 | 64 = 64) {
  const registers = createRegisters();
  const caller = {
    ...registers,
    index: 0,
    width,
    execute: (conduit: ConduitKind, immediate: number) => answer(registers.x, conduit, immediate),
  };
  return { caller, conduit: { kind: 'smc', caller }, registers };
}

test('arguments stand in X1… in order, the number in X0', () => {
  let seen: bigint[] = [];
  const { conduit } = world((x) => {
    seen = [...x.slice(0, 5)];
    x[0] = 0n;
    return RETURNED;
  });
  const client = createClient(abi, conduit);
  expect(client.one({ a: 1 })).toBe(codes.OK);
  expect(seen.slice(0, 2)).toEqual([0x84000001n, 1n]);
  client.two({ a: 1, b: 2n ** 40n });
  expect(seen.slice(0, 3)).toEqual([0x84000002n, 1n, 2n ** 40n]);
  client.on({ target: 1, entry: 0x4008_0000, context: 2n ** 63n });
  expect(seen.slice(0, 4)).toEqual([0xc4000003n, 1n, 0x4008_0000n, 2n ** 63n]);
  client.four({ a: 1, b: 2, c: 3, d: 4 });
  expect(seen).toEqual([0x84000004n, 1n, 2n, 3n, 4n]);
});

test('a call with both forms is made in the caller’s width, or as SMC32 where asked', () => {
  const ids: bigint[] = [];
  const answer = (x: BigUint64Array): Outcome => {
    ids.push(x[0] as bigint);
    return RETURNED;
  };
  const args = { target: 1, entry: 2, context: 3 };
  createClient(abi, world(answer, 64).conduit).on(args);
  createClient(abi, world(answer, 32).conduit).on(args);
  createClient(abi, world(answer, 64).conduit, { form: 'smc32' }).on(args);
  createClient(abi, world(answer, 64).conduit, { ids: { on: 0x95c1ba60 } }).on(args);
  expect(ids).toEqual([0xc4000003n, 0x84000003n, 0x84000003n, 0x95c1ba60n]);
});

test('results are typed: a value, a status, several by name', () => {
  const answers: bigint[] = [];
  const { conduit } = world((x) => {
    x[0] = answers.shift() ?? 0n;
    x[1] = 2n ** 33n + 5n;
    return RETURNED;
  });
  const client = createClient(abi, conduit);
  answers.push(0x10001n, 2n ** 64n - 1n, 1n, 7n);
  expect(client.version()).toBe(0x10001);
  expect(client.version()).toBe(codes.BAD);
  expect(client.state()).toBe('OFF');
  expect(client.four({ a: 0, b: 0, c: 0, d: 0 })).toEqual({ x: 7, y: 5n });
  expectTypeOf(client.two).parameter(0).toEqualTypeOf<{ readonly a: number; readonly b: number | bigint }>();
  expectTypeOf(client.two).returns.toEqualTypeOf<number>();
  expectTypeOf<ClientOf<typeof abi>>().toEqualTypeOf<typeof client>();
});

test('conduit and immediate go along', () => {
  const seen: [ConduitKind, number][] = [];
  const { conduit } = world((_x, kind, immediate) => {
    seen.push([kind, immediate]);
    return RETURNED;
  });
  createClient(abi, conduit).version();
  createClient(abi, { ...conduit, kind: 'hvc' }, { immediate: 0xea1 }).version();
  expect(seen).toEqual([
    ['smc', 0],
    ['hvc', 0xea1],
  ]);
});

test('an exception in place of a result is thrown to the guest’s program, and a stop too', () => {
  const undefinedHere = createClient(abi, world(() => UNDEFINED_INSTRUCTION).conduit);
  expect(() => undefinedHere.version()).toThrow(CallFault);
  expect(() => undefinedHere.version()).toThrow('demo.version took the exception undefined');
  expect(() => undefinedHere.suspend({ power: 0 })).toThrow(CallFault);
  expect(() => createClient(abi, world(() => OFF).conduit).version()).toThrow('demo.version did not return: off');
});

test('a call that may wait says whether it does, and gives its result when the CPU runs again', () => {
  const wait: Outcome = { kind: 'wait', until: 'interrupt', onWake: 'return', why: 'test' };
  const { conduit, registers } = world(() => wait);
  const pending = createClient(abi, conduit).suspend({ power: 1 });
  expect(pending).toBeInstanceOf(Pending);
  expect(pending.waiting).toBe(true);
  registers.x[0] = 0n;
  expect(pending.result).toBe(codes.OK);
  const at = world((x) => {
    x[0] = 2n ** 64n - 1n;
    return RETURNED;
  });
  const done = createClient(abi, at.conduit).suspend({ power: 1 });
  expect([done.waiting, done.result]).toEqual([false, codes.BAD]);
});

test('a guest program gives its CPU up exactly when a call waits', () => {
  const outcomes: Outcome[] = [RETURNED, { kind: 'wait', until: 'interrupt', onWake: 'return', why: 'test' }, OFF];
  const { conduit, registers } = world(() => outcomes.shift() ?? RETURNED);
  const client = createClient(abi, conduit);
  function* program(): Generator<Outcome, unknown, void> {
    const first = yield* client.suspend({ power: 0 });
    const second = yield* client.suspend({ power: 1 });
    yield* client.off();
    return [first, second];
  }
  const run = program();
  const wait = run.next();
  expect(wait.value).toMatchObject({ kind: 'wait' });
  registers.x[0] = 2n ** 64n - 1n;
  expect(run.next().value).toBe(OFF);
  expect(run.next().done).toBe(true);
});

test('a number in the immediate leaves the registers to the arguments', () => {
  const gunyah = defineInterface({
    name: 'gunyah',
    title: '',
    source: '',
    convention: { selector: 'immediate', immediates: [[0x6000, 0x61ff]], firstArgument: 0 },
    calls: { send: { id: 0x601b, ...meta, arguments: { cap: u64 }, returns: u64 } },
  });
  const { conduit } = world((x, _kind, immediate) => {
    x[0] = (x[0] as bigint) + BigInt(immediate);
    return RETURNED;
  });
  expect(createClient(gunyah, conduit).send({ cap: 1 })).toBe(0x601cn);
});
