export { createStack } from './create-stack.js';
export { levelFor, type ServiceFactory, stackFromTree, type TreeStackSpec } from './from-tree.js';
export { type DiscoverOptions, StackGuest } from './guest.js';
export { MAX_GUEST_NAME, MAX_MEMORY_REGIONS } from './limits.js';
export type { MemoryRegion } from './region.js';
export type { GuestSpec, ServiceChoice, StackSpec, TreeSpec } from './spec.js';
export { type RunResult, STACK_FORMAT, STACK_VERSION, Stack, type UnfinishedCpu } from './stack.js';
export { DEFAULT_DISTRIBUTOR, GICV2_CPUS, type InterruptControllerSpec } from './tree/interrupt-controller.js';
