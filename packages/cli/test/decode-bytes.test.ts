import { describe, expect, it } from 'vitest';
import { trapline } from './harness.js';

describe('trapline decode --bytes', () => {
  it.each([
    ['03 00 00 d4', '   0  smc #0x0      a64, a64-be\n'],
    ['0x41d40fd4', 'no call instruction, in any instruction set and order of bytes\n'],
    ['71ea40e1', '   0  hvc #0xea1    a32, a32-be8\n'],
    ['e1 40 00 70', '   0  hvc #0x0      a32-be32; HVC came with ARMv7, which has no BE-32\n'],
    ['f0f70080', '   0  smc #0x0      t32, t32-be8\n'],
  ])('%s without a target has every reading', async (bytes, out) => {
    expect(await trapline(['decode', '--bytes', bytes])).toEqual({ code: 0, out, err: '' });
  });

  it('reads one instruction after another for a target', async () => {
    const { out } = await trapline(['decode', '--bytes', '70 47 f0 f7 00 80 f0', '--target', 't32']);
    expect(out).toBe(
      '   0  -             t32; another instruction, or none\n   2  smc #0x0      t32\n   6  -             t32; cut off\n',
    );
    const conditional = await trapline(['decode', '--bytes', '73 00 60 01', '--target', 'a32', '--json']);
    expect(JSON.parse(conditional.out)).toEqual([
      { offset: 0, targets: ['a32'], conduit: 'smc', immediate: '0x3', condition: 'eq', note: null },
    ]);
  });

  it.each([
    [['--bytes', 'zz'], "'zz' is no bytes"],
    [['--bytes', ''], "'' is no bytes"],
    [['--bytes', '123'], "'123' is no bytes"],
    [['--bytes', '00'.repeat(0x1_0001)], 'more than 65536 bytes'],
    [['--bytes', '00', '--target', 'x86'], '--target is one of a64'],
    [['0x84000000', '--bytes', '00'], 'give a function id or --bytes, not both'],
  ])('%# is wrong usage', async (argv, message) => {
    const { code, err } = await trapline(['decode', ...argv]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
