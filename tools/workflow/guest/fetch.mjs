import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../root.mjs';
import { Apt } from './apt.mjs';
import { cpio } from './cpio.mjs';

/** Where guests lie: outside of git. Tests look here too. */
const directory = join(root, '.cache/guests');

const DIRECTORY = 0o40755;
const PROGRAM = 0o100755;
const DATA = 0o100644;
const CHARACTER_DEVICE = 0o20600;

/** The job `guests`: fetches them, and says where they are. */
export function guests() {
  try {
    for (const [what, path] of Object.entries(fetchGuests())) console.log(`${what}: ${path}`);
    return 0;
  } catch (error) {
    console.error(`guests: ${error.message}`);
    return 1;
  }
}

/**
 * Files of Debian's packages that guests are made of: fetched once. 64-bit and 32-bit kernels with an initial file system
 * each, and firmware.
 */
export function fetchGuests() {
  const files = Object.fromEntries(NAMES.map((name) => [name, join(directory, name)]));
  mkdirSync(directory, { recursive: true });
  if (!Object.values(files).every((file) => existsSync(file))) fetchAll(files);
  // The script in them may have changed.
  for (const [initrd, busybox, blkfront] of INITIAL_FILE_SYSTEMS) {
    writeFileSync(files[initrd], initialFileSystem(readFileSync(files[busybox]), readFileSync(files[blkfront])));
  }
  return { ...files, kernel: files.Image };
}

const INITIAL_FILE_SYSTEMS = [
  ['initrd', 'busybox', 'xen-blkfront.ko'],
  ['initrd32', 'busybox32', 'xen-blkfront32.ko'],
];
const NAMES = ['Image', 'zImage', 'u-boot.bin', 'edk2.fd', ...INITIAL_FILE_SYSTEMS.flat()];

function fetchAll(files) {
  console.log('fetching kernels, busybox, U-Boot and EDK2 from Debian');
  const arm64 = new Apt(directory, 'arm64');
  arm64.update();
  copyKernel(arm64, 'linux-image-cloud-arm64', files.Image, files['xen-blkfront.ko']);
  copyFileSync(join(arm64.unpack('busybox-static'), 'bin/busybox'), files.busybox);
  copyFileSync(join(arm64.unpack('u-boot-qemu'), 'usr/lib/u-boot/qemu_arm64/u-boot.bin'), files['u-boot.bin']);
  copyFileSync(join(arm64.unpack('qemu-efi-aarch64'), 'usr/share/qemu-efi-aarch64/QEMU_EFI.fd'), files['edk2.fd']);
  const armhf = new Apt(directory, 'armhf');
  armhf.update();
  copyKernel(armhf, 'linux-image-armmp', files.zImage, files['xen-blkfront32.ko']);
  copyFileSync(join(armhf.unpack('busybox-static'), 'bin/busybox'), files.busybox32);
}

/** A kernel, and the one module of it that a guest needs: its driver for Xen's disks. */
function copyKernel(apt, metapackage, file, blkfront) {
  const directory = apt.unpack(apt.dependencyOf(metapackage));
  const boot = join(directory, 'boot');
  const kernel = readdirSync(boot).find((name) => name.startsWith('vmlinuz-'));
  copyFileSync(join(boot, kernel), file);
  const modules = join(directory, 'lib/modules', kernel.slice('vmlinuz-'.length), 'kernel');
  copyFileSync(join(modules, 'drivers/block/xen-blkfront.ko'), blkfront);
}

function initialFileSystem(busybox, blkfront) {
  const init = readFileSync(new URL('init.sh', import.meta.url));
  return cpio([
    { name: 'bin', mode: DIRECTORY },
    { name: 'dev', mode: DIRECTORY },
    { name: 'dev/console', mode: CHARACTER_DEVICE, device: [5, 1] },
    { name: 'bin/busybox', mode: PROGRAM, bytes: busybox },
    { name: 'init', mode: PROGRAM, bytes: init },
    { name: 'sbin', mode: DIRECTORY },
    { name: 'sbin/poweroff', mode: PROGRAM, bytes: readFileSync(new URL('poweroff.sh', import.meta.url)) },
    { name: 'lib', mode: DIRECTORY },
    { name: 'lib/xen-blkfront.ko', mode: DATA, bytes: blkfront },
  ]);
}
