import {
  addressCells,
  DeviceTreeError,
  interruptParent,
  interrupts,
  MAX_INTERRUPT_HOPS,
  ranges,
  readDtb,
  readDts,
  references,
  reg,
  sizeCells,
  translate,
  translatedReg,
} from '@trapline/devicetree';
import { describe, expect, test } from 'vitest';
import { fixture } from './trees.js';

function reasonOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DeviceTreeError) return error.reason;
    throw error;
  }
  return 'nothing was refused';
}

const source = (body: string): ReturnType<typeof readDts> => readDts(`/dts-v1/; / { ${body} };`);

describe('addresses', () => {
  const tree = source(`
    #address-cells = <2>; #size-cells = <2>;
    memory@0 { reg = <0x1 0x0 0x0 0x80000000  0x9 0x1 0x2 0x3>; };
    soc@0 {
      #address-cells = <1>; #size-cells = <1>;
      ranges = <0x0 0x8 0x0 0x1000>, <0x4000 0x0 0x90000000 0x100>;
      uart@10 { reg = <0x10 0x8 0x4004 0x4>; };
      outside@2000 { reg = <0x2000 0x10>; };
      inner { #address-cells = <1>; #size-cells = <0>; ranges; dev@20 { reg = <0x20>; }; };
      bus { #address-cells = <1>; #size-cells = <1>; dev@0 { reg = <0 1>; }; };
      broken { reg = <1 2 3>; };
      zero { #address-cells = <0>; #size-cells = <0>; dev { reg = <1>; }; };
    };
    defaults { dev@100000000 { reg = <1 0 2>; }; };
    huge { #address-cells = <17>; dev { reg = <0>; }; };
    pcie@0 {
      device_type = "pci"; #address-cells = <3>; #size-cells = <2>;
      ranges = <0x01000000 0 0 0 0x3eff0000 0 0x10000>, <0x02000000 0 0x10000000 0 0x10000000 0 0x2eff0000>,
               <0x43000000 0x80 0 0x80 0 0x80 0>;
      eth@1 { reg = <0x02000810 0 0x10002000 0 0x100>; };
      gpu@2 { reg = <0x83001010 0x81 0x5 0 0x10>; };
    };`);

  test('reg is read by the cells of the parent', () => {
    expect(reg(tree.require('/memory@0'))).toEqual([
      { address: 0x1_0000_0000n, size: 0x8000_0000n },
      { address: 0x9_0000_0001n, size: 0x2_0000_0003n },
    ]);
    expect(reg(tree.require('/defaults/dev'))).toEqual([{ address: 0x1_0000_0000n, size: 2n }]);
    expect(reg(tree.require('/soc/inner/dev'))).toEqual([{ address: 0x20n, size: 0n }]);
    expect([addressCells(tree.root), sizeCells(tree.require('/defaults'))]).toEqual([2, 1]);
    expect(reg(tree.root)).toEqual([]);
    expect(reg(tree.require('/soc'))).toEqual([]);
  });

  test('ranges lead up to the root, empty ones change nothing, absent ones end it', () => {
    expect(translatedReg(tree.require('/soc/uart'))).toEqual([
      { address: 0x8_0000_0010n, size: 8n },
      { address: 0x9000_0004n, size: 4n },
    ]);
    expect(translate(tree.require('/soc/inner/dev'), 0x20n)).toBe(0x8_0000_0020n);
    expect(translate(tree.require('/soc/outside'), 0x2000n)).toBeUndefined();
    expect(translate(tree.require('/soc/bus/dev'), 0n)).toBeUndefined();
    expect(translate(tree.require('/memory@0'), 5n)).toBe(5n);
    expect(ranges(tree.require('/soc/bus'))).toBeUndefined();
    expect(ranges(tree.require('/soc/inner'))).toEqual([]);
    expect(ranges(tree.require('/soc'))?.[1]).toEqual({ child: 0x4000n, parent: 0x9000_0000n, size: 0x100n });
    expect(translate(tree.require('/soc/uart'), 0n, 'dma-ranges')).toBeUndefined();
  });

  test('on PCI the space code counts and device, function and flags do not', () => {
    expect(translatedReg(tree.require('/pcie/eth'))).toEqual([{ address: 0x1000_2000n, size: 0x100n }]);
    expect(translatedReg(tree.require('/pcie/gpu'))).toEqual([{ address: 0x81_0000_0005n, size: 0x10n }]);
  });

  test.each(['/soc/broken', '/soc/zero/dev', '/huge/dev'])('reg of %s cannot be read', (path) => {
    expect(reasonOf(() => reg(tree.require(path)))).toBe('bad-value');
  });

  test('the devices of a real QEMU machine are where QEMU has them', () => {
    const virt = readDtb(fixture('qemu-virt-gicv3.dtb'));
    expect(translatedReg(virt.require('/pl011'))).toEqual([{ address: 0x0900_0000n, size: 0x1000n }]);
    expect(translatedReg(virt.require('/intc'))[0]).toEqual({ address: 0x0800_0000n, size: 0x1_0000n });
  });
});

