export type { DiscoveryContext } from './context.js';
export { Discovery, type DiscoveryOptions, discover, MAX_SETTLE_PASSES } from './discovery.js';
export { type DiscoveryEvent, type DiscoveryPlace, DriverCycleError } from './events.js';
