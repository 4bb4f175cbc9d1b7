import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../root.mjs';
import { Apt } from './apt.mjs';
import { cpio } from './cpio.mjs';

/** Where guests lie: outside of git. Tests look here too. */
const directory = join(root, '.cache/guests');

const DIRECTORY = 0o40755;
const PROGRAM = 0o100755;
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

/** Files of Debian's packages that guests are made of: fetched once. */
export function fetchGuests() {
  mkdirSync(directory, { recursive: true });
  const files = {
    kernel: join(directory, 'Image'),
    initrd: join(directory, 'initrd'),
    uboot: join(directory, 'u-boot.bin'),
  };
  if (!existsSync(files.kernel) || !existsSync(files.uboot)) fetchAll(files);
  // The script in it may have changed.
  writeFileSync(files.initrd, initialFileSystem(readFileSync(join(directory, 'busybox'))));
  return files;
}

function fetchAll(files) {
  const apt = new Apt(directory, 'arm64');
  console.log('fetching a kernel, busybox and U-Boot for arm64 from Debian');
  apt.update();
  const kernel = join(apt.unpack(apt.dependencyOf('linux-image-cloud-arm64')), 'boot');
  const image = readdirSync(kernel).find((name) => name.startsWith('vmlinuz-'));
  copyFileSync(join(apt.unpack('busybox-static'), 'bin/busybox'), join(directory, 'busybox'));
  copyFileSync(join(apt.unpack('u-boot-qemu'), 'usr/lib/u-boot/qemu_arm64/u-boot.bin'), files.uboot);
  copyFileSync(join(kernel, image), files.kernel);
}

function initialFileSystem(busybox) {
  const init = readFileSync(new URL('init.sh', import.meta.url));
  return cpio([
    { name: 'bin', mode: DIRECTORY },
    { name: 'dev', mode: DIRECTORY },
    { name: 'dev/console', mode: CHARACTER_DEVICE, device: [5, 1] },
    { name: 'bin/busybox', mode: PROGRAM, bytes: busybox },
    { name: 'init', mode: PROGRAM, bytes: init },
  ]);
}