describe('interrupts', () => {
  const tree = source(
    `
    interrupt-parent = <&gic>;
    gic: gic { phandle = <1>; interrupt-controller; #interrupt-cells = <3>; #address-cells = <2>; };
    pic: pic { interrupt-controller; #interrupt-cells = <1>; interrupt-parent = <&gic>; interrupts = <0 9 4>; };
    plain { interrupts = <0 1 4 1 13 8>; };
    other { interrupt-parent = <&pic>; interrupts = <5 6>; child { interrupts = <7>; }; };
    extended { interrupts = <1 2 3>; interrupts-extended = <&pic 3>, <&gic 0 2 1>, <0>; };
    none: none { };
    pci@0 {
      #address-cells = <3>; #size-cells = <2>; #interrupt-cells = <1>;
      interrupt-map-mask = <0x1800 0 0 7>;
      interrupt-map = <0 0 0 1 &gic 0 0 0 3 4>, <0x800 0 0 1 &pic 8>, <0 0 0 2 &gic 0xa 0xb 0 5 4>;
      dev@0 { reg = <0x2000 0 0 0 0>; interrupts = <1>; };
      dev@1 { reg = <0x800 0 0 0 0>; interrupts = <1>; };
      dev@2 { reg = <0 0 0 0 0>; interrupts = <2>; };
      dev@3 { reg = <0 0 0 0 0>; interrupts = <3>; };
    };
    through: through { #interrupt-cells = <3>; interrupt-parent = <&gic>; };
    passed { interrupt-parent = <&through>; interrupts = <1 2 3>; };
    circle: circle {
      #interrupt-cells = <1>; #address-cells = <0>; interrupt-map = <1 &circle 1>; dev { interrupts = <1>; };
    };
    ring1: ring1 { interrupt-parent = <&ring2>; dev { interrupts = <1>; }; };
    ring2: ring2 { interrupt-parent = <&ring1>; };
    lost { interrupt-parent = <99>; interrupts = <1>; };
    ragged { interrupts = <1 2>; };
    cut { interrupts-extended = <&gic 0 2>; };
    nocells { interrupts-extended = <&none>; };
    badmap: badmap { #interrupt-cells = <1>; #address-cells = <0>; interrupt-map = <2 &gic 0 0 0>; dev { interrupts = <1>; }; };
    cutmap: cutmap { #interrupt-cells = <1>; #address-cells = <0>; interrupt-map = <2>; dev { interrupts = <1>; }; };
  `,
  );
  const resolved = (path: string): unknown =>
    interrupts(tree.require(path)).map(({ controller, specifier }) => [controller.name, ...specifier]);

  test.each([
    [
      '/plain',
      [
        ['gic', 0, 1, 4],
        ['gic', 1, 13, 8],
      ],
    ],
    ['/pic', [['gic', 0, 9, 4]]],
    [
      '/other',
      [
        ['pic', 5],
        ['pic', 6],
      ],
    ],
    ['/other/child', [['pic', 7]]],
    [
      '/extended',
      [
        ['pic', 3],
        ['gic', 0, 2, 1],
      ],
    ],
    ['/none', []],
    ['/pci/dev@0', [['gic', 0, 3, 4]]],
    ['/pci/dev@1', [['pic', 8]]],
    ['/pci/dev@2', [['gic', 0, 5, 4]]],
    ['/passed', [['gic', 1, 2, 3]]],
  ])('%s raises %j', (path, expected) => {
    expect(resolved(path)).toEqual(expected);
  });

  test.each([
    ['/pci/dev@3', 'bad-value'],
    ['/circle/dev', 'limit'],
    ['/ring1/dev', 'limit'],
    ['/lost', 'bad-phandle'],
    ['/ragged', 'bad-value'],
    ['/cut', 'bad-value'],
    ['/nocells', 'bad-value'],
    ['/badmap/dev', 'bad-value'],
    ['/cutmap/dev', 'bad-value'],
  ])('interrupts of %s are refused with %s', (path, reason) => {
    expect(reasonOf(() => resolved(path))).toBe(reason);
  });

  test('a way of the longest length is followed', () => {
    const hops = MAX_INTERRUPT_HOPS - 1;
    const nexus = (i: number): string =>
      `n${i}: n${i} { #interrupt-cells = <1>; #address-cells = <0>; interrupt-map = <1 &n${i + 1} 1>; };`;
    const chain = Array.from({ length: hops }, (_, i) => nexus(i)).join('');
    const end = `n${hops}: n${hops} { interrupt-controller; #interrupt-cells = <1>; };`;
    const long = source(`${chain}${end} dev { interrupt-parent = <&n0>; interrupts = <1>; };`);
    expect(interrupts(long.require('/dev'))[0]?.controller.name).toBe(`n${hops}`);
  });

  test('without a parent anywhere there is none, and a root that names itself is none', () => {
    expect(interruptParent(source('a { };').require('/a'))).toBeUndefined();
    const self = source('phandle = <1>; interrupt-parent = <1>; a { interrupts = <1>; };');
    expect(interruptParent(self.require('/a'))).toBeUndefined();
    expect(reasonOf(() => interrupts(self.require('/a')))).toBe('bad-value');
  });

  test('a nexus without #address-cells takes those of the nodes above it', () => {
    const bus = source(`#address-cells = <1>; #size-cells = <0>;
      gic: gic { interrupt-controller; #interrupt-cells = <1>; };
      nexus { #interrupt-cells = <1>; interrupt-map = <0 1 &gic 9>; dev { interrupts = <1>; }; };`);
    expect(interrupts(bus.require('/nexus/dev'))[0]?.specifier).toEqual([9]);
  });

  test('a real PCI host routes INTA of slot 1', () => {
    const virt = readDtb(fixture('qemu-virt-gicv2.dtb'));
    const host = virt.require('/pcie');
    const device = host.add('dev@8', { reg: [0x800, 0, 0, 0, 0], interrupts: 1 });
    expect(interrupts(device)[0]?.controller.name).toMatch(/^intc/);
    expect(interrupts(device)[0]?.specifier).toEqual([0, 4, 4]);
    expect(interrupts(virt.require('/timer')).map(({ specifier }) => specifier[1])).toEqual([13, 14, 11, 10]);
  });
});

describe('lists of phandles', () => {
  const tree = source(`
    one: one { #clock-cells = <1>; }; zero: zero { #clock-cells = <0>; };
    user { clocks = <&one 5>, <0>, <&zero>; boxes = <&zero &one>; broken = <&one>; lost = <77>; };`);
  const user = tree.require('/user');

  test('each phandle takes the cells that its node asks for', () => {
    const list = references(user, 'clocks', '#clock-cells').map(({ node, args }) => [node?.name, args]);
    expect(list).toEqual([
      ['one', [5]],
      [undefined, []],
      ['zero', []],
    ]);
    expect(references(user, 'boxes').map(({ node }) => node?.name)).toEqual(['zero', 'one']);
    expect(references(user, 'absent', '#clock-cells')).toEqual([]);
  });

  test('broken ones are refused', () => {
    expect(reasonOf(() => references(user, 'broken', '#clock-cells'))).toBe('bad-value');
    expect(reasonOf(() => references(user, 'boxes', '#none-cells'))).toBe('bad-value');
    expect(reasonOf(() => references(user, 'lost'))).toBe('bad-phandle');
  });
});
