import { type Call, type Handler, returnHalves } from '@trapline/core';
import type { Platform } from '../platform.js';

/** PSCI_STAT_RESIDENCY (5.22), in microseconds; 0 for a target or power state that is not valid. */
export function statResidency(platform: Platform): Handler {
  return (call) => {
    const node = find(platform, call);
    const value = node < 0 ? 0 : (platform.statistics?.residency(node, localOf(platform, call)) ?? 0);
    return returnHalves(call, value >>> 0, call.wide ? Math.floor(value / 0x1_0000_0000) : 0);
  };
}

/** PSCI_STAT_COUNT (5.23); 0 for a target or power state that is not valid. */
export function statCount(platform: Platform): Handler {
  return (call) => {
    const node = find(platform, call);
    return returnHalves(call, node < 0 ? 0 : (platform.statistics?.count(node, localOf(platform, call)) ?? 0), 0);
  };
}

/** The node that a call is about: the one at the highest level of its power state. */
function find(platform: Platform, call: Call): number {
  const { w } = call;
  const idle = platform.idleStates.get(w[2] as number | 0);
  const cpu = platform.find(w[0] as number | 0, w[1] as number | 0);
  return idle === undefined || cpu < 0 ? -1 : (platform.statistics?.node(cpu, idle.level) ?? -1);
}

function localOf(platform: Platform, call: Call): number {
  return platform.idleStates.get(call.w[2] as number | 0)?.local ?? 0;
}
