import type { XenStore } from '../store/xenstore.js';
import { type DevicePaths, provisionDevice } from '../xenbus/provision.js';

/** A disk as a toolstack describes it. */
export interface DiskDirectories {
  readonly domid: number;
  /** Its name in the guest: `xvda` to `xvdp`, and with a partition's number. */
  readonly name: string;
  readonly readOnly?: boolean;
  /** What its back end calls the medium. */
  readonly source?: string;
}

/** Writes a disk's directories as libxl_disk.c does (4.17). */
export function provisionDisk(store: XenStore, disk: DiskDirectories): DevicePaths {
  const device = diskNumber(disk.name);
  return provisionDevice(store, {
    kind: 'vbd',
    domid: disk.domid,
    device,
    frontend: { 'virtual-device': String(device), 'device-type': 'disk' },
    backend: {
      params: disk.source ?? '',
      removable: '0',
      bootable: '1',
      dev: disk.name,
      type: 'phy',
      mode: disk.readOnly ? 'r' : 'w',
      'device-type': 'disk',
    },
  });
}

/**
 * The number of a disk by its name in the guest: Linux' device number of `xvd` (major 202, sixteen minors a disk), with
 * bit 28 for the disks from the seventeenth on (docs/man/xen-vbd-interface). NaN for what is no such name.
 */
export function diskNumber(name: string): number {
  const match = /^xvd([a-z]{1,2})(\d{0,2})$/.exec(name);
  if (match === null) return Number.NaN;
  const [, letters, digits] = match as unknown as [string, string, string];
  const disk = [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 96, 0) - 1;
  const partition = Number(digits);
  return disk < 16 && partition < 16 ? (202 << 8) | (disk << 4) | partition : (1 << 28) | (disk << 8) | partition;
}
