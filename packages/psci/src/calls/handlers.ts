import type { Handler } from '@trapline/core';
import type { Platform } from '../platform.js';
import type { PsciCallName } from '../profile.js';
import { affinityInfo } from './affinity-info.js';
import { cpuOff } from './cpu-off.js';
import { cpuOn } from './cpu-on.js';
import { cpuDefaultSuspend, cpuSuspend, systemSuspend } from './cpu-suspend.js';
import { psciFeatures, psciVersion } from './discovery.js';
import { cleanInvAttributes, cleanInvMemregion, memProtect, memProtectCheckRange } from './memory.js';
import { migrate, migrateInfoType, migrateInfoUpCpu } from './migrate.js';
import { nodeHwState } from './node-hw-state.js';
import { statCount, statResidency } from './statistics.js';
import { setSuspendMode } from './suspend-mode.js';
import { systemCall, systemOff2, systemReset2 } from './system.js';

const NO_CLEAN_INV = { opType: 0, latency: 0, rateLimit: 0 };

/** The handler of each call, in the order of the ABI; those that the profile leaves out are never made. */
const MAKERS: Readonly<
  Record<PsciCallName, (platform: Platform, flags: () => ReadonlyMap<number, number>) => Handler>
> = {
  version: (platform) => psciVersion(platform.profile.version ?? { major: 0, minor: 1 }),
  cpuSuspend,
  cpuOff,
  cpuOn: (platform) => cpuOn(platform),
  affinityInfo,
  migrate,
  migrateInfoType,
  migrateInfoUpCpu,
  systemOff: (platform) => systemCall(platform, 'shutdown'),
  systemReset: (platform) => systemCall(platform, 'reset'),
  features: ({ profile }, flags) => psciFeatures(flags, profile.features64 === 'all'),
  cpuFreeze: cpuOff,
  cpuDefaultSuspend,
  nodeHwState,
  systemSuspend,
  setSuspendMode,
  statResidency,
  statCount,
  systemReset2,
  memProtect,
  memProtectCheckRange,
  systemOff2,
  cleanInvMemregion: (platform) => cleanInvMemregion(platform, platform.profile.cleanInv ?? NO_CLEAN_INV),
  cleanInvMemregionAttributes: (platform) => cleanInvAttributes(platform.profile.cleanInv ?? NO_CLEAN_INV),
};

/** The handlers of the calls that a profile implements. */
export function handlersOf(
  platform: Platform,
  flags: () => ReadonlyMap<number, number>,
): { readonly [N in PsciCallName]?: Handler } {
  return Object.fromEntries(platform.profile.calls.map((name) => [name, MAKERS[name](platform, flags)]));
}
