import { RestoreError, type Saved } from '@trapline/core';
import { CPU_STATE_NAMES, type CpuState } from './cpu-state.js';
import { LOCAL_STATES } from './idle-state.js';
import type { Platform } from './platform.js';
import type { SavedStatistics } from './statistics.js';

/** The format that {@link savePlatform} writes. */
const SAVED_FORMAT = 'trapline-psci-1';

/** One guest's firmware state as plain data. */
export function savePlatform(platform: Platform): Saved {
  const { cpus, statistics } = platform;
  return {
    format: SAVED_FORMAT,
    profile: platform.profile.name,
    cpus: Array.from({ length: cpus.count }, (_, cpu) => CPU_STATE_NAMES[cpus.state(cpu)] as string),
    asked: cpus.domains.save(),
    osInitiated: platform.osInitiated,
    memProtect: platform.memProtect,
    resident: platform.resident,
    cleanInvEnds: platform.cleanInvEnds,
    cleanInvNext: platform.cleanInvNext,
    owesReset: [...platform.owesReset],
    statistics: statistics === undefined ? null : { ...statistics.save() },
  };
}

/** Takes a saved state back. Throws {@link RestoreError} for anything that {@link savePlatform} has not written for these CPUs. */
export function restorePlatform(platform: Platform, saved: Saved): void {
  const state = recordOf(saved, 'psci');
  if (state.format !== SAVED_FORMAT) throw new RestoreError(`psci: format is not ${SAVED_FORMAT}`);
  const { cpus, profile, statistics } = platform;
  if (state.profile !== profile.name) throw new RestoreError(`psci: saved with another profile than ${profile.name}`);
  const states = namesOf(state.cpus, cpus.count);
  const asked = numbersOf(state.asked, cpus.domains.slots, 0, LOCAL_STATES - 1, 'asked');
  const resident = numberOf(state.resident, -1, cpus.count - 1, 'resident');
  const ends = numberOf(state.cleanInvEnds, 0, Number.MAX_SAFE_INTEGER, 'cleanInvEnds');
  const next = numberOf(state.cleanInvNext, 0, Number.MAX_SAFE_INTEGER, 'cleanInvNext');
  const owed = numbersOf(state.owesReset, platform.owesReset.length, 0, 1, 'owesReset');
  const counted = statistics === undefined ? undefined : statisticsOf(state.statistics, statistics.save());
  states.forEach((name, cpu) => {
    cpus.put(cpu, CPU_STATE_NAMES.indexOf(name) as CpuState);
  });
  cpus.domains.restore(asked);
  platform.osInitiated = state.osInitiated === true;
  platform.memProtect = state.memProtect === true;
  platform.resident = resident;
  platform.cleanInvEnds = ends;
  platform.cleanInvNext = next;
  platform.owesReset.set(owed);
  if (counted !== undefined) statistics?.restore(counted);
}

function recordOf(saved: Saved | undefined, at: string): { readonly [key: string]: Saved } {
  if (typeof saved !== 'object' || saved === null || Array.isArray(saved))
    throw new RestoreError(`${at}: not an object`);
  return saved as { readonly [key: string]: Saved };
}

function namesOf(saved: Saved | undefined, length: number): readonly string[] {
  if (!Array.isArray(saved) || saved.length !== length)
    throw new RestoreError(`psci: not the states of ${length} CPUs`);
  return saved.map((name) => {
    if (typeof name !== 'string' || !CPU_STATE_NAMES.includes(name)) {
      throw new RestoreError(`psci: ${String(name)} is no state of a CPU`);
    }
    return name;
  });
}

function numberOf(saved: Saved | undefined, min: number, max: number, at: string): number {
  if (typeof saved !== 'number' || !(saved >= min && saved <= max)) {
    throw new RestoreError(`psci: ${at} is not a number from ${min} to ${max}`);
  }
  return saved;
}

function numbersOf(saved: Saved | undefined, length: number, min: number, max: number, at: string): readonly number[] {
  if (!Array.isArray(saved) || saved.length !== length) throw new RestoreError(`psci: ${at} has not ${length} numbers`);
  return saved.map((value) => numberOf(value, min, max, at));
}

function statisticsOf(saved: Saved | undefined, shape: SavedStatistics): SavedStatistics {
  const record = recordOf(saved, 'psci statistics');
  const list = (key: keyof SavedStatistics, max: number): readonly number[] =>
    numbersOf(record[key], shape[key].length, 0, max, `statistics.${key}`);
  const limit = Number.MAX_SAFE_INTEGER;
  return {
    counts: list('counts', 0x7fff_ffff),
    times: list('times', limit),
    states: list('states', LOCAL_STATES - 1),
    since: list('since', limit),
  };
}
