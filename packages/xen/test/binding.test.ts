import { readFileSync } from 'node:fs';
import { type DeviceTreeNode, readDtb, readDts, writeDtb, writeDts } from '@trapline/devicetree';
import { readXenNode, writeHypervisorNode } from '@trapline/xen';
import { describe, expect, test } from 'vitest';

function hypervisorOf(fixture: string): DeviceTreeNode | undefined {
  const file = new URL(`../../devicetree/test/fixtures/${fixture}.dtb`, import.meta.url);
  return readDtb(readFileSync(file)).node('/hypervisor');
}

function nodeOf(properties: string): DeviceTreeNode {
  const tree = readDts(
    `/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; interrupt-parent = <&gic>;
      gic: gic { interrupt-controller; #interrupt-cells = <3>; };
      hypervisor { ${properties} }; };`,
  );
  return tree.require('/hypervisor');
}

describe('reading', () => {
  test('the node that Xen 4.17 writes for a domU', () => {
    expect(readXenNode(hypervisorOf('xen-4.17-domU') as DeviceTreeNode)).toEqual({
      path: '/hypervisor',
      compatible: ['xen,xen-4.17', 'xen,xen'],
      version: { major: 4, minor: 17 },
      versionFirst: true,
      method: undefined,
      grantRegion: { base: 0x3800_0000n, size: 0x100_0000n },
      extendedRegions: [
        { base: 0x4200_0000n, size: 0xbe00_0000n },
        { base: 0x2_0000_0000n, size: 0xfe_0000_0000n },
      ],
      eventInterrupt: 31,
      uefi: undefined,
    });
  });

  test.each([
    ['xen-4.17-dom0', 16, 2],
    ['xen-4.17-dom0-gicv2', 16, 2],
    ['xen-4.17-domu-enhanced', 31, 2],
    ['xen-4.17-domu-enhanced-gicv2', 31, 2],
    ['xen-4.17-domu-enhanced-128m-1cpu', 31, 2],
  ])('%s: event interrupt %i, %i extended regions', (fixture, interrupt, regions) => {
    const xen = readXenNode(hypervisorOf(fixture) as DeviceTreeNode);
    expect([xen.eventInterrupt, xen.extendedRegions.length]).toEqual([interrupt, regions]);
  });

  test('a domU without xen,enhanced has no node', () => {
    expect(hypervisorOf('xen-4.17-domU-plain')).toBeUndefined();
  });

  test('the uefi sub-node, where it is whole', () => {
    const uefi = (size: string) =>
      nodeOf(`compatible = "xen,xen-4.17", "xen,xen"; uefi {
        xen,uefi-system-table = <0x1 0x2000>; xen,uefi-mmap-start = <0x0 0x3000>; xen,uefi-mmap-size = <${size}>;
        xen,uefi-mmap-desc-size = <48>; xen,uefi-mmap-desc-ver = <1>; };`);
    expect(readXenNode(uefi('0x960')).uefi).toEqual({
      systemTable: 0x1_0000_2000n,
      memoryMap: 0x3000n,
      memoryMapSize: 0x960,
      descriptorSize: 48,
      descriptorVersion: 1,
    });
    expect(readXenNode(uefi('0 0x960')).uefi).toBeUndefined();
  });

  test('the version of the first string that has one, and whether that is the first', () => {
    const versionIn = (compatible: string) => {
      const { version, versionFirst } = readXenNode(nodeOf(`compatible = ${compatible};`));
      return [version, versionFirst];
    };
    expect(versionIn('"xen,xen-4.2", "xen,xen"')).toEqual([{ major: 4, minor: 2 }, true]);
    expect(versionIn('"xen,xen", "xen,xen-4.21"')).toEqual([{ major: 4, minor: 21 }, false]);
    expect(versionIn('"xen,xen-unstable", "xen,xen"')).toEqual([undefined, false]);
    expect(versionIn('"xen,xen"')).toEqual([undefined, false]);
  });

  test('properties that cannot be read count as absent', () => {
    const xen = readXenNode(
      nodeOf('compatible = <1>; reg = <1 2 3>; interrupts = <1 15>; method = "hvc", "smc"; uefi { };'),
    );
    expect(xen).toMatchObject({
      compatible: [],
      version: undefined,
      grantRegion: undefined,
      extendedRegions: [],
      eventInterrupt: undefined,
      method: undefined,
      uefi: undefined,
    });
  });

  test('a shared and an extended private interrupt by their INTIDs', () => {
    expect(readXenNode(nodeOf('interrupts = <0 5 4>;')).eventInterrupt).toBe(37);
    expect(readXenNode(nodeOf('interrupts = <3 5 4>;')).eventInterrupt).toBe(1061);
    expect(readXenNode(nodeOf('interrupts = <9 5 4>;')).eventInterrupt).toBeUndefined();
  });
});

describe('writing', () => {
  test('gives the bytes that Xen 4.17 wrote', () => {
    const real = readDtb(readFileSync(new URL('../../devicetree/test/fixtures/xen-4.17-domU.dtb', import.meta.url)));
    const written = readDtb(writeDtb(real));
    written.require('/hypervisor').remove();
    writeHypervisorNode(written, {
      version: { major: 4, minor: 17 },
      grantRegion: { base: 0x3800_0000n, size: 0x100_0000n },
      extendedRegions: [
        { base: 0x4200_0000n, size: 0xbe00_0000n },
        { base: 0x2_0000_0000n, size: 0xfe_0000_0000n },
      ],
      eventInterrupt: 31,
      interruptController: 0xfde8,
    });
    expect(writeDts(written)).toBe(writeDts(real));
  });

  test('and reading are each other’s way back, with UEFI', () => {
    const tree = readDts(
      '/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; interrupt-parent = <&gic>; gic: gic { interrupt-controller; #interrupt-cells = <3>; }; };',
    );
    const uefi = {
      systemTable: 0x7fff_0000n,
      memoryMap: 0x7ffe_0000n,
      memoryMapSize: 96,
      descriptorSize: 48,
      descriptorVersion: 1,
    };
    const grantRegion = { base: 0xb000_0000n, size: 0x2_0000n };
    const node = writeHypervisorNode(tree, { version: { major: 4, minor: 3 }, grantRegion, eventInterrupt: 31, uefi });
    expect(node.cells('reg')).toEqual([0xb000_0000, 0x2_0000]);
    expect(readXenNode(node)).toMatchObject({ version: { major: 4, minor: 3 }, grantRegion, eventInterrupt: 31, uefi });
  });
});
