import { type Handler, returnInt } from '@trapline/core';
import { AFFINITY_OFF, AFFINITY_ON } from '../affinity.js';
import { NOT_FOUND } from '../affinity-index.js';
import type { Platform } from '../platform.js';
import { Code } from '../status.js';

/**
 * AFFINITY_INFO (5.7): of a CPU at level 0; of an affinity instance at levels 1 to 3, where the fields below the level do
 * not count. DISABLED for a CPU that is declared, does not exist and cannot be started.
 */
export function affinityInfo(platform: Platform): Handler {
  const { cpus, profile } = platform;
  const { maxLevel, levelBits, above } = profile.affinity;
  const aboveAnswer = above === 'on' ? AFFINITY_ON : Code.INVALID_PARAMETERS;
  const missingAnswer = profile.affinity.missing === 'off' ? AFFINITY_OFF : Code.INVALID_PARAMETERS;
  const absentAnswer = profile.cpuOn.absent === 'fails' ? Code.DISABLED : AFFINITY_OFF;
  return (call) => {
    const { w } = call;
    const level = w[2] as number | 0;
    const low = w[0] as number | 0;
    const high = w[1] as number | 0;
    if (level >>> 0 > maxLevel || (levelBits === 64 && w[3] !== 0)) return returnInt(call, aboveAnswer);
    if (level === 0) {
      const cpu = platform.find(low, high);
      if (cpu < 0) return returnInt(call, missingAnswer);
      const state = cpus.affinityState(cpu);
      return returnInt(call, state === AFFINITY_OFF && cpus.pe(cpu) === undefined ? absentAnswer : state);
    }
    if (platform.hasReserved(low, high)) return returnInt(call, missingAnswer);
    const group = cpus.affinity.group(((high & 0xff) << 24) | (low & 0xff_ffff), level);
    return returnInt(call, group === NOT_FOUND ? missingAnswer : cpus.affinity.groupState(group));
  };
}
