import { describe, expect, it } from 'vitest';
import { trapline } from './harness.js';

describe('trapline wrappers', () => {
  it('writes a C header, a Rust module and assembly', async () => {
    const c = await trapline(['wrappers', 'psci', '--target', 'c', '--conduit', 'smc']);
    expect([c.code, c.err]).toEqual([0, '']);
    expect(c.out).toContain('#define PSCI_CPU_ON_64                       0xc4000003');
    expect(c.out).toContain('static inline int32_t psci_cpu_on(');
    const rust = await trapline(['wrappers', 'trng', '--target', 'rust', '--conduit', 'hvc']);
    expect(rust.out).toContain('"hvc #0",');
    const assembly = await trapline(['wrappers', 'psci', '--target', 't32-be8', '--conduit', 'hvc', '--prefix', 'fw']);
    expect(assembly.out).toContain('fw_cpu_on:');
    expect(assembly.out).toContain('\t.thumb_func');
  });

  it('lists machine code as the memory of the target holds it', async () => {
    const listing = async (target: string): Promise<string | undefined> => {
      const { out } = await trapline(['wrappers', 'psci', '--target', target, '--bytes']);
      return out
        .split('\n')
        .find((line) => line.startsWith('psci_version '))
        ?.replace(/^\S+ +/, '');
    };
    expect(await listing('a64')).toBe('00 80 b0 52 03 00 00 d4 c0 03 5f d6');
    expect(await listing('a32')).toBe('21 03 a0 e3 70 00 60 e1 1e ff 2f e1');
    expect(await listing('a32-be32')).toBe('e3 a0 03 21 e1 60 00 70 e1 2f ff 1e');
    expect(await listing('a32-be8')).toBe(await listing('a32'));
    expect(await listing('t32')).toBe('40 f2 00 00 c8 f2 00 40 f0 f7 00 80 70 47');
  });

  it('prints the same as JSON', async () => {
    const { out } = await trapline(['wrappers', 'psci', '--target', 'a64', '--json', '--bti', '--sve-hint']);
    const { wrappers } = JSON.parse(out) as { wrappers: { name: string; bytes: string; assembly: string[] }[] };
    expect(wrappers.find(({ name }) => name === 'psci_cpu_off')).toEqual({
      name: 'psci_cpu_off',
      bytes: '5f2403d5400080522080b072030000d4c0035fd6',
      assembly: ['hint #34', 'movz w0, #0x2', 'movk w0, #0x8401, lsl #16', 'smc #0x0', 'ret'],
    });
    const text = await trapline(['wrappers', 'psci', '--target', 'c', '--json']);
    expect(JSON.parse(text.out)).toMatchObject({ interface: 'psci', target: 'c' });
  });

  it('leaves SMC64 calls out of AArch32', async () => {
    const names = async (target: string): Promise<string> =>
      (await trapline(['wrappers', 'psci', '--target', target, '--bytes'])).out;
    expect(await names('a64')).toContain('psci_clean_inv_memregion ');
    expect(await names('a32')).not.toContain('psci_clean_inv_memregion ');
  });

  it('says why there is no wrapper', async () => {
    const { code, err } = await trapline(['wrappers', 'psci', '--target', 'a32-be32', '--conduit', 'hvc']);
    expect(code).toBe(1);
    expect(err).toBe(
      'trapline: wrappers: psci_version for A32, BE-32: HVC came with ARMv7, which has no BE-32; choose another conduit or target\n',
    );
  });

  it('has every interface that decode knows, or says what must be chosen', async () => {
    const { out: help } = await trapline(['wrappers', '--help']);
    const names = (help.match(/^ +INTERFACE +([\s\S]*?)\n +--target/m)?.[1] ?? '').split(/,\s+/);
    expect(names).toContain('psci');
    for (const name of names) {
      for (const target of ['c', 'rust', 'a64', 't32']) {
        const { code, out, err } = await trapline(['wrappers', name, '--target', target]);
        if (code === 0) expect(out.length, name).toBeGreaterThan(100);
        else expect(err, name).toMatch(/has several immediates|called by neither HVC nor SMC/);
      }
    }
  });

  it('takes an immediate of the interface only', async () => {
    const { code, err } = await trapline(['wrappers', 'psci', '--target', 'a64', '--immediate', '0xea1']);
    expect([code, err]).toEqual([
      1,
      'trapline: wrappers: interface psci: immediate 3745 is none of its own; choose one of 0\n',
    ]);
  });

  it.each([
    [[], 'name an interface'],
    [['psci'], 'give --target one of c, rust, a64'],
    [['--target', 'c'], 'name an interface'],
    [
      ['psci', '--target', 'x86'],
      "--target is one of c, rust, a64, a64-be, a32, a32-be8, a32-be32, t32, t32-be8, t32-be32, not 'x86'",
    ],
    [['psci', 'trng', '--target', 'c'], 'name one interface'],
    [['nothing', '--target', 'c'], "unknown interface 'nothing'; there are psci"],
    [['psci', '--target', 'c', '--conduit', 'svc'], "--conduit is one of hvc, smc, not 'svc'"],
    [['psci', '--target', 'c', '--smccc', '2'], "--smccc is one of 1.0, 1.1, not '2'"],
    [['psci', '--target', 'c', '--bytes'], '--bytes needs an instruction set, not c'],
  ])('%j is wrong usage', async (argv, message) => {
    const { code, out, err } = await trapline(['wrappers', ...argv]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`trapline: wrappers: ${message}`);
  });
});
