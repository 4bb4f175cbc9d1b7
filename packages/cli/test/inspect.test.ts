import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeviceTreeNode, readDtb } from '@trapline/devicetree';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixture, trapline } from './harness.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trapline-inspect-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

const PSCI_SOURCE = '/dts-v1/; / { psci { compatible = "arm,psci-0.2"; method = "smc"; }; };';

describe('inspect --json', () => {
  it('prints the interfaces and CPUs of a tree in the documented shape', async () => {
    const file = fixture('xen-4.17-domU.dtb');
    const { code, out, err } = await trapline(['inspect', '--json', file]);
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toEqual([
      {
        file,
        interfaces: [
          {
            path: '/psci',
            compatible: ['arm,psci-1.0', 'arm,psci-0.2', 'arm,psci'],
            interface: 'psci',
            version: '1.0',
            conduit: 'hvc',
            conduitSource: 'property',
            driver: 'psci',
            diagnostics: [],
          },
          {
            path: '/hypervisor',
            compatible: ['xen,xen-4.17', 'xen,xen'],
            interface: 'xen',
            version: '4.17',
            conduit: 'hvc',
            conduitSource: 'implied',
            driver: 'xen',
            diagnostics: [],
          },
        ],
        cpus: [
          { path: '/cpus/cpu@0', mpidr: '0x0', enableMethod: 'psci' },
          { path: '/cpus/cpu@1', mpidr: '0x1', enableMethod: 'psci' },
        ],
      },
    ]);
  });

  it.each(['xen-4.17-dom0', 'xen-4.17-dom0-gicv2', 'xen-4.17-domu-enhanced', 'xen-4.17-domu-a32'])(
    'finds PSCI and Xen, and a driver for each, in %s',
    async (tree) => {
      const { code, out } = await trapline(['inspect', '--json', fixture(`${tree}.dtb`)]);
      const found: { interface: string; driver: string; diagnostics: unknown[] }[] = JSON.parse(out)[0].interfaces;
      expect(code).toBe(0);
      expect(found.map(({ interface: name, driver }) => [name, driver]).sort()).toEqual([
        ['psci', 'psci'],
        ['xen', 'xen'],
      ]);
      expect(found.flatMap(({ diagnostics }) => diagnostics)).toEqual([]);
    },
  );

  it('lists a disabled node, with a diagnostic and without a driver', async () => {
    const { out } = await trapline(['inspect', '--json', fixture('qemu-zcu102.dtb')]);
    const zynqmp = JSON.parse(out)[0].interfaces[1];
    expect(zynqmp).toMatchObject({ interface: 'zynqmp', driver: null });
    expect(zynqmp.diagnostics).toEqual([
      { severity: 'warning', code: 'status-not-okay', message: 'status is "disabled": software leaves the node alone' },
    ]);
  });

  it('has findings beside the interfaces with the file', async () => {
    const { out } = await trapline(['inspect', '--json', fixture('qemu-virt-secure.dtb')]);
    expect(JSON.parse(out)[0].diagnostics).toMatchObject([
      { severity: 'warning', code: 'psci-missing', path: '/cpus' },
    ]);
  });

  it('keeps an object for a file that cannot be read, and goes on', async () => {
    const bad = write('bad.dtb', Uint8Array.of(0xd0, 0x0d, 0xfe, 0xed, 0, 0));
    const missing = join(directory, 'missing.dtb');
    const { code, out, err } = await trapline(['inspect', '--json', bad, missing, fixture('qemu-virt-a15.dtb')]);
    const reports = JSON.parse(out);
    expect(code).toBe(1);
    expect(reports[0]).toMatchObject({ file: bad, interfaces: [], cpus: [] });
    expect(reports[0].error).toContain('blob offset');
    expect(reports[1]).toEqual({ file: missing, interfaces: [], cpus: [], error: 'no such file or directory' });
    expect(reports[2].interfaces).toHaveLength(1);
    const lines = err.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toBe(`trapline: ${missing}: no such file or directory`);
  });
});

