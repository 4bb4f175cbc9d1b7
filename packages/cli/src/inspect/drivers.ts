import { BINDINGS, type DriverMatch } from '@trapline/core/inspection';

/** Interfaces that this build has a driver for; the driver has the interface's name and binds to the same nodes. */
const INTERFACES = ['psci', 'sdei', 'epapr', 'vmware', 'gunyah', 'optee'];

/**
 * The drivers of this build, as far as they bind to nodes. Taken from the table of bindings, not from the drivers
 * themselves: their code need not be loaded to look at a tree.
 */
export const drivers: readonly DriverMatch[] = INTERFACES.map((name) => ({
  name,
  compatible: BINDINGS.flatMap((binding) => (binding.interface === name ? binding.compatible : [])),
}));
