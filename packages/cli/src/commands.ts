import type { Command } from './command.js';

/** A subcommand as the tool's own help shows it, and how its module is loaded. */
export interface CommandEntry {
  readonly usage: string;
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

/** Every subcommand, in the order of the help. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  inspect: {
    usage: 'inspect FILE|DIR ...',
    summary: 'what a device tree says about hypervisor and firmware calls',
    load: () => import('./inspect/command.js'),
  },
  decode: {
    usage: 'decode ID [X1 X2 ...]',
    summary: 'which call a function id is, and what its arguments mean',
    load: () => import('./decode/command.js'),
  },
  run: {
    usage: 'run [STACK.yaml|FILE.dtb]',
    summary: 'compose a machine, discover its interfaces, exercise them',
    load: () => import('./run/command.js'),
  },
  boot: {
    usage: 'boot --kernel IMAGE',
    summary: 'a real guest in QEMU, whose calls are answered here',
    load: () => import('./boot/command.js'),
  },
  wrappers: {
    usage: 'wrappers INTERFACE --target T',
    summary: 'call wrappers of an interface: C, Rust, assembly, machine code',
    load: () => import('./wrappers/command.js'),
  },
  replay: {
    usage: 'replay FILE ...',
    summary: 'calls recorded from real firmware and hypervisors, against the services here',
    load: () => import('./replay/command.js'),
  },
};