describe('inspect', () => {
  it('says for people what, which version, which conduit and why', async () => {
    const { code, out } = await trapline(['inspect', fixture('xen-4.17-domU.dtb')]);
    expect(code).toBe(0);
    expect(out.split('\n').slice(1)).toEqual([
      '  interface  version  conduit  driver  node',
      '  psci       1.0      hvc      psci    /psci',
      '    method = "hvc"; compatible "arm,psci-1.0", "arm,psci-0.2", "arm,psci"',
      '  xen        4.17     hvc      xen     /hypervisor',
      '    Xen takes hypercalls by HVC with immediate 0xEA1 only; compatible "xen,xen-4.17", "xen,xen"',
      '  2 CPUs, enabled by psci; MPIDR 0x0 0x1',
      '',
    ]);
  });

  it('says what is wrong, in lines of the width that is there', async () => {
    const file = write('x.dts', '/dts-v1/; / { psci { compatible = "arm,psci"; method = "smc"; }; };');
    const { out } = await trapline(['inspect', file], { columns: 60 });
    expect(out).toContain('    warning[property-missing] cpu_on is missing: the\n      function id of CPU_ON');
    const findings = out.split('\n').slice(1);
    expect(Math.max(...findings.map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it('colours severities where the output takes colours', async () => {
    const { out } = await trapline(['inspect', fixture('qemu-virt-secure.dtb')], {
      style: (colour, text) => `<${[colour].flat().join('+')}>${text}</>`,
    });
    expect(out).toContain('<yellow>warning[psci-missing]</>');
  });

  it('prints one tree after the other, and says where there is nothing', async () => {
    const empty = write('empty.dts', '/dts-v1/; / { };');
    const { out } = await trapline(['inspect', empty, empty]);
    expect(out).toBe(`${empty}\n  no interfaces\n\n${empty}\n  no interfaces\n`);
  });

  it('fails with --strict where there is a warning or an error, and only there', async () => {
    const flawed = fixture('qemu-virt-secure.dtb');
    const fine = fixture('qemu-virt-smp20-gicv3.dtb');
    expect((await trapline(['inspect', '--strict', flawed])).code).toBe(1);
    expect((await trapline(['inspect', flawed])).code).toBe(0);
    expect((await trapline(['inspect', '--strict', fine])).code).toBe(0);
  });

  it('wants to be told what to inspect', async () => {
    const { code, err } = await trapline(['inspect']);
    expect(code).toBe(2);
    expect(err).toBe('trapline: inspect: name a device tree, or a directory of them (trapline inspect --help)\n');
  });
});

describe('the forms of a tree', () => {
  async function interfacesOf(argument: string, stdin = new Uint8Array()): Promise<unknown[]> {
    const { out } = await trapline(['inspect', '--json', argument], { stdin: () => stdin });
    return JSON.parse(out).flatMap((report: { interfaces: { path: string }[] }) =>
      report.interfaces.map(({ path }) => path),
    );
  }

  it('source by its name, with what it includes beside it', async () => {
    write('psci.dtsi', '/ { psci { compatible = "arm,psci-0.2"; method = "smc"; }; };');
    const file = write('board.dts', '/dts-v1/; /include/ "psci.dtsi"');
    expect(await interfacesOf(file)).toEqual(['/psci']);
  });

  it('source that includes what is not there fails with its place', async () => {
    const file = write('board.dts', '/dts-v1/;\n/include/ "nowhere.dtsi"\n/ { };');
    const { code, err } = await trapline(['inspect', file]);
    expect(code).toBe(1);
    expect(err).toContain(`trapline: ${file}:2:`);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('source and blobs from standard input', async () => {
    const blob = readFileSync(fixture('qemu-virt-a15.dtb'));
    expect(await interfacesOf('-', new TextEncoder().encode(`// a board\n${PSCI_SOURCE}`))).toEqual(['/psci']);
    expect(await interfacesOf('-', blob)).toEqual(['/psci']);
  });

  it('overlays, whose nodes are seen where they stand', async () => {
    const file = write(
      'x.dtso',
      `/dts-v1/; /plugin/; / { fragment@0 { target-path = "/";
      __overlay__ { psci { compatible = "arm,psci-1.0"; method = "hvc"; }; }; }; };`,
    );
    expect(await interfacesOf(file)).toEqual(['/fragment@0/__overlay__/psci']);
  });

  it('directories, with all below them in the order of names', async () => {
    mkdirSync(join(directory, 'b'));
    copyFileSync(fixture('qemu-virt-a15.dtb'), join(directory, 'b', 'x.dtb'));
    write('c.dts', PSCI_SOURCE);
    write('a.dts', PSCI_SOURCE);
    write('notes.txt', 'nothing');
    symlinkSync(directory, join(directory, 'circle.dtb'));
    symlinkSync(join(directory, 'a.dts'), join(directory, 'z.dts'));
    const { out, code } = await trapline(['inspect', '--json', directory]);
    expect(code).toBe(0);
    expect(JSON.parse(out).map(({ file }: { file: string }) => file.slice(directory.length))).toEqual([
      '/a.dts',
      '/b/x.dtb',
      '/c.dts',
      '/z.dts',
    ]);
  });

  it('a directory without any is a failure', async () => {
    const { code, err, out } = await trapline(['inspect', '--json', directory]);
    expect(code).toBe(1);
    expect(err).toContain('no device trees');
    expect(JSON.parse(out)).toMatchObject([{ file: directory, interfaces: [] }]);
  });

  it('unpacked, as under /proc/device-tree', async () => {
    const source = readDtb(readFileSync(fixture('xen-4.17-domU.dtb')));
    const unpack = (node: DeviceTreeNode, path: string): void => {
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'name'), `${node.baseName}\0`);
      for (const { name, bytes } of node.properties) writeFileSync(join(path, name), bytes);
      for (const child of node.children) unpack(child, join(path, child.name));
    };
    const base = join(directory, 'base');
    unpack(source.root, base);
    const { out } = await trapline(['inspect', '--json', base]);
    const [report] = JSON.parse(out);
    expect(report.file).toBe(base);
    expect(report.interfaces).toMatchObject([
      { path: '/hypervisor', interface: 'xen', version: '4.17' },
      { path: '/psci', interface: 'psci', version: '1.0' },
    ]);
    expect(report.cpus).toHaveLength(2);
  });

  it('unpacked with a name that no property has', async () => {
    write('compatible', 'acme,x\0');
    write('a b', '');
    const { code, err } = await trapline(['inspect', directory]);
    expect(code).toBe(1);
    expect(err).toContain("'a b'");
  });

  it('unpacked and too deep', async () => {
    write('compatible', 'acme,x\0');
    mkdirSync(join(directory, ...Array.from({ length: 70 }, () => 'n')), { recursive: true });
    const { err } = await trapline(['inspect', directory]);
    expect(err).toContain('nest deeper than 64');
  });
});
