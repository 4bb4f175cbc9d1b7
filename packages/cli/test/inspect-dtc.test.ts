import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type DtsNode, dtsCells, dtsStrings, readWithDtc } from './dts-reader.js';
import { FIXTURES, trapline } from './harness.js';

const hasDtc = spawnSync('dtc', ['--version']).status === 0;
const more = process.env.TRAPLINE_DTBS;

/** The bindings as a person writes them down: compatible, interface, and where the conduit comes from. */
const RULES: readonly (readonly [RegExp, string, string])[] = [
  [/^arm,psci$|^arm,psci-0\.2$|^arm,psci-1\./, 'psci', 'method'],
  [/^xen,xen$|^xen,xen-/, 'xen', 'hvc'],
  [/^linux,kvm$/, 'kvm', 'psci'],
  [/^epapr,hypervisor-/, 'epapr', 'none'],
  [/^microsoft,hyperv$/, 'hyperv', 'hvc'],
  [/^vmware$/, 'vmware', 'none'],
  [/^gunyah-hypervisor(-.*)?$/, 'gunyah', 'hvc'],
  [/^linaro,optee-tz$/, 'optee', 'method'],
  [/^arm,sdei-1\.0$/, 'sdei', 'method'],
  [/^arm,scmi-smc(-param)?$|^qcom,scmi-smc$/, 'scmi', 'psci'],
  [/^linaro,scmi-optee$/, 'scmi', 'optee'],
  [/^qcom,scm(-.*)?$/, 'qcom-scm', 'smc'],
  [/^amlogic,meson-gxbb-sm$/, 'meson-sm', 'smc'],
  [/^xlnx,(zynqmp|versal|versal-net)-firmware$/, 'zynqmp', 'method'],
  [/^intel,(stratix10|agilex)-svc$/, 'intel-svc', 'method'],
  [/^tlm,trusted-foundations$/, 'trusted-foundations', 'smc'],
  [/^brcm,kona-smc$/, 'brcm-smc', 'smc'],
  [/^samsung,secure-firmware$/, 'samsung-smc', 'smc'],
];

interface Expected {
  path: string;
  compatible: string[];
  interface: string;
  version: string | null;
  conduit: string | null;
}

function expectedOf(nodes: readonly DtsNode[]): Expected[] {
  const found: (Expected & { rule: string })[] = [];
  for (const node of nodes) {
    const compatible = dtsStrings(node, 'compatible') ?? [];
    const method = node.properties.get('method')?.replaceAll('"', '');
    const called = method === 'smc' || method === 'hvc';
    const rule = compatible
      .map((name) => RULES.find(([pattern]) => pattern.test(name)))
      .find((hit) => hit !== undefined);
    if (rule === undefined && (!called || node.path.startsWith('/reserved-memory/'))) continue;
    const conduit = rule === undefined || rule[2] === 'method' ? (called ? method : null) : rule[2];
    found.push({
      path: node.path,
      compatible,
      interface: rule?.[1] ?? 'unknown',
      version: versionOf(compatible, rule?.[1]),
      conduit: conduit as string | null,
      rule: rule?.[2] ?? 'method',
    });
  }
  const usable = (name: string): string | null => {
    for (const { path, interface: found_, conduit } of found) {
      const node = nodes.find((candidate) => candidate.path === path);
      const status = node?.properties.get('status')?.replaceAll('"', '') ?? 'okay';
      if (found_ === name && status.startsWith('ok') && conduit !== null) return conduit;
    }
    return null;
  };
  const [psci, optee] = [usable('psci'), usable('optee')];
  return found.map(({ rule, ...rest }) => {
    if (rule === 'psci') return { ...rest, conduit: psci };
    if (rule === 'optee') return { ...rest, conduit: optee };
    return rule === 'none' ? { ...rest, conduit: null } : rest;
  });
}

function versionOf(compatible: readonly string[], name: string | undefined): string | null {
  for (const text of compatible) {
    if (name === 'psci' && text === 'arm,psci') return '0.1';
    const spelt = /^(?:arm,psci|xen,xen|epapr,hypervisor|gunyah-hypervisor|arm,sdei)-(\d.*)$/.exec(text);
    if (name !== undefined && spelt) return spelt[1] as string;
  }
  return null;
}

function cpusOf(nodes: readonly DtsNode[]): { path: string; mpidr: string | null; enableMethod: string | null }[] {
  return nodes
    .filter((node) => /^\/cpus\/[^/]+$/.test(node.path))
    .filter((node) => /^\/cpus\/cpu(@|$)/.test(node.path) || dtsStrings(node, 'device_type')?.[0] === 'cpu')
    .map((node) => {
      const cells = dtsCells(node, 'reg') ?? [];
      const reg = cells.reduce((sum, cell) => (sum << 32n) | cell, 0n) & ~0x8000_0000n;
      return {
        path: node.path,
        mpidr: cells.length === 0 ? null : `0x${reg.toString(16)}`,
        enableMethod: dtsStrings(node, 'enable-method')?.[0] ?? null,
      };
    });
}

async function compare(directory: string): Promise<number> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.dtb'));
  for (const name of files) {
    const file = `${directory}/${name}`;
    const { code, out, err } = await trapline(['inspect', '--json', file]);
    expect([code, err], file).toEqual([0, '']);
    const [report] = JSON.parse(out);
    const nodes = readWithDtc(file);
    const interfaces = report.interfaces.map((found: Expected) => ({
      path: found.path,
      compatible: found.compatible,
      interface: found.interface,
      version: found.version,
      conduit: found.conduit,
    }));
    expect(interfaces, file).toEqual(expectedOf(nodes));
    expect(report.cpus, file).toEqual(cpusOf(nodes));
  }
  return files.length;
}

describe("inspect and dtc's output say the same", () => {
  it.skipIf(!hasDtc && !process.env.CI)('of the bundled trees (needs dtc)', async () => {
    expect(await compare(FIXTURES)).toBeGreaterThan(20);
  });

  it.skipIf(more === undefined)(
    'of the trees that TRAPLINE_DTBS names',
    async () => {
      expect(await compare(more as string)).toBeGreaterThan(0);
    },
    600_000,
  );
});
