import type { MachineEnd, Timing } from '@trapline/qemu';
import { decodeText } from '@trapline/xen';
import { type Arguments, type Command, EXIT } from '../command.js';
import { complain, type Io } from '../io.js';
import { type Composed, compose } from './compose.js';
import { CallCounts } from './counts.js';
import { Display } from './display.js';
import { Ending } from './ending.js';
import { type Settings, settingsOf } from './settings.js';
import { TICK_MS } from './stacks.js';
import { Watch } from './watch.js';
import { WordsWatch } from './words-watch.js';

const help = `Usage: trapline boot --kernel IMAGE [--initrd FILE] [--dtb FILE] [--stack STACK] [--cpus N] ...
       trapline boot --image FILE [--at ADDRESS] [--stack STACK] ...

Boots a real guest in QEMU: Linux, U-Boot, EDK2, or any flat image for EL1. Every HVC and SMC that it
makes is answered here, by the same services that 'trapline run' composes. The guest's serial port is on
standard output; at the end the calls that it made are counted. QEMU is Debian's qemu-system-arm.

  --kernel IMAGE   an arm64 Image or an arm zImage, placed as its header asks
  --initrd FILE    its initial file system
  --append WORDS   its command line; 'console=ttyAMA0' where absent
  --image FILE     a flat image in place of a kernel, entered at its first byte; U-Boot and EDK2 at address 0
  --at ADDRESS     where the image lies: 0x40200000 where absent
  --dtb FILE       a device tree of QEMU's virt machine in place of the one that the stack writes
  --stack STACK    who answers: psci-smc (default), psci-hvc, kvm, xen, or a stack file (.yaml)
  --el2            enter the guest at EL2, where the stack has nothing there
  --cpus N         CPUs; 1 where neither this nor the stack file nor the tree says
  --cpu NAME       QEMU's name of the CPU; cortex-a57 where absent
  --memory N       RAM in MiB; 512 where absent
  --console NAME   the console to type at: ttyAMA0, the serial port (default), or hvc0, Xen's
  --disk FILE      a disk of Xen's for the guest: xvda, the next one xvdb; FILE,ro may not be written
  --shutdown-on WORDS
                   asks the guest to power off, by Xen's store, once it has written WORDS
  --no-reboot      a guest that asks for a reset ends; without it, it is started again
  --timeout N      ends the guest after so many seconds
  --trace FILE     writes every call to FILE as it is answered, as a recording that 'trapline replay' plays
  --watch          shows the last calls of each CPU, with counts and rates

At a terminal, what is typed goes to the guest. Ctrl-C ends it; a guest that listens to Xen's store is asked
to power off first, and ended by the second Ctrl-C. Nothing of QEMU is left behind.

Examples:
  trapline boot --kernel Image --initrd initrd --cpus 4 --append 'console=ttyAMA0 rdinit=/init'
  trapline boot --kernel Image --initrd initrd --stack kvm --trace boot.json
  trapline boot --kernel Image --initrd initrd --stack xen --console hvc0 --disk disk.img
  trapline boot --image u-boot.bin --at 0 --stack psci-hvc

Exit codes: 0 the guest powered off, or with --no-reboot asked for a reset, 1 it ended otherwise or
could not be booted, 2 wrong usage.
`;

/** `trapline boot`. */
export const command: Command = {
  help,
  options: {
    kernel: { type: 'string' },
    initrd: { type: 'string' },
    append: { type: 'string' },
    image: { type: 'string' },
    at: { type: 'string' },
    dtb: { type: 'string' },
    stack: { type: 'string' },
    el2: { type: 'boolean' },
    cpus: { type: 'string' },
    cpu: { type: 'string' },
    memory: { type: 'string' },
    console: { type: 'string' },
    disk: { type: 'string', multiple: true },
    'shutdown-on': { type: 'string' },
    'no-reboot': { type: 'boolean' },
    timeout: { type: 'string' },
    trace: { type: 'string' },
    watch: { type: 'boolean' },
  },
  run: async (args: Arguments, io: Io) => {
    const settings = settingsOf(args);
    const composed = await compose(settings, io);
    try {
      return await boot(settings, composed, io);
    } finally {
      await composed.machine.stop();
      composed.stack.dispose();
    }
  },
};

/** Ctrl-C, as a terminal in raw mode gives it. */
const INTERRUPT_KEY = 3;

async function boot(
  settings: Settings,
  { machine, stack, guest, payload, tick, xen, trace }: Composed,
  io: Io,
): Promise<number> {
  const counts = new CallCounts();
  const watch = settings.watch ? new Watch(io, io.live, guest.vcpus.length) : undefined;
  const display = new Display(io, settings.watch ? undefined : io.live, () => counts.total);
  trace?.connect(stack.machine, guest);
  stack.calls$.subscribe((call) => {
    counts.add(call);
    watch?.add(call);
  });
  const ending = new Ending(machine, xen, display);
  const listener = settings.shutdownOn === undefined ? undefined : new WordsWatch(settings.shutdownOn);
  const { outputs } = xen;
  for (const output$ of outputs) machine.watchForPanic(output$);
  for (const text$ of [machine.console.output$, ...outputs].map((output$) => decodeText(output$))) {
    text$.subscribe((text) => {
      if (watch?.guest(text) !== true) display.guest(text);
      if (listener?.seen(text)) ending.powerOff();
    });
  }
  const undo = [
    io.interrupted?.(() => ending.interrupt()),
    io.live?.keys((bytes) => (bytes.includes(INTERRUPT_KEY) ? ending.interrupt() : type(bytes))),
  ];
  const typedAt = settings.console === 'hvc0' ? xen.console : machine.console;
  const type = (bytes: Uint8Array): void => void typedAt?.type(bytes);
  const ticks = trace && tick ? (): void => trace.act({ action: 'tick' }, tick) : tick;
  const ticking = ticks === undefined ? undefined : setInterval(ticks, TICK_MS);
  if (settings.timeout !== undefined) ending.stopAfter(settings.timeout);
  try {
    display.phase('QEMU is starting');
    machine.restarts$.subscribe((count) => display.phase(`the guest runs, restarted ${timesOf(count)}`));
    await machine.start(stack.machine, guest, { payload, ...bootargsOf(settings) });
    trace?.start();
    display.phase('the guest runs');
    const end = await machine.ended;
    watch?.end();
    display.end();
    io.out(summary(end, counts, machine.bridge.timing, display.seconds));
    if (end.reason === 'shutdown' || end.reason === 'reset') return EXIT.ok;
    complain(io, `boot: ${end.words}`);
    return EXIT.failure;
  } finally {
    clearInterval(ticking);
    ending.close();
    for (const take of undo) take?.();
    watch?.end();
    display.end();
    const failure = trace?.close();
    if (failure !== undefined) complain(io, `boot: ${failure}`);
  }
}

function timesOf(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function bootargsOf({ kernel, append, stack, dtb, console }: Settings): { readonly bootargs?: string } {
  if (append !== undefined) return { bootargs: append };
  const silent = kernel === undefined || dtb !== undefined || /\.ya?ml$/i.test(stack);
  return silent ? {} : { bootargs: `console=${console}` };
}

function summary({ words }: MachineEnd, counts: CallCounts, timing: Timing, seconds: number): string {
  const median = timing.percentile(0.5).toFixed(0);
  const slow = timing.percentile(0.99).toFixed(0);
  const times = timing.count === 0 ? '' : `; a call took the guest ${median} µs (median), ${slow} µs (99 %)`;
  return `\n${words} after ${seconds.toFixed(2)} s; ${counts.total} calls${times}\n${counts.table()}`;
}
