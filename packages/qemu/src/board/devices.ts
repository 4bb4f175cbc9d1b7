import type { DeviceTree } from '@trapline/devicetree';
import { FLASH_BYTES } from './plan.js';

/** Path of the guest's serial port. */
const UART_PATH = '/pl011@9000000';

const SPI = 0;
const LEVEL_HIGH = 4;

/**
 * Adds the devices of QEMU's virt machine that a guest is told of: serial port, real-time clock, firmware
 * configuration; flash where firmware expects to lie in it.
 */
export function addDevices(tree: DeviceTree, withFlash: boolean): void {
  const clock = tree.add('apb-pclk', {
    compatible: 'fixed-clock',
    '#clock-cells': 0,
    'clock-frequency': 24_000_000,
    'clock-output-names': 'clk24mhz',
  });
  clock.ensurePhandle();
  tree.add('pl011@9000000', {
    compatible: ['arm,pl011', 'arm,primecell'],
    reg: [0x0900_0000n, 0x1000n],
    interrupts: [SPI, 1, LEVEL_HIGH],
    clocks: [clock, clock],
    'clock-names': ['uartclk', 'apb_pclk'],
  });
  tree.add('pl031@9010000', {
    compatible: ['arm,pl031', 'arm,primecell'],
    reg: [0x0901_0000n, 0x1000n],
    interrupts: [SPI, 2, LEVEL_HIGH],
    clocks: [clock],
    'clock-names': 'apb_pclk',
  });
  tree.add('fw-cfg@9020000', {
    compatible: 'qemu,fw-cfg-mmio',
    reg: [0x0902_0000n, 0x18n],
    'dma-coherent': true,
  });
  if (!withFlash) return;
  const bank = BigInt(FLASH_BYTES);
  tree.add('flash@0', { compatible: 'cfi-flash', reg: [0n, bank, bank, bank], 'bank-width': 4 });
}

/** Makes a tree that a guest brought name the memory that it has here, and no more. */
export function fitMemory(tree: DeviceTree, { base, size }: { readonly base: number; readonly size: number }): void {
  const others = tree.root.children.filter((node) => node.baseName === 'memory');
  for (const node of others) node.remove();
  tree.add(`memory@${base.toString(16)}`, { device_type: 'memory', reg: [BigInt(base), BigInt(size)] });
}

/** What the boot loader says to the guest. */
export interface Chosen {
  readonly bootargs?: string;
  readonly initrd?: { readonly start: number; readonly end: number };
  /** Draws the seeds for the kernel's address layout and its random numbers. */
  readonly random: (target: Uint8Array) => void;
}

/** Fills in `/chosen`, as a boot loader does (DTSpec 0.4, 3.6). */
export function writeChosen(tree: DeviceTree, { bootargs, initrd, random }: Chosen): void {
  const chosen = tree.node('/chosen') ?? tree.add('chosen');
  if (bootargs !== undefined) chosen.set('bootargs', bootargs);
  if (tree.node(UART_PATH) !== undefined && !chosen.has('stdout-path')) chosen.set('stdout-path', UART_PATH);
  if (initrd !== undefined) {
    chosen.set('linux,initrd-start', BigInt(initrd.start));
    chosen.set('linux,initrd-end', BigInt(initrd.end));
  }
  const seed = new Uint8Array(40);
  random(seed);
  chosen.set('kaslr-seed', seed.slice(0, 8));
  chosen.set('rng-seed', seed.slice(8));
}
