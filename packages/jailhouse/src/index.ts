import { abi } from './abi.js';
import { driver } from './driver.js';
import { hypervisor } from './hypervisor.js';

/** Jailhouse on both sides: `jailhouse.hypervisor(…)` answers, `jailhouse.driver` calls, `jailhouse.abi` describes. */
export const jailhouse: {
  readonly abi: typeof abi;
  readonly driver: typeof driver;
  readonly hypervisor: typeof hypervisor;
} = { abi, driver, hypervisor };

export { abi, IMMEDIATE, JAILHOUSE, STATISTICS, STATISTICS_BASE } from './abi.js';
export { type CellOptions, type HypervisorOptions, MAX_CELLS } from './cells.js';
export { driver, type Jailhouse } from './driver.js';
export { hypervisor } from './hypervisor.js';
export { type JailhouseStatusName, status } from './status.js';
