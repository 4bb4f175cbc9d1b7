import { abi } from './abi.js';
import { driver } from './driver.js';
import { firmware } from './firmware.js';

/** OP-TEE's fast calls on both sides: `optee.firmware(…)` answers, `optee.driver` calls, `optee.abi` describes. */
export const optee: {
  readonly abi: typeof abi;
  readonly driver: typeof driver;
  readonly firmware: typeof firmware;
} = { abi, driver, firmware };

export {
  abi,
  NOTIF_PENDING,
  NOTIF_VALID,
  NSEC_UNIPROCESSOR,
  OWNER_OPTEE,
  SEC_ASYNC_NOTIF,
  SEC_DYNAMIC_SHM,
  SEC_MEMREF_NULL,
  SEC_RESERVED_SHM,
  SEC_UNREGISTERED_SHM,
  SEC_VIRTUALIZATION,
} from './abi.js';
export { COMPATIBLE, driver, type Optee } from './driver.js';
export { type FirmwareOptions, firmware, type SharedMemory } from './firmware.js';
export { MAX_NOTIFICATION } from './notifications.js';
export { type OpteeStatusName, status } from './status.js';
export { INTERFACE_UUID, OS_UUID, uuidOf } from './uuid.js';
