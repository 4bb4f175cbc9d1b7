import { BINDINGS, type DriverMatch } from '@trapline/core/inspection';

/** Interfaces that this build has a driver for; the driver has the interface's name and binds to the same nodes. */
const INTERFACES = ['psci', 'sdei', 'xen', 'epapr', 'vmware', 'gunyah', 'optee', 'hyperv'];

/** SCMI's driver binds to two of the binding's nodes: it does not ring the doorbells of Qualcomm's and OP-TEE's. */
const SCMI: DriverMatch = { name: 'scmi', compatible: ['arm,scmi-smc', 'arm,scmi-smc-param'] };

/**
 * The drivers of this build, as far as they bind to nodes. Taken from the table of bindings, not from the drivers
 * themselves: their code need not be loaded to look at a tree.
 */
export const drivers: readonly DriverMatch[] = [
  ...INTERFACES.map((name) => ({
    name,
    compatible: BINDINGS.flatMap((binding) => (binding.interface === name ? binding.compatible : [])),
  })),
  SCMI,
];
