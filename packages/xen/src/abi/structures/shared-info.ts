import { array, defineStructure, u32, ulong } from '../structure.js';
import { vcpuInfo } from './vcpu.js';

/** vCPUs that have their {@link vcpuInfo} in shared_info (XEN_LEGACY_MAX_VCPUS on ARM): the others register one. */
export const LEGACY_MAX_VCPUS = 1;

/** The page that a domain shares with Xen (public/xen.h). */
export const sharedInfo = defineStructure('shared_info', {
  vcpuInfo: array(vcpuInfo, LEGACY_MAX_VCPUS),
  evtchnPending: array(ulong, 64),
  evtchnMask: array(ulong, 64),
  wcVersion: u32,
  wcSec: u32,
  wcNsec: u32,
  wcSecHi: u32,
});
