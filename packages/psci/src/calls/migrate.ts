import { type Handler, returnHalves, returnInt } from '@trapline/core';
import type { Platform } from '../platform.js';
import type { TrustedOs } from '../profile.js';
import { Code } from '../status.js';

/** Bit 31 of MPIDR_EL1 (DDI 0487, MPIDR_EL1). */
const MPIDR_RES1 = 0x8000_0000;

/** MIGRATE_INFO_TYPE (5.9): 2 stands for a multiprocessor Trusted OS and for none. */
const TYPES: Readonly<Record<TrustedOs['type'], number>> = { 'up-migratable': 0, up: 1, multiprocessor: 2 };

function typeOf(os: TrustedOs | undefined): number {
  return TYPES[os?.type ?? 'multiprocessor'];
}

/** MIGRATE_INFO_TYPE (5.9). */
export function migrateInfoType(platform: Platform): Handler {
  const type = typeOf(platform.profile.trustedOs);
  return (call) => returnInt(call, type);
}

/** MIGRATE_INFO_UP_CPU (5.10); INVALID_PARAMETERS where no uniprocessor Trusted OS is resident. */
export function migrateInfoUpCpu(platform: Platform): Handler {
  const { cpus, profile } = platform;
  const whole = profile.migrate.reports === 'mpidr';
  return (call) => {
    const cpu = platform.resident;
    if (cpu < 0) return returnInt(call, Code.INVALID_PARAMETERS);
    const affinity = cpus.topology.affinities[cpu] as number;
    const low = affinity & 0xff_ffff;
    return returnHalves(call, whole ? low | MPIDR_RES1 : low, call.wide ? affinity >>> 24 : 0);
  };
}

/**
 * MIGRATE (5.8): INVALID_PARAMETERS for a target that is not there; NOT_SUPPORTED without a uniprocessor Trusted OS, DENIED
 * where it cannot be moved; NOT_PRESENT where it is not on the calling CPU; INTERNAL_FAILURE where it refuses the target.
 */
export function migrate(platform: Platform): Handler {
  const { cpus, profile } = platform;
  const type = typeOf(profile.trustedOs);
  const kindError = type === 0 ? Code.SUCCESS : type === 1 ? Code.DENIED : Code.NOT_SUPPORTED;
  const refuses = profile.trustedOs?.refuses ?? [];
  const { targetFirst } = profile.migrate;
  return (call) => {
    const target = platform.find(call.w[0] as number | 0, call.w[1] as number | 0);
    const targetError = target < 0 ? Code.INVALID_PARAMETERS : Code.SUCCESS;
    const first = targetFirst ? targetError || kindError : kindError || targetError;
    if (first !== Code.SUCCESS) return returnInt(call, first);
    if (cpus.numberOf(call.pe) !== platform.resident) return returnInt(call, Code.NOT_PRESENT);
    if (refuses.includes(cpus.topology.affinities[target] as number)) return returnInt(call, Code.INTERNAL_FAILURE);
    platform.resident = target;
    return returnInt(call, Code.SUCCESS);
  };
}
