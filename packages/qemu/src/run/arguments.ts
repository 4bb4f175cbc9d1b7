/** What QEMU is started with. */
export interface QemuFlags {
  readonly cpu: string;
  readonly cpus: number;
  readonly ramBytes: number;
  /** Whether the machine goes on after a reset. */
  readonly restarts: boolean;
}

/** What QEMU inherits from whoever starts it: nothing of a machine has a name that could be left behind. */
export const Descriptor: {
  /** Sockets, connected. */
  readonly console: 3;
  readonly link: 4;
  /** Files. */
  readonly ram: 5;
  readonly monitor: 6;
} = { console: 3, link: 4, ram: 5, monitor: 6 };

/**
 * QEMU's command line. `secure=on` with `-bios` turns QEMU's own PSCI off and starts every CPU at EL3, address 0, where
 * the monitor is; `acpi=off` keeps the devices that QEMU's own tree names; without `-net none` it looks for a boot ROM that Debian has in another package.
 */
export function qemuArguments(flags: QemuFlags): readonly string[] {
  const megabytes = flags.ramBytes / 2 ** 20;
  return [
    '-name',
    'trapline,debug-threads=on',
    '-machine',
    'virt,secure=on,virtualization=on,gic-version=3,acpi=off,memory-backend=ram',
    '-object',
    `memory-backend-file,id=ram,size=${megabytes}M,mem-path=/dev/fd/${Descriptor.ram},share=on`,
    '-m',
    `${megabytes}M`,
    '-cpu',
    flags.cpu,
    '-smp',
    String(flags.cpus),
    '-accel',
    'tcg,thread=multi',
    '-net',
    'none',
    '-display',
    'none',
    '-monitor',
    'none',
    ...(flags.restarts ? [] : ['-no-reboot']),
    '-bios',
    `/dev/fd/${Descriptor.monitor}`,
    '-chardev',
    `socket,id=console,fd=${Descriptor.console}`,
    '-serial',
    'chardev:console',
    '-chardev',
    `socket,id=link,fd=${Descriptor.link}`,
    '-serial',
    'chardev:link',
  ];
}
