import type { ExceptionLevel } from '@trapline/core';
import { HCR_RW, SCR_RW } from '../rules/control-bits.js';
import { el2Enabled } from '../rules/routing.js';
import type { Vcpu } from './vcpu.js';

/** Which exception levels the machine has. */
export interface Levels {
  readonly hasEl2: boolean;
  readonly hasEl3: boolean;
}

/**
 * Whether an exception level uses AArch32 (ELUsingAArch32()): each level is told by the RW bit of the one above it; the
 * highest is as it was built.
 */
export function usesAarch32(vcpu: Vcpu, levels: Levels, el: ExceptionLevel): boolean {
  if (vcpu.aarch32) return true;
  if (el === 0) return vcpu.el === 0 ? vcpu.state !== 'a64' : usesAarch32(vcpu, levels, 1);
  if (el === 3 || (el === 2 && !levels.hasEl3)) return false;
  if (levels.hasEl3 && (vcpu.scr & SCR_RW) === 0) return true;
  if (el === 2) return false;
  return el2Enabled(levels, vcpu.secure, vcpu.scr) && (vcpu.hcr & HCR_RW) === 0;
}
