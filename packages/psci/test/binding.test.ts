import { type BindContext, hexId } from '@trapline/core';
import { DeviceTree, type DeviceTreeNode, readDtb, writeDtb } from '@trapline/devicetree';
import {
  compatibleOf,
  cpuIdleStates,
  type FirmwareOptions,
  LEGACY_IDS,
  powerDomains,
  psci,
  readPsciNode,
  versionOf,
} from '@trapline/psci';
import { describe, expect, test } from 'vitest';
import { TestMachine } from './machine.js';

function described(options: FirmwareOptions): DeviceTree {
  const tree = new DeviceTree();
  const cpus = tree.root.add('cpus', { '#address-cells': 1, '#size-cells': 0 });
  for (const cpu of [0, 1]) cpus.add(`cpu@${cpu}`, { device_type: 'cpu', reg: cpu });
  const machine = new TestMachine(psci.firmware(options));
  machine.attachment.describe?.(tree, {
    conduit: 'smc',
    cpus: ['/cpus/cpu@0', '/cpus/cpu@1'],
    interruptController: undefined,
  });
  return readDtb(writeDtb(tree));
}

describe('versions and compatible strings', () => {
  test.each([
    [['arm,psci'], { major: 0, minor: 1 }],
    [['arm,psci-0.2', 'arm,psci'], { major: 0, minor: 2 }],
    [['arm,psci', 'arm,psci-1.0', 'arm,psci-0.2'], { major: 1, minor: 0 }],
    [['arm,psci-1.3'], { major: 1, minor: 3 }],
    [['arm,psci-x', 'xen,xen', 'arm,psci-1.0.1'], undefined],
  ])('%j is %j', (compatible, version) => {
    expect(versionOf(compatible)).toEqual(version);
  });

  test('a newer version names the older ones that a driver may know', () => {
    expect(compatibleOf({ major: 1, minor: 3 }, undefined)).toEqual(['arm,psci-1.0', 'arm,psci-0.2']);
    expect(compatibleOf({ major: 0, minor: 2 }, LEGACY_IDS)).toEqual(['arm,psci-0.2', 'arm,psci']);
    expect(compatibleOf(undefined, LEGACY_IDS)).toEqual(['arm,psci']);
  });
});

describe('the node that firmware writes', () => {
  test('says version, conduit and the CPUs’ enable-method', () => {
    const tree = described({ version: '1.1' });
    expect(readPsciNode(tree.require('/psci'))).toEqual({
      path: '/psci',
      compatible: ['arm,psci-1.0', 'arm,psci-0.2'],
      version: { major: 1, minor: 0 },
      method: 'smc',
      legacyIds: {},
    });
    expect(tree.require('/cpus/cpu@1').string('enable-method')).toBe('psci');
  });

  test('names the ids of 0.1', () => {
    const { legacyIds, compatible } = readPsciNode(described({ version: '0.1' }).require('/psci'));
    expect(compatible).toEqual(['arm,psci']);
    expect(Object.values(legacyIds).map(hexId)).toEqual(['0x95c1ba5e', '0x95c1ba5f', '0x95c1ba60', '0x95c1ba61']);
  });

  test('describes the idle states that have latencies; the driver reads them back', () => {
    const tree = described({ version: '1.1' });
    const states = cpuIdleStates(tree.require('/cpus/cpu@1'), 'original');
    expect(states.map(({ name, powerState }) => [name, powerState])).toEqual([
      ['cpu-power-down', 0x1_0000],
      ['cluster-retention', 0x100_0000],
      ['cpu-power-down-cluster-retention', 0x101_0001],
      ['cluster-power-down', 0x101_0000],
      ['system-power-down', 0x201_0000],
    ]);
    expect(states[0]).toMatchObject({ entryLatency: 40, exitLatency: 100, minResidency: 150, localTimerStops: false });
    expect(tree.require('/cpus/idle-states').string('entry-method')).toBe('psci');
  });

  test('QEMU and TF-A describe no idle state', () => {
    expect(described({ profile: 'tf-a' }).node('/cpus/idle-states')).toBeUndefined();
    expect(described({ profile: 'qemu-7.2' }).require('/psci').compatible).toContain('arm,psci');
  });

  test('the driver binds to what the firmware wrote', () => {
    const tree = described({ version: '0.1' });
    const machine = new TestMachine(psci.firmware({ version: '0.1' }));
    const context: BindContext = {
      tree,
      conduit: (kind) => machine.conduit(kind as 'smc'),
      get: () => {
        throw new Error('needs nobody');
      },
      memory: undefined,
      random: undefined,
    };
    const bound = psci.driver.bind(context, tree.require('/psci'));
    expect(String(bound?.cpuOn({ target: 1, entry: 0x4008_0000, context: 0 }))).toBe('SUCCESS');
  });
});

describe('power domains of a tree', () => {
  function tree(): { psci: DeviceTreeNode } {
    const root = new DeviceTree();
    const idle = root.root.add('domain-idle-states');
    const state = idle.add('cluster-sleep', {
      compatible: 'domain-idle-state',
      'idle-state-name': 'cluster off',
      'arm,psci-suspend-param': 0x4100_c344 & 0x4fff_ffff,
      'exit-latency-us': 3263,
      'min-residency-us': 6562,
      'local-timer-stop': true,
    });
    const disabled = idle.add('disabled', { 'arm,psci-suspend-param': 0x4000_0001, status: 'disabled' });
    const node = root.root.add('psci', { method: 'smc' });
    const cluster = node.add('power-domain-cluster', {
      '#power-domain-cells': 0,
      'domain-idle-states': [state, disabled],
    });
    node.add('power-domain-cpu0', { '#power-domain-cells': 0, 'power-domains': [cluster] });
    node.add('something-else');
    cluster.add('power-domain-inner', { '#power-domain-cells': 0 });
    return { psci: node };
  }

  test('are those with #power-domain-cells, with parents by phandle or by place', () => {
    const domains = powerDomains(tree().psci, 'extended');
    expect(domains.map(({ path, parent }) => [path, parent])).toEqual([
      ['/psci/power-domain-cluster', undefined],
      ['/psci/power-domain-cluster/power-domain-inner', '/psci/power-domain-cluster'],
      ['/psci/power-domain-cpu0', '/psci/power-domain-cluster'],
    ]);
    expect(domains[0]?.idleStates).toEqual([
      {
        path: '/domain-idle-states/cluster-sleep',
        name: 'cluster off',
        powerState: 0x4100_c344,
        decoded: { format: 'extended', type: 'powerdown', id: 0x100_c344 },
        entryLatency: 0,
        exitLatency: 3263,
        minResidency: 6562,
        localTimerStops: true,
      },
    ]);
  });
});
