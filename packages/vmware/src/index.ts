import { abi } from './abi.js';
import { driver } from './driver.js';
import { hypervisor } from './hypervisor.js';

/** VMware's backdoor on both sides: `vmware.hypervisor(…)` answers, `vmware.driver` calls, `vmware.abi` describes. */
export const vmware: {
  readonly abi: typeof abi;
  readonly driver: typeof driver;
  readonly hypervisor: typeof hypervisor;
} = { abi, driver, hypervisor };

export { abi, BACKDOOR, IO_MAGIC, MAGIC, MDCCSR_EL0, MODE_IN_LONG, PORT } from './abi.js';
export { type Answer, MAX_CHANNELS, MAX_MESSAGE } from './channel.js';
export { type Backdoor, ChannelClient, MAX_TRIES } from './channel-client.js';
export {
  Command,
  commandName,
  FLAG_COOKIE,
  MessageStatus,
  MessageType,
  PROTOCOL_RPCI,
  PROTOCOL_TCLO,
  ProductType,
  UNSUPPORTED,
} from './commands.js';
export { type BackdoorResult, COMPATIBLE, driver, type HostTime, Vmware, vmwareDriver } from './driver.js';
export { MAX_GUEST_INFO, MAX_LOG_TEXT } from './guest-info.js';
export { type HypervisorOptions, hypervisor } from './hypervisor.js';
