export { XEN_CONVENTION, XEN_HYPERCALL_TAG } from './abi/convention.js';
export { ERRNO, type ErrnoName } from './abi/errno.js';
export { HVM_PARAMETERS, type HvmParameterName } from './abi/hvm-parameters.js';
export { type HypercallName, xenAbi } from './abi/hypercalls.js';
export { defineOperations, type OperationSpec, type OperationTable } from './abi/operation.js';
export { xenStatus } from './abi/status.js';
export { defineStructure, defineUnion, type Structure } from './abi/structure.js';
export {
  COMPATIBLE,
  compareVersions,
  readXenNode,
  versionOf,
  versionWords,
  writeXenNode,
  type XenDescription,
  type XenNode,
  type XenRegion,
  type XenUefi,
  type XenVersion,
} from './binding.js';
export type { DomainConfig } from './domain/config.js';
export type { HostDescription } from './host/host-description.js';
export { type HypervisorOptions, hypervisor } from './hypervisor.js';
export type { XenProfile } from './profile.js';
export { PROFILE_NAMES, PROFILES, type XenProfileName } from './profiles.js';
