import { abi } from './abi.js';
import { driver } from './driver.js';
import { hypervisor } from './hypervisor.js';

/** Gunyah on both sides: `gunyah.hypervisor(…)` answers, `gunyah.driver` calls, `gunyah.abi` describes. */
export const gunyah: {
  readonly abi: typeof abi;
  readonly driver: typeof driver;
  readonly hypervisor: typeof hypervisor;
} = { abi, driver, hypervisor };

export {
  API_64BIT,
  API_VERSION,
  abi,
  FEATURE_DOORBELL,
  FIRST_IMMEDIATE,
  GUNYAH,
  LAST_IMMEDIATE,
  MAX_ENTROPY,
} from './abi.js';
export type { DoorbellOptions } from './doorbell.js';
export { COMPATIBLE, driver, type Gunyah } from './driver.js';
export { type HypervisorOptions, hypervisor, MAX_DOORBELLS, VARIANT_QUALCOMM } from './hypervisor.js';
export { type GunyahStatusName, status } from './status.js';
