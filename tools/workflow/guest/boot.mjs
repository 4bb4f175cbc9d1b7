import { trapline } from '../trapline.mjs';
import { fetchGuests } from './fetch.mjs';
import { commandLine, stacks } from './kinds.mjs';

/** The job `boot`: Debian's Linux on a stack, with 4 CPUs; further arguments are for `trapline boot`. */
export async function boot([name = 'linux', ...more]) {
  if (!Object.hasOwn(stacks, name)) {
    console.error(`boot: nothing is called '${name}'; there are ${Object.keys(stacks).join(', ')}`);
    return 2;
  }
  let files;
  try {
    files = fetchGuests();
  } catch (error) {
    console.error(`boot: ${error.message}`);
    return 1;
  }
  const { kernel, initrd, stack, console: where, does, arguments: its } = stacks[name];
  const guest = ['--kernel', files[kernel], '--initrd', files[initrd], '--append', commandLine(where, does)];
  return trapline(['boot', ...guest, '--stack', stack, '--cpus', '4', '--console', where, ...its(files), ...more]);
}
