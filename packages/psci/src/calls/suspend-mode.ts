import { type Handler, returnInt } from '@trapline/core';
import type { Platform } from '../platform.js';
import { Code } from '../status.js';

const PLATFORM_COORDINATED = 0;
const OS_INITIATED = 1;

/**
 * SET_SUSPEND_MODE (5.21): to OS-initiated mode while no CPU is off or the caller is the only one on; back only while the
 * caller is the only one on (5.21.3). The mode that is set already is always granted.
 */
export function setSuspendMode(platform: Platform): Handler {
  const { cpus, profile } = platform;
  return (call) => {
    const mode = call.w[0] as number | 0;
    const known = mode === PLATFORM_COORDINATED || (mode === OS_INITIATED && profile.suspend.osInitiated);
    if (!known) return returnInt(call, Code.INVALID_PARAMETERS);
    const osInitiated = mode === OS_INITIATED;
    if (osInitiated !== platform.osInitiated) {
      if (!(cpus.onlyOneOn || (osInitiated && cpus.noneOff))) return returnInt(call, Code.DENIED);
      platform.osInitiated = osInitiated;
    }
    return returnInt(call, Code.SUCCESS);
  };
}
