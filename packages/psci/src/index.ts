import { abi } from './abi.js';
import { driver } from './driver.js';
import { firmware } from './firmware.js';

/** PSCI on both sides: `psci.firmware(…)` answers, `psci.driver` calls, `psci.abi` describes. */
export const psci: {
  readonly abi: typeof abi;
  readonly driver: typeof driver;
  readonly firmware: typeof firmware;
} = { abi, driver, firmware };

export { abi } from './abi.js';
export {
  COMPATIBLE,
  compatibleOf,
  type PsciDescription,
  type PsciNode,
  readPsciNode,
  versionOf,
  writePsciNode,
} from './binding.js';
export { HIBERNATE_OFF, SYSTEM_WARM_RESET, VENDOR_RESET } from './calls/system.js';
export {
  CPU_OFF,
  CPU_ON,
  CPU_ON_PENDING,
  CPU_STATE_NAMES,
  CPU_STOPPING,
  CPU_SUSPENDED,
  type CpuEvent,
  type CpuState,
  EVENT_ENTERED,
  EVENT_START,
  EVENT_STOP,
  EVENT_STOPPED,
  EVENT_SUSPEND,
  EVENT_WAKE,
  nextCpuState,
  REFUSED,
} from './cpu-state.js';
export { driver, type Psci } from './driver.js';
export { attachFirmware, type ContainedPsci, type FirmwareOptions, firmware } from './firmware.js';
export type { IdleState, LocalState } from './idle-state.js';
export { type Negotiated, negotiate, type PsciCalls, type PsciClient, type TrustedOsInfo } from './negotiation.js';
export {
  decodePowerState,
  EXTENDED_RESERVED,
  encodePowerState,
  hasReservedBits,
  isPowerdown,
  ORIGINAL_RESERVED,
  type PowerState,
  type PowerStateFormat,
} from './power-state.js';
export type {
  AddressRange,
  AffinityRules,
  CleanInvRules,
  CpuOnRules,
  EntryRules,
  LegacyIds,
  MigrateRules,
  NodeHwRule,
  Profile,
  PsciCallName,
  StartRules,
  SuspendRules,
  TrustedOs,
} from './profile.js';
export { QEMU_PROFILE, qemuProfile } from './profiles/qemu.js';
export { LEGACY_IDS, type PsciVersionName, type SpecOptions, specProfile, VERSIONS } from './profiles/spec.js';
export { type TfaBuild, type TfaOptions, tfaProfile } from './profiles/tf-a.js';
export {
  CURRENT_VERSION,
  NAMES as PROFILE_NAMES,
  type ProfileName,
  type ProfileOptions,
  profileOf,
} from './profiles.js';
export { type PsciStatusName, status } from './status.js';
export { clusters, MAX_CPUS, MAX_POWER_LEVELS, type PowerDomain, topologyOf } from './topology.js';
export {
  cpuIdleStates,
  powerDomains,
  psciCpus,
  type TreeIdleState,
  type TreePowerDomain,
} from './tree-idle-states.js';
export { decodeVersion, type PsciVersion } from './values.js';
