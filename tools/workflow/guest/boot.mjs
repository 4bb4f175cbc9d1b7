import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { trapline } from '../trapline.mjs';
import { fetchGuests } from './fetch.mjs';

/** What can be booted by name: arguments of `trapline boot`, and what the guest does. */
const boots = {
  linux: { stack: 'psci-smc', does: ['calls', 'hotplug'] },
  hvc: { stack: 'psci-hvc', does: ['calls', 'hotplug'] },
  kvm: { stack: 'kvm', does: ['calls', 'kvm', 'hotplug'] },
  xen: { stack: 'xen', does: ['calls', 'xen', 'disk', 'hotplug', 'wait'], console: 'hvc0' },
};

/** The job `boot`: Debian's Linux on a stack, with 4 CPUs; further arguments are for `trapline boot`. */
export async function boot([name = 'linux', ...more]) {
  if (!Object.hasOwn(boots, name)) {
    console.error(`boot: nothing is called '${name}'; there are ${Object.keys(boots).join(', ')}`);
    return 2;
  }
  let files;
  try {
    files = fetchGuests();
  } catch (error) {
    console.error(`boot: ${error.message}`);
    return 1;
  }
  const { stack, does, console: where = 'ttyAMA0' } = boots[name];
  const words = [`console=${where}`, 'quiet', 'rdinit=/init', ...does.map((word) => `trapline.${word}`)];
  const guest = ['--kernel', files.kernel, '--initrd', files.initrd, '--append', words.join(' ')];
  const xen = stack === 'xen' ? xenArguments(files) : [];
  return trapline(['boot', ...guest, '--stack', stack, '--cpus', '4', '--console', where, ...xen, ...more]);
}

const DISK_BYTES = 2 ** 20;

/** A disk of Xen's with something on it, and a power off that the host asks for. */
function xenArguments({ Image }) {
  const disk = join(dirname(Image), 'xvda.img');
  writeFileSync(disk, Buffer.alloc(DISK_BYTES, 'Trapline '));
  return ['--disk', disk, '--shutdown-on', 'GUEST: waits'];
}
