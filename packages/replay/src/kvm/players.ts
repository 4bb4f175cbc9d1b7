import type { Players } from '../stage/plan.js';
import { playVmm } from './actions.js';
import { playKvmBoot } from './boot.js';
import { playKvmCall, playKvmExit, playKvmReturn } from './call.js';
import type { VmmSide } from './vmm-side.js';

/** How KVM's kinds of steps are played: the VMM's own, and calls that may leave to it. */
export function playersOf(side: VmmSide): Players {
  return {
    vmm: (step, stage, findings) => playVmm(side, step, stage, findings),
    call: (step, stage, findings) => playKvmCall(side, step, stage, findings),
    return: (step, stage, findings) => playKvmReturn(side, step, stage, findings),
    exit: (step, stage, findings) => playKvmExit(side, step, stage, findings),
    boot: (step, stage, findings) => playKvmBoot(side, step, stage, findings),
  };
}
