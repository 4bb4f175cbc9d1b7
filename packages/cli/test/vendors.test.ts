import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { trapline } from './harness.js';

const directory = mkdtempSync(join(tmpdir(), 'trapline-vendors-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

async function runGuests(name: string, text: string) {
  const { out, err } = await trapline(['run', file(name, text), '--json']);
  expect(err).toBe('');
  return JSON.parse(out) as { guests: { name: string; services: string[]; drivers: string[] }[]; trace: unknown[] };
}

const GUESTS = `guests:
  - { name: root, vcpus: 2, memory: [{ base: 0x40000000, size: 64 MiB }] }
  - { name: inmate, vcpus: 1, memory: [{ base: 0x40000000, size: 64 MiB }] }
`;

describe('vendors in trapline run', () => {
  it('a guest of Hyper-V finds it by its node', async () => {
    const { guests } = await runGuests('hyperv.yaml', `${GUESTS}el2:\n  - service: psci\n  - service: hyperv\n`);
    expect(guests[0]?.services).toContain('hyperv at el2');
    expect(guests[0]?.drivers).toContain('hyperv 0.0 by hvc');
  });

  it('cells of Jailhouse find it, and nobody else is asked', async () => {
    const cells = '[{ guest: root, id: 0, cpus: [0, 1] }, { guest: inmate, id: 1, cpus: [2], console: true }]';
    const service = `el2:\n  - service: psci\n  - service: jailhouse\n    cells: ${cells}\n`;
    const { guests } = await runGuests('jailhouse.yaml', `${GUESTS}${service}`);
    expect(guests.map(({ drivers }) => drivers.at(-1))).toEqual([
      'jailhouse by hvc, 2 cells',
      'jailhouse by hvc, 2 cells',
    ]);
    const without = await runGuests('plain.yaml', `${GUESTS}el2:\n  - service: psci\n`);
    expect(JSON.stringify(without.trace)).not.toContain('0x4a48');
    expect(JSON.stringify(without.guests)).not.toContain('jailhouse');
  });

  it('a cell without a guest of its name is said in one line', async () => {
    const service = 'el2:\n  - service: jailhouse\n    cells: [{ guest: root, id: 0, cpus: [0, 1] }]\n';
    const { code, err } = await trapline(['run', file('cell.yaml', `${GUESTS}${service}`)]);
    expect([code, err]).toEqual([1, expect.stringContaining('guest inmate is no cell')]);
  });
});

describe('vendors in trapline inspect', () => {
  it.each([
    ['arm,scmi-smc', 'scmi'],
    ['arm,scmi-smc-param', 'scmi'],
    ['qcom,scmi-smc', null],
  ])('the driver of %s is %s', async (compatible, driver) => {
    const scmi = `scmi { compatible = "${compatible}"; arm,smc-id = <0x82000010>; shmem = <1>; };`;
    const psci = 'psci { compatible = "arm,psci-1.0"; method = "smc"; };';
    const path = file('scmi.dts', `/dts-v1/; / { ${psci} firmware { ${scmi} }; };`);
    const { out } = await trapline(['inspect', '--json', path]);
    const [{ interfaces }] = JSON.parse(out) as [{ interfaces: { interface: string; driver: string | null }[] }];
    expect(interfaces.find((found) => found.interface === 'scmi')).toMatchObject({ driver });
  });

  it('linaro,scmi-optee has none, microsoft,hyperv has one', async () => {
    const optee = 'optee { compatible = "linaro,optee-tz"; method = "smc"; };';
    const scmi = 'scmi { compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <0>; };';
    const path = file('two.dts', `/dts-v1/; / { ${optee} ${scmi} hypervisor { compatible = "microsoft,hyperv"; }; };`);
    const { out } = await trapline(['inspect', '--json', path]);
    const [{ interfaces }] = JSON.parse(out) as [{ interfaces: { interface: string; driver: string | null }[] }];
    expect(Object.fromEntries(interfaces.map((found) => [found.interface, found.driver]))).toEqual({
      optee: 'optee',
      scmi: null,
      hyperv: 'hyperv',
    });
  });
});
