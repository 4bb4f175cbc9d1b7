import { type Handler, returnInt } from '@trapline/core';
import { CPU_OFF } from '../cpu-state.js';
import { LOCAL_OFF, LOCAL_RUN } from '../idle-state.js';
import type { Platform } from '../platform.js';
import type { NodeHwRule } from '../profile.js';
import { Code } from '../status.js';

const HW_ON = 0;
const HW_OFF = 1;
const HW_STANDBY = 2;

/** NODE_HW_STATE (5.19): INVALID_PARAMETERS for a target that is not there, and for a level above the topology's. */
export function nodeHwState(platform: Platform): Handler {
  const { cpus, profile } = platform;
  const rules = profile.nodeHwState;
  return (call) => {
    const cpu = platform.find(call.w[0] as number | 0, call.w[1] as number | 0);
    const level = (call.w[2] as number) >>> 0;
    if (cpu < 0 || level > cpus.topology.maxLevel) return returnInt(call, Code.INVALID_PARAMETERS);
    if (rules !== undefined) return returnInt(call, byRules(rules, cpus.topology.affinities[cpu] as number, level));
    return returnInt(call, hwStateOf(localStateOf(platform, cpu, level)));
  };
}

function byRules(rules: readonly NodeHwRule[], affinity: number, level: number): number {
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i] as NodeHwRule;
    if (rule.level === level && (affinity & rule.mask) === rule.affinity) return rule.state;
  }
  return HW_ON;
}

function localStateOf(platform: Platform, cpu: number, level: number): number {
  const { cpus } = platform;
  if (level > 0) return cpus.domains.domainState(cpus.domains.domainAt(cpu, level));
  return cpus.state(cpu) === CPU_OFF ? LOCAL_OFF : cpus.domains.cpuState(cpu);
}

function hwStateOf(local: number): number {
  if (local === LOCAL_RUN) return HW_ON;
  return local >= LOCAL_OFF ? HW_OFF : HW_STANDBY;
}
