import { abi } from './abi.js';
import { driver } from './driver.js';
import { hypervisor } from './hypervisor.js';

/** ePAPR on both sides: `epapr.hypervisor(…)` answers, `epapr.driver` calls, `epapr.abi` describes. */
export const epapr: {
  readonly abi: typeof abi;
  readonly driver: typeof driver;
  readonly hypervisor: typeof hypervisor;
} = { abi, driver, hypervisor };

export {
  abi,
  BYTE_CHANNEL_MAX_BYTES,
  CONFIG_LEVEL,
  CONFIG_POSITIVE,
  EPAPR_ON_ARM,
  MESSAGE_BROADCAST,
  MESSAGE_TARGET,
  SPURIOUS_VECTOR,
} from './abi.js';
export { ByteChannelError, ChannelClient, MAX_RECEIVED } from './channel-client.js';
export { driver, type Epapr } from './driver.js';
export { hypervisor } from './hypervisor.js';
export { MAX_INTERRUPT, MAX_PRIORITY } from './interrupt-controller.js';
export {
  type CellOrder,
  COMPATIBLE,
  type Conversion,
  type DecodedConduit,
  decodeConduit,
  type EpaprNode,
  type HcallReading,
  hasPowerPcCall,
  hcallCells,
  IMMEDIATE,
  INSTRUCTIONS,
  INSTRUCTIONS_OTHERWISE,
  MAX_INSTRUCTION_BYTES,
  makeSymbolic,
  type ResolveOptions,
  readEpaprNode,
  readHcallInstructions,
  readingWords,
} from './node/index.js';
export {
  type ByteChannel,
  type ChannelEnd,
  DEFAULT_CAPACITY,
  DEFAULT_LINE,
  type Doorbell,
  type EpaprHost,
  type HypervisorOptions,
  MAX_CAPACITY,
  MAX_CHANNELS,
  MAX_DOORBELLS,
  MAX_INTERRUPTS,
} from './options.js';
export { type EpaprStatusName, status } from './status.js';
export { LAST_TOKEN, tokenOf, VENDOR_EPAPR, VENDORS } from './token.js';
