import { cells, DeviceTree, type DeviceTreeNode, readDtb, strings, writeDtb, writeDts } from '@trapline/devicetree';

/** What the workspace's bench runner times. */
export interface Bench {
  readonly name: string;
  run(iterations: number): void;
  baseline?(iterations: number): void;
}

/** A tree like a board's: buses with devices that have the usual properties, up to the wanted size as a blob. */
export function boardTree(size: number): DeviceTree {
  const tree = new DeviceTree();
  tree.add('cpus', { '#address-cells': 1, '#size-cells': 0 });
  let bus: DeviceTreeNode = tree.root;
  for (let i = 0, written = 0; written < size; i++) {
    const address = 0x1000_0000 + i * 0x1_0000;
    if (i % 32 === 0) {
      bus = tree.add(`bus@${address.toString(16)}`, {
        compatible: 'simple-bus',
        '#address-cells': 1,
        '#size-cells': 1,
        ranges: true,
      });
    }
    const name = `device@${address.toString(16)}`;
    bus.add(name, {
      compatible: strings(`vendor,device-v${i % 7}`, 'vendor,device'),
      reg: cells(address, 0x1000),
      interrupts: cells(0, i, 4),
      clocks: cells(1, i, 1, i + 1),
      'clock-names': strings('bus', 'core'),
      status: i % 3 === 0 ? 'disabled' : 'okay',
      phandle: i + 1,
    });
    written += 216;
  }
  return tree;
}

const tree: DeviceTree = boardTree(64 * 1024);
const blob: Uint8Array = writeDtb(tree);
const read: DeviceTree = readDtb(blob);

/** Uses a result, so that no run is optimised away. */
function use(size: number): void {
  if (size === 0) throw new Error('nothing was done');
}

export const benches: readonly Bench[] = [
  {
    name: 'devicetree/read-64k',
    run(iterations) {
      for (let i = 0; i < iterations; i++) use(readDtb(blob).root.children.length);
    },
  },
  {
    name: 'devicetree/print',
    run(iterations) {
      for (let i = 0; i < iterations; i++) use(writeDts(read).length);
    },
  },
  {
    name: 'devicetree/write',
    run(iterations) {
      for (let i = 0; i < iterations; i++) use(writeDtb(tree).length);
    },
  },
];
