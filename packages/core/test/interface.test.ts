import {
  callRows,
  callTable,
  createRegisters,
  DeclarationError,
  decodeCall,
  decodeResults,
  defineInterface,
  defineStatus,
  hexId,
  oneOf,
  status,
  u32,
  u64,
  valueOr,
} from '@trapline/core';
import { expect, test } from 'vitest';

const codes = defineStatus('demo', 'a test', { OK: 0, BAD: -1 });
const state = oneOf('state', { ON: 0, OFF: 1 });
const abi = defineInterface({
  name: 'demo',
  title: 'A demonstration',
  source: 'this test',
  calls: {
    version: { id: 0x84000000, since: '1.0', clause: '1.1', summary: 'Version.', returns: valueOr(u32, codes) },
    start: {
      id: 0x84000003,
      id64: 0xc4000003,
      since: '1.1',
      clause: '1.2',
      summary: 'Starts.',
      arguments: { target: u64, state },
      returns: status(codes),
      errors: ['BAD'],
    },
    many: {
      id: 0x84000010,
      since: '1.1',
      clause: '1.3',
      summary: 'Gives two.',
      returns: { low: u32, high: u32 },
    },
    stop: { id: 0x84000011, since: '1.1', clause: '1.4', summary: 'Stops.' },
  },
});

test('a number finds its call in either form, whatever its sign', () => {
  expect(abi.find(0xc4000003)).toBe(abi.calls.start);
  expect(abi.find(0x84000003 | 0)).toBe(abi.calls.start);
  expect(abi.find(0x84000004)).toBeUndefined();
});

test('handlers find arguments by name', () => {
  expect(abi.calls.start.at.target).toBe(0);
  expect(abi.calls.start.at.state).toBe(1);
});

test('two calls with one number are refused, both named', () => {
  const call = { id: 5, since: '1', clause: '', summary: '' };
  expect(() => defineInterface({ name: 'bad', title: '', source: '', calls: { a: call, b: call } })).toThrow(
    new DeclarationError('bad: a and b share the number 0x00000005'),
  );
});

test('more arguments than registers are refused', () => {
  const fields = Object.fromEntries(Array.from({ length: 18 }, (_, i) => [`a${i}`, u32]));
  const calls = { a: { id: 1, since: '1', clause: '', summary: '', arguments: fields } };
  expect(() => defineInterface({ name: 'bad', title: '', source: '', calls })).toThrow('more than 17 arguments');
});

test('a trace shows arguments and results in words, as wide as the number says', () => {
  const registers = createRegisters();
  registers.x[1] = 0x1_0000_0002n;
  registers.x[2] = 1n;
  expect(decodeCall(abi, 0xc4000003, registers)).toMatchObject({
    call: 'start',
    arguments: [
      { name: 'target', text: '0x100000002' },
      { name: 'state', text: 'OFF' },
    ],
  });
  expect(decodeCall(abi, 0x84000003, registers)?.arguments[0]).toEqual({ name: 'target', text: '0x2' });
  expect(decodeCall(abi, 0xc4000003, registers, false)?.arguments[0]).toEqual({ name: 'target', text: '0x2' });
  expect(decodeCall(abi, 0x84000099, registers)).toBeUndefined();
  registers.x[0] = 2n ** 64n - 1n;
  expect(decodeResults(abi, abi.calls.start, registers, true)).toEqual([{ name: 'result', text: 'BAD' }]);
});

test('tables of calls derive from the declaration', () => {
  const rows = callRows(abi);
  expect(rows.map((row) => row.name)).toEqual(['version', 'start', 'many', 'stop']);
  expect(rows[1]).toMatchObject({
    ids: ['0x84000003', '0xc4000003'],
    arguments: 'target: u64, state: state',
    errors: 'BAD',
  });
  expect(rows[2]?.results).toBe('low: u32, high: u32');
  expect(rows[3]?.results).toBe('does not return');
  expect(callTable(abi).split('\n')).toHaveLength(7);
  expect(callTable(abi)).toContain(
    '| `start` | `0x84000003` `0xc4000003` | 1.1 | 1.2 | target: u64, state: state | demo status |',
  );
});

test('numbers print as eight digits', () => {
  expect(hexId(-1)).toBe('0xffffffff');
  expect(hexId(1)).toBe('0x00000001');
});
