import { inspectTree } from '@trapline/core';
import { type DeviceTree, interrupts, readDtb, reg, translatedReg } from '@trapline/devicetree';
import { psci } from '@trapline/psci';
import { archService, sdeiService, trngService } from '@trapline/smccc';
import { createStack, type GuestSpec } from '@trapline/stack';

import { describe, expect, it } from 'vitest';
import { lamp } from './lamp.js';
import { dtc, hasDtc } from './tools.js';

const MEMORY = [{ base: 0x4000_0000, size: 0x1000_0000 }];

function treeOf(guest: Partial<Omit<GuestSpec, 'name'>> = {}): DeviceTree {
  const { guests } = createStack({ guests: [{ name: 'a', vcpus: 2, memory: MEMORY, ...guest }], el3: [lamp()] });
  return guests.a.deviceTree;
}

describe('the device tree that a stack writes', () => {
  it('has two cells for addresses and two for sizes at the root', () => {
    const { root } = treeOf();
    expect([root.u32('#address-cells'), root.u32('#size-cells')]).toEqual([2, 2]);
    expect(root.compatible).toEqual(['trapline,virt', 'linux,dummy-virt']);
  });

  it('names CPUs by their affinity, without bit 31 of MPIDR', () => {
    const tree = treeOf({ vcpus: [{ mpidr: 0x8000_0000n }, { mpidr: 0x8000_0101n }] });
    const cpus = tree.require('/cpus');
    expect(cpus.u32('#address-cells')).toBe(1);
    expect(cpus.children.map((cpu) => [cpu.name, cpu.u32('reg')])).toEqual([
      ['cpu@0', 0],
      ['cpu@101', 0x101],
    ]);
  });

  it('gives CPUs two cells where one has Aff3', () => {
    const tree = treeOf({ vcpus: [{ mpidr: 0x8000_0001n }, { mpidr: 0x2_8000_0001n }] });
    const cpus = tree.require('/cpus');
    expect(cpus.u32('#address-cells')).toBe(2);
    expect(cpus.children.map((cpu) => [cpu.name, cpu.u64('reg')])).toEqual([
      ['cpu@1', 1n],
      ['cpu@200000001', 0x2_0000_0001n],
    ]);
  });

  it.each([
    [0x411f_d070, 'arm,cortex-a57'],
    [0x410f_d083, 'arm,cortex-a72'],
    [0x413f_d0c1, 'arm,neoverse-n1'],
    [0x000f_0510, 'arm,armv8'],
  ])('says by MIDR 0x%x that the CPUs are %s', (midr, compatible) => {
    expect(treeOf({ midr }).require('/cpus/cpu@0').compatible).toEqual([compatible]);
  });

  it('lets services name the way to enable CPUs', () => {
    expect(treeOf().require('/cpus/cpu@1').string('enable-method')).toBe('test,lamp');
  });

  it('has one memory node a region, above 4 GiB too', () => {
    const tree = treeOf({ memory: [...MEMORY, { base: 0x1_0000_0000, size: 0x2_0000_0000 }] });
    expect(reg(tree.require('/memory@40000000'))).toEqual([{ address: 0x4000_0000n, size: 0x1000_0000n }]);
    expect(reg(tree.require('/memory@100000000'))).toEqual([{ address: 0x1_0000_0000n, size: 0x2_0000_0000n }]);
  });

  it('describes a GICv3 with a redistributor of two frames for each CPU', () => {
    const gic = treeOf({ vcpus: 3 }).require('/interrupt-controller');
    expect(gic.compatible).toEqual(['arm,gic-v3']);
    expect(translatedReg(gic)).toEqual([
      { address: 0x0800_0000n, size: 0x1_0000n },
      { address: 0x0801_0000n, size: 0x6_0000n },
    ]);
  });

  it('describes a GICv2 where it is told to, at the addresses it is told', () => {
    const tree = treeOf({
      tree: { interruptController: { version: 2, distributor: 0x1000_0000, cpuInterface: 0x1100_0000 } },
    });
    const gic = tree.require('/interrupt-controller@10000000');
    expect(gic.compatible).toEqual(['arm,cortex-a15-gic']);
    expect(reg(gic).map(({ address }) => address)).toEqual([0x1000_0000n, 0x1100_0000n]);
  });

  it('routes the timers to PPIs 13, 14, 11 and 10 of the interrupt controller', () => {
    const tree = treeOf();
    const gic = tree.require('/interrupt-controller');
    expect(interrupts(tree.require('/timer'))).toEqual(
      [13, 14, 11, 10].map((ppi) => ({ controller: gic, specifier: [1, ppi, 4] })),
    );
  });

  it('names the CPUs of a GICv2 in the specifiers of the timers', () => {
    const tree = treeOf({ vcpus: 3, tree: { interruptController: { version: 2 } } });
    expect(interrupts(tree.require('/timer'))[0]?.specifier).toEqual([1, 13, 0x704]);
  });

  it('leaves interrupt controller and timers out where it is told to', () => {
    const tree = treeOf({ tree: { interruptController: false } });
    expect(tree.root.children.map(({ name }) => name)).toEqual(['chosen', 'cpus', 'memory@40000000', 'lamp']);
  });

  it('takes model, command line, aliases and devices from the guest', () => {
    const tree = treeOf({
      tree: {
        model: 'Board',
        compatible: ['acme,board'],
        bootargs: 'console=ttyAMA0',
        aliases: { serial0: '/serial@9000000' },
        devices: (devices, interruptController) => {
          devices.add('serial@9000000', {
            compatible: 'arm,pl011',
            reg: [0x900_0000n, 0x1000n],
            'interrupt-parent': interruptController,
          });
        },
      },
    });
    expect(tree.root.string('model')).toBe('Board');
    expect(tree.root.compatible).toEqual(['acme,board']);
    expect(tree.require('/chosen').string('bootargs')).toBe('console=ttyAMA0');
    expect(tree.require('serial0').byPhandle(tree.require('serial0').u32('interrupt-parent') ?? 0)?.compatible).toEqual(
      ['arm,gic-v3'],
    );
  });

  it('has the conduit by which a service is reached where it stands', () => {
    const guests = [{ name: 'a', vcpus: 1, memory: MEMORY }] as const;
    const method = (levels: object) =>
      createStack({ guests, ...levels })
        .guests.a.deviceTree.require('/lamp')
        .string('method');
    expect(method({ el3: [lamp()] })).toBe('smc');
    expect(method({ el2: [lamp()] })).toBe('hvc');
    expect(method({ outside: [lamp()] })).toBe('hvc');
    expect(method({ outside: [lamp({ conduits: ['smc'] })] })).toBe('smc');
    const el2 = [{ ...guests[0], hasEl2: true }];
    expect(
      createStack({ guests: el2, outside: [lamp()] })
        .guests.a.deviceTree.require('/lamp')
        .string('method'),
    ).toBe('smc');
  });

  it('describes of two services for one interface the one nearer to the guest', () => {
    const { deviceTree, bus } = createStack({
      guests: [{ name: 'a', vcpus: 1, memory: MEMORY }],
      el2: [lamp({ name: 'inner', trapsSmc: true })],
      el3: [lamp({ name: 'outer' })],
    }).guests.a;
    expect(bus.services).toHaveLength(2);
    expect(deviceTree.node('/inner')?.string('method')).toBe('hvc');
    expect(deviceTree.node('/outer')).toBeUndefined();
  });

  it('goes out as a blob that reads back as the same tree', () => {
    const { guests } = createStack({ guests: [{ name: 'a', vcpus: 2, memory: MEMORY }], el3: [lamp()] });
    const back = readDtb(guests.a.dtb());
    expect([...back.nodes()].map(({ path }) => path)).toEqual([...guests.a.deviceTree.nodes()].map(({ path }) => path));
  });

  it.skipIf(!hasDtc()).each([
    ['GICv3', {}],
    ['GICv2', { tree: { interruptController: { version: 2 } } }],
    ['Aff3', { vcpus: [{ mpidr: 0x2_8000_0001n }] }],
    ['many CPUs', { vcpus: 300 }],
    ['aliases and devices', { tree: { aliases: { serial0: '/serial@9000000' }, devices: serial } }],
  ] as const)('makes dtc say nothing (%s; needs Debian device-tree-compiler)', (_, guest) => {
    const { guests } = createStack({ guests: [{ name: 'a', vcpus: 2, memory: MEMORY, ...guest }], el3: [lamp()] });
    const { source, messages } = dtc(guests.a.dtb());
    expect(messages).toBe('');
    expect(source).toContain('compatible = "test,lamp"');
  });
});

describe('with the services of this workspace, the tree', () => {
  const compose = () =>
    createStack({
      guests: [{ name: 'a', vcpus: 20, memory: MEMORY }],
      el3: [psci.firmware({ version: '1.0', format: 'extended' }), archService(), trngService(), sdeiService()],
    }).guests.a;

  it.skipIf(!hasDtc())('makes dtc say nothing (needs Debian device-tree-compiler)', () => {
    expect(dtc(compose().dtb()).messages).toBe('');
  });

  it('has for discovery one interface a node, with a conduit, and nothing wrong', () => {
    const { interfaces, diagnostics } = inspectTree(compose().deviceTree);
    expect(interfaces.map((found) => [found.interface, found.version, found.conduit, found.diagnostics])).toEqual([
      ['psci', '1.0', 'smc', []],
      ['sdei', '1.0', 'smc', []],
    ]);
    expect(diagnostics).toEqual([]);
  });
});

function serial(tree: DeviceTree): void {
  tree.add('serial@9000000', { compatible: 'arm,pl011', reg: [0x900_0000n, 0x1000n], interrupts: [0, 1, 4] });
}
