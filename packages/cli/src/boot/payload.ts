import type { Payload } from '@trapline/qemu';
import { CommandError } from '../command.js';
import { errorWords, failureWords } from '../inspect/error-words.js';
import { readInput } from '../read-input.js';
import type { Settings } from './settings.js';

/** Reads what the machine is to run. Throws `CommandError` that names the file, and where to get one like it. */
export function payloadOf({ kernel, initrd, image, at }: Settings): Payload {
  return {
    ...(kernel !== undefined && { kernel: fileOf(kernel, 'kernel') }),
    ...(initrd !== undefined && { initrd: fileOf(initrd, 'initrd') }),
    ...(image !== undefined && { images: [{ name: image, bytes: fileOf(image, 'image'), at }] }),
  };
}

/** Debian's packages that hold what people boot. */
const PACKAGES: Readonly<Record<string, string>> = {
  kernel: 'Debian has kernels in linux-image-cloud-arm64; npm run guests fetches one',
  initrd: 'npm run guests makes one of Debian’s busybox-static',
  image: 'Debian has firmware in u-boot-qemu and qemu-efi-aarch64',
};

function fileOf(path: string, what: keyof typeof PACKAGES & string): Uint8Array {
  try {
    return readInput(path);
  } catch (error) {
    throw new CommandError(`${failureWords(path, errorWords(error))} (${PACKAGES[what]})`);
  }
}
