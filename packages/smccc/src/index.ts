export {
  archAbi,
  MAX_SOC_NAME,
  SOC_NAME_REGISTERS,
  smcccStatus,
} from './arch/abi.js';
export type { FeatureAvailability } from './arch/availability.js';
export { discoverSmccc, type Smccc, type SmcccProbe, type SocDescription, smcccDriver } from './arch/driver.js';
export { type ArchOptions, archCalls, archService, attachArch } from './arch/service.js';
export type { SocId } from './arch/soc-id.js';
export {
  ARM_WORKAROUNDS,
  C1_PREMIUM,
  C1_PRO,
  C1_ULTRA,
  CORTEX_A53,
  CORTEX_A57,
  CORTEX_A72,
  CORTEX_A73,
  CORTEX_A75,
  CORTEX_A76,
  CORTEX_X3,
  CORTEX_X4,
  CORTEX_X925,
  cpuModel,
  NEOVERSE_V2,
  NEOVERSE_V3,
  NEOVERSE_V3AE,
  type WorkaroundEffect,
  type WorkaroundFeature,
  type WorkaroundNumber,
  type WorkaroundRule,
} from './arch/workarounds.js';
export { joinAttachments, statelessAttachment } from './attachments.js';
export { describeFunctionId, type FunctionDescription, STANDARD_INTERFACES } from './describe.js';
export { ERRATUM_ANSWERS, type ErratumAnswer, errataAbi, errataStatus } from './errata/abi.js';
export { attachErrata, type ErrataOptions, type ErratumRule, errataCalls, errataService } from './errata/service.js';
export {
  decodeFunctionId,
  encodeFunctionId,
  FAST_CALL,
  type FunctionId,
  OWNER_LIMIT,
  SVE_HINT,
} from './function-id.js';
export {
  OWNER_ARCH,
  OWNER_CPU,
  OWNER_OEM,
  OWNER_SIP,
  OWNER_STANDARD_HYPERVISOR,
  OWNER_STANDARD_SECURE,
  OWNER_TRUSTED_OS_QUERIES,
  OWNER_VENDOR_EL3,
  OWNER_VENDOR_HYPERVISOR,
  OWNERS,
  type Owner,
  ownerOf,
  SERVICE_RANGES,
  type ServiceRange,
  YIELDING_RANGES,
} from './owners.js';
export { PV_TIME_FEATURES, pvTimeAbi, pvTimeStatus } from './pv-time/abi.js';
export { StolenTimeArea } from './pv-time/area.js';
export { MAX_READ_TRIES, type PvTime, pvTimeDriver } from './pv-time/driver.js';
export { attachPvTime, type PvTimeOptions, pvTimeService, type StolenTimeUpdates } from './pv-time/service.js';
export { STOLEN_TIME_OFFSET, STOLEN_TIME_SIZE } from './pv-time/structure.js';
export {
  CALL_COUNT,
  CALL_UID,
  declareQueries,
  QUERY_ABIS,
  type QueryAbi,
  queryStatus,
  REVISION,
} from './queries/abi.js';
export { type OwnerQueries, ownerQueries, type QueryOptions, queryService } from './queries/service.js';
export { uuidFrom, uuidRegisters } from './queries/uid.js';
export {
  CONTEXT_REGISTERS,
  FEATURE_BIND_SLOTS,
  ROUTE_ANY,
  ROUTE_PE,
  type SdeiVersion,
  STATUS_ENABLED,
  STATUS_REGISTERED,
  STATUS_RUNNING,
  sdeiAbi,
  sdeiStatus,
} from './sdei/abi.js';
export { SDEI_COMPATIBLE } from './sdei/binding.js';
export { MAX_NESTING } from './sdei/contexts.js';
export { type Sdei, sdeiDriver } from './sdei/driver.js';
export { MAX_EVENTS, type SdeiEvent } from './sdei/events.js';
export { attachSdei, type SdeiOptions, type SdeiSignals, sdeiService } from './sdei/service.js';
export { nextSdeiState, SDEI_FORBIDDEN, type SdeiAction } from './sdei/state.js';
export { MAX_RND32_BITS, MAX_RND64_BITS, trngAbi, trngStatus } from './trng/abi.js';
export { MAX_TRNG_TRIES, type Trng, trngDriver } from './trng/driver.js';
export { attachTrng, type TrngOptions, trngCalls, trngService } from './trng/service.js';
export { unknownCalls, unknownService } from './unknown.js';
export {
  conventionOf,
  isAtLeast,
  parseVersion,
  SMCCC_VERSIONS,
  type SmcccVersion,
  type Version,
  versionFrom,
  versionNumber,
  versionType,
} from './version.js';
