import { abi } from './abi.js';
import { scmiDriver } from './driver.js';
import { platform } from './platform.js';

/** SCMI over SMC on both sides: `scmi.platform(…)` answers, `scmi.driver(…)` calls, `scmi.abi` describes. */
export const scmi: {
  readonly abi: typeof abi;
  readonly driver: typeof scmiDriver;
  readonly platform: typeof platform;
} = { abi, driver: scmiDriver, platform };

export { abi, DEFAULT_SMC_ID, doorbellStatus } from './abi.js';
export { LISTED_AT_ONCE, type PlatformIdentity } from './base.js';
export { CHANNEL_OVERHEAD, Channel, type ChannelMemory, MAX_PAYLOAD, type Message } from './channel.js';
export { COMPATIBLE, MAX_PROTOCOLS, type Scmi, type ScmiAnswer, scmiDriver } from './driver.js';
export { type PlatformOptions, platform } from './platform.js';
export { BASE_PROTOCOL, BASE_VERSION, BaseMessage, headerOf, NAME_BYTES, parseHeader, scmiStatus } from './protocol.js';
