import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files of a guest, by the names that `fetchGuests` gives them. */
const ARM64 = { kernel: 'Image', initrd: 'initrd' };
const ARM32 = { kernel: 'zImage', initrd: 'initrd32' };

const ON_STACK = { ...ARM64, console: 'ttyAMA0', own: 'qemu', arguments: () => [] };
const ON_STACK_32 = { ...ON_STACK, ...ARM32, own: 'qemu32' };

/** Debian's Linux on a stack, by name: what its first program does (`init.sh`), and what it shows of that stack. */
export const stacks = {
  linux: { ...ON_STACK, stack: 'psci-smc', does: ['hotplug'], shows: ['psci: SMC Calling Convention'] },
  hvc: { ...ON_STACK, stack: 'psci-hvc', does: ['hotplug'], shows: ['psci: SMC Calling Convention'] },
  kvm: { ...ON_STACK, stack: 'kvm', does: ['kvm', 'hotplug'], shows: ['smccc: KVM: hypervisor services detected'] },
  xen: {
    ...ON_STACK,
    stack: 'xen',
    console: 'hvc0',
    does: ['xen', 'disk', 'hotplug', 'wait'],
    shows: ['Xen 4.17 support found'],
    arguments: xenArguments,
  },
  linux32: { ...ON_STACK_32, stack: 'psci-smc', does: ['hotplug'], shows: ['psci: SMC Calling Convention'] },
  hvc32: { ...ON_STACK_32, stack: 'psci-hvc', does: ['hotplug'], shows: ['psci: SMC Calling Convention'] },
  xen32: {
    ...ON_STACK_32,
    stack: 'xen',
    console: 'hvc0',
    does: ['xen', 'disk', 'hotplug', 'wait'],
    shows: ['Xen 4.17 support found'],
    arguments: xenArguments,
  },
};

/**
 * The same guests on QEMU's own PSCI, which boots on stacks are compared with. QEMU's 64-bit models begin in AArch64:
 * a 32-bit kernel has another.
 */
export const own = {
  qemu: { ...ARM64, program: 'qemu-system-aarch64', machine: 'virt,gic-version=3', cpu: 'cortex-a57' },
  qemu32: { ...ARM32, program: 'qemu-system-arm', machine: 'virt,gic-version=3,highmem=off', cpu: 'cortex-a15' },
};

/** A kernel's command line by which its first program says what the kernel found, and does these things. */
export function commandLine(console, does) {
  const words = ['calls', ...does].map((word) => `trapline.${word}`);
  return [`console=${console}`, 'quiet', 'rdinit=/init', ...words].join(' ');
}

const DISK_BYTES = 2 ** 20;

/** A disk of Xen's with something on it, and a power off that the host asks for. */
function xenArguments({ Image }) {
  const disk = join(dirname(Image), 'xvda.img');
  writeFileSync(disk, Buffer.alloc(DISK_BYTES, 'Trapline '));
  return ['--disk', disk, '--shutdown-on', 'GUEST: waits'];
}
