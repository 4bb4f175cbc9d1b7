import { packageFile } from '../root.js';

/** A device tree or a stack that comes with the package. */
export interface Bundled {
  readonly name: string;
  readonly file: string;
  readonly summary: string;
  /** Whose PSCI answered on the machine that the tree is from. */
  readonly profile?: 'tf-a' | 'qemu-7.2';
}

const tree = (name: string, summary: string, profile?: Bundled['profile']): Bundled => ({
  name,
  file: packageFile(`trees/${name}.dtb`),
  summary,
  ...(profile && { profile }),
});

const stack = (name: string, summary: string): Bundled => ({ name, file: packageFile(`stacks/${name}.yaml`), summary });

/** All of them; the first is what `trapline run` takes without a file. */
export const bundled: readonly Bundled[] = [
  tree(
    'tfa-default-handed-to-bl33',
    "QEMU's virt board as Trusted Firmware-A hands it on: PSCI by SMC, 4 CPUs",
    'tf-a',
  ),
  tree('qemu-virt-default', "QEMU 7.2's virt board: PSCI by HVC, 4 CPUs", 'qemu-7.2'),
  tree('qemu-virt-el2', 'the same with EL2: PSCI by SMC, 4 CPUs', 'qemu-7.2'),
  tree('qemu-virt-smp8-clusters', 'the same with two clusters: PSCI by HVC, 8 CPUs', 'qemu-7.2'),
  tree('xen-4.17-domU', 'what Xen 4.17 builds for a guest: PSCI and Xen by HVC, 2 CPUs'),
  stack('psci-smc', 'firmware at EL3 with PSCI 1.3, SMCCC and TRNG'),
  stack('psci-hvc', 'a hypervisor at EL2 with PSCI 1.1 and PV time'),
  stack('xen', 'two domains under Xen, with a store, consoles and disks'),
  stack('two-guests', 'two guests, each with firmware of its own version'),
  stack('own-tree', 'a guest that brings the tree of a real board'),
];
