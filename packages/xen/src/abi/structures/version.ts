import { bytes, defineStructure, u32, ulong } from '../structure.js';

/** XENVER_extraversion. */
export const xenExtraversion = defineStructure('xen_extraversion', { text: bytes(16) });
/** XENVER_compile_info. */
export const xenCompileInfo = defineStructure('xen_compile_info', {
  compiler: bytes(64),
  compileBy: bytes(16),
  compileDomain: bytes(32),
  compileDate: bytes(32),
});
/** XENVER_capabilities. */
export const xenCapabilitiesInfo = defineStructure('xen_capabilities_info', { text: bytes(1024) });
/** XENVER_changeset. */
export const xenChangesetInfo = defineStructure('xen_changeset_info', { text: bytes(64) });
/** XENVER_platform_parameters: 8 bytes for a 64-bit caller; an AArch32 caller reads the first 4. */
export const xenPlatformParameters = defineStructure('xen_platform_parameters', { virtStart: ulong });
/** XENVER_get_features. */
export const xenFeatureInfo = defineStructure('xen_feature_info', { submapIdx: u32, submap: u32 });
/** XENVER_guest_handle. */
export const xenDomainHandle = defineStructure('xen_domain_handle', { handle: bytes(16) });
/** XENVER_commandline. */
export const xenCommandline = defineStructure('xen_commandline', { text: bytes(1024) });
/** XENVER_build_id: `len` bytes follow. */
export const xenBuildId = defineStructure('xen_build_id', { len: u32 });

/** XENFEAT_*: bits of submap 0 (public/features.h). */
export const FEATURES = {
  writablePageTables: 0,
  writableDescriptorTables: 1,
  autoTranslatedPhysmap: 2,
  supervisorModeKernel: 3,
  paePgdirAbove4gb: 4,
  mmuPtUpdatePreserveAd: 5,
  highmemAssist: 6,
  gnttabMapAvailBits: 7,
  hvmCallbackVector: 8,
  hvmSafePvclock: 9,
  hvmPirqs: 10,
  dom0: 11,
  grantMapIdentity: 12,
  memoryOpVnodeSupported: 13,
  armSmcccSupported: 14,
  linuxRsdpUnrestricted: 15,
  notDirectMapped: 16,
  directMapped: 17,
} as const;
