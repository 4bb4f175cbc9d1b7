/** What QEMU is started with. */
export interface QemuFlags {
  readonly cpu: string;
  readonly cpus: number;
  readonly ramBytes: number;
  readonly ramPath: string;
  readonly monitorPath: string;
  readonly consoleSocket: string;
  readonly linkSocket: string;
  /** Whether the machine goes on after a reset. */
  readonly restarts: boolean;
}

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
    `memory-backend-file,id=ram,size=${megabytes}M,mem-path=${escaped(flags.ramPath)},share=on`,
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
    flags.monitorPath,
    '-chardev',
    `socket,id=console,path=${escaped(flags.consoleSocket)}`,
    '-serial',
    'chardev:console',
    '-chardev',
    `socket,id=link,path=${escaped(flags.linkSocket)}`,
    '-serial',
    'chardev:link',
  ];
}

/** QEMU's options end at a comma; two are one that does not end them. */
function escaped(path: string): string {
  return path.replaceAll(',', ',,');
}
