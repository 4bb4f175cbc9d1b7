import { abi, nativeAbi } from './abi.js';
import { driver } from './driver.js';
import { hypervisor } from './hypervisor.js';

/** Hyper-V on both sides: `hyperv.hypervisor(…)` answers, `hyperv.driver` calls, `hyperv.abi` describes. */
export const hyperv: {
  readonly abi: typeof abi;
  readonly nativeAbi: typeof nativeAbi;
  readonly driver: typeof driver;
  readonly hypervisor: typeof hypervisor;
} = { abi, nativeAbi, driver, hypervisor };

export { abi, FAST_REGISTERS, HYPERCALL_ID, HYPERV_NATIVE, HYPERV_UID, Immediate, nativeAbi } from './abi.js';
export { CallCode, type Control, controlOf, controlWord, type HypercallResult } from './control.js';
export { COMPATIBLE, driver, type HyperV } from './driver.js';
export { hypervisor, MAX_CONNECTIONS } from './hypervisor.js';
export { type Connection, type HypervisorOptions, MAX_MESSAGE } from './partition.js';
export {
  ACCESS_REFERENCE_COUNTER,
  ACCESS_VP_INDEX,
  type HyperVVersion,
  PARTITION_ID_SELF,
  POST_MESSAGES,
  SIGNAL_EVENTS,
  VP_INDEX_SELF,
  VpRegister,
  versionOf,
  versionWords,
  type Words,
} from './registers.js';
export { type HyperVStatusName, status } from './status.js';
