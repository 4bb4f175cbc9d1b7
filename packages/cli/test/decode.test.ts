import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { trapline } from './harness.js';

async function decode(...argv: string[]): Promise<ReturnType<typeof JSON.parse>> {
  const { code, out, err } = await trapline(['decode', '--json', ...argv]);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out);
}

// Loads every interface, which takes a while where it has to be compiled first.
beforeAll(async () => {
  await trapline(['decode', '0']);
});

describe('decode', () => {
  it('explains a call with its arguments in words', async () => {
    const { code, out } = await trapline(['decode', '0xc4000003', '0x101', '0x40080000', '7']);
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toBe('0xc4000003  CPU_ON  Power State Coordination Interface');
    expect(out).toMatch(/call +psci\.cpuOn, since 0\.\d; DEN0022/);
    expect(out).toMatch(/kind +fast call, SMC64; the other form is 0x84000003/);
    expect(out).toMatch(/owner +4: standard secure service calls, number 0x0003, in the range of PSCI/);
    expect(out).toMatch(/arguments +x1 +target +mpidr +0x101\n +x2 +entry .* 0x40080000\n +x3 +context .* 0x7\n/);
    expect(out).toMatch(/errors +.*ALREADY_ON -4, ON_PENDING -5/);
  });

  it('reads only the low halves of a 32-bit call', async () => {
    const { call } = await decode('0x84000003', '0xffffffff00000001');
    expect(call.arguments[0]).toMatchObject({ register: 'w1', name: 'target', value: '0x1' });
    expect(call.arguments[1]).not.toHaveProperty('value');
  });

  it('reads 32-bit arguments of a 64-bit call by their type', async () => {
    const { call } = await decode('0xc4000001', '0xdead000001010000');
    expect(call).toMatchObject({ interface: 'psci', name: 'CPU_SUSPEND' });
    expect(call.arguments[0]).toMatchObject({ value: '0x1010000' });
  });

  it('names errors in their own namespace', async () => {
    const psci = await decode('0xc4000003');
    const trng = await decode('0xc4000053');
    expect(psci.call.errors).toContainEqual({ name: 'INVALID_PARAMETERS', code: -2 });
    expect(trng.call.errors).toContainEqual({ name: 'NO_ENTROPY', code: -3 });
  });

  it('names a code for every error of every interface', async () => {
    const { interfaces } = await import('../src/decode/interfaces.js');
    for (const abi of interfaces) {
      for (const { id } of abi.all) {
        const { call } = await decode(`0x${(id >>> 0).toString(16)}`);
        for (const { name, code } of call.errors) expect([abi.name, call.name, name, typeof code]).toContain('number');
      }
    }
  });

  it.each([
    ['0xc2000010', 'SiP service calls', 2, 64],
    ['0x8600ff02', 'vendor specific hypervisor service calls', 6, 32],
    ['0xb3000001', 'trusted OS calls', 51, 32],
    ['0x95c1ba60', 'reserved', 21, 32],
  ])('explains %s, which nobody declares, by its owner', async (id, name, number, width) => {
    expect(await decode(id)).toMatchObject({ owner: { name, number }, width, kind: 'fast', call: null });
  });

  it('explains yielding calls, whose bits say no owner', async () => {
    expect(await decode('0x02000001')).toMatchObject({
      kind: 'yielding',
      owner: { number: null, name: 'trusted OS yielding calls' },
    });
  });

  it('knows the SVE hint', async () => {
    expect(await decode('0x84010000')).toMatchObject({ sveHint: true, call: { name: 'VERSION', interface: 'psci' } });
  });

  it('notes what is odd', async () => {
    expect((await decode('0xc4000000')).notes.join()).toContain('has no SMC64 form');
    expect((await decode('0xffffffff84000000')).notes.join()).toContain('the high half 0xffffffff does not count');
    expect((await decode('0x84000000', '1')).notes.join()).toContain('VERSION takes 0 arguments');
    expect((await trapline(['decode', '0x84020000'])).out).toContain('note       bits 23:17');
  });

  it('explains any registers whatever', async () => {
    const register = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => `0x${value.toString(16)}`);
    const id = fc.oneof(
      register,
      fc.nat({ max: 0x1f }).map((number) => `0xc4${number.toString(16).padStart(6, '0')}`),
    );
    await fc.assert(
      fc.asyncProperty(id, fc.array(register, { maxLength: 17 }), async (x0, values) => {
        const { id: shown, owner } = await decode(x0, ...values);
        expect(BigInt(shown)).toBe(BigInt(x0) & 0xffff_ffffn);
        expect(owner.name).not.toBe('');
      }),
    );
  });

  it.each([
    ['2214592515', '0x84000003'],
    ['0x8400_0003', '0x84000003'],
    ['0b11', '0x00000003'],
    ['0o17', '0x0000000f'],
  ])('reads the number %s', async (text, id) => {
    expect((await decode(text)).id).toBe(id);
  });

  it('reads a negative number after --, sign-extended', async () => {
    const { code, out } = await trapline(['decode', '--json', '--', '-2080374781']);
    expect([code, JSON.parse(out).id]).toEqual([0, '0x84000003']);
  });

  it.each([
    [[], 'name a function id'],
    [['psci'], "'psci' is no number"],
    [['0x1_0000_0000_0000_0000'], 'does not fit into a 64-bit register'],
    [['0x84000003', '1x'], "'1x' is no number"],
    [['0x84000003', ...Array.from({ length: 18 }, () => '0')], 'a call has at most 17 arguments, not 18'],
  ])('%j is wrong usage', async (argv, message) => {
    const { code, err } = await trapline(['decode', ...argv]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
