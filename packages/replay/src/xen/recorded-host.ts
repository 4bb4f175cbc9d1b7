import type { Environment } from '@trapline/recordings';
import type { XenFreeBlock, XenHostOptions, XenRange } from './parts.js';

/**
 * What recordings of one build of Xen have in common and their environments do not say: Debian 12's
 * xen-hypervisor-4.17-arm64 (4.17.7+13-g2445b30a44-0+deb12u1), as xen_version tells of it, on QEMU's virt machine.
 */
const DEBIAN_12: XenHostOptions = {
  compiler: 'aarch64-linux-gnu-gcc (Debian 12.2.0-14+deb12u1) 12.2.0',
  compiledBy: 'pkg-xen-devel',
  compileDomain: 'lists.alioth.debian.org',
  compileDate: 'Wed Nov  4 16:52:28 UTC 2026',
  changeset: '',
  commandLine: 'console=dtuart dtuart=/pl011@9000000 loglvl=all guest_loglvl=all dom0_mem=64M dom0_max_vcpus=2 ',
  buildId: Uint8Array.of(
    ...[0x7a, 0x23, 0xea, 0x1e, 0xf3, 0x37, 0x4f, 0x2c, 0x44, 0x53],
    ...[0xd6, 0x7a, 0x79, 0x62, 0xe1, 0xd6, 0x95, 0xe9, 0xf2, 0x70],
  ),
  physicalAddressBits: 44,
};

/** Devices of QEMU's virt machine (hw/arm/virt.c) that the control domain has: all but RAM, interrupt controller and UART. */
const VIRT_DEVICES: readonly XenRange[] = [
  { base: 0x0000_0000, size: 0x0800_0000 },
  { base: 0x0901_0000, size: 0x0000_1000 },
  { base: 0x0902_0000, size: 0x0000_0018 },
  { base: 0x0903_0000, size: 0x0000_1000 },
  { base: 0x0a00_0000, size: 0x0000_4000 },
  { base: 0x0c00_0000, size: 0x0200_0000 },
  { base: 0x1000_0000, size: 0x2eff_0000 },
  { base: 0x3eff_0000, size: 0x0001_0000 },
  { base: 0x40_1000_0000, size: 0x1000_0000 },
  { base: 0x80_0000_0000, size: 0x80_0000_0000 },
];
const VIRT_RAM_BASE = 0x4000_0000n;

/** BRK #2, with which Xen fills the code of its start before it frees it. */
const FREED_CODE = 0xd420_0040;
/** The heap once two domains have been built: seen by ballooning out ever larger blocks, until one's own came back. */
const AFTER_TWO_DOMAINS: readonly XenFreeBlock[] = [
  { order: 0, fill: FREED_CODE },
  { order: 0, fill: 0 },
  { order: 1, fill: FREED_CODE },
  { order: 2, fill: FREED_CODE },
  { order: 2, fill: 0 },
  { order: 2, fill: 0 },
  { order: 3, fill: FREED_CODE },
  { order: 3, fill: FREED_CODE },
  { order: 3, fill: 0 },
  { order: 4, fill: FREED_CODE },
  { order: 4, fill: FREED_CODE },
];

/** The build that an environment names by its version, on its machine; nothing where it is another. */
export function recordedBuild({ hypervisor, version, extraversion, domains }: Environment): XenHostOptions {
  if (hypervisor !== 'Xen' || version !== '4.17' || extraversion !== '.7') return {};
  return domains?.length === 2 ? { ...DEBIAN_12, freeBlocks: AFTER_TWO_DOMAINS } : DEBIAN_12;
}

/** The devices of the machine whose RAM begins there. */
export function recordedDevices(ramBase: bigint | undefined): readonly XenRange[] {
  return ramBase === undefined || ramBase === VIRT_RAM_BASE ? VIRT_DEVICES : [];
}
