import { trapline } from '../trapline.mjs';
import { fetchGuests } from './fetch.mjs';

/** What can be booted by name: arguments of `trapline boot`, and what the guest does. */
const boots = {
  linux: { stack: 'psci-smc', does: ['calls', 'hotplug'] },
  hvc: { stack: 'psci-hvc', does: ['calls', 'hotplug'] },
  kvm: { stack: 'kvm', does: ['calls', 'kvm', 'hotplug'] },
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
  const { stack, does } = boots[name];
  const words = ['console=ttyAMA0', 'quiet', 'rdinit=/init', ...does.map((word) => `trapline.${word}`)];
  const guest = ['--kernel', files.kernel, '--initrd', files.initrd, '--append', words.join(' ')];
  return trapline(['boot', ...guest, '--stack', stack, '--cpus', '4', ...more]);
}
