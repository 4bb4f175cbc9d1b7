import type { Pe } from '@trapline/core';
import { HCR_RW, HCR_TGE, SCTLR_M } from '../rules/control-bits.js';
import type { Regime } from '../translation/regime.js';

/** HCR_EL2.DC: stage 1 of EL1&0 is off and says so with default cacheability. */
const HCR_DC = 0x1000;

/**
 * The regime of what a PE accesses now, written into `regime`, which is the caller's to use again; its
 * registers are left as they are.
 *
 * EL0 is translated by EL1's tables. HCR_EL2.DC and TGE turn those off (DDI 0487, D17.2.48).
 */
export function regimeOf(regime: { -readonly [K in keyof Regime]: Regime[K] }, pe: Pe): Regime {
  const off = pe.el <= 1 && (pe.hcr & (HCR_DC | HCR_TGE)) !== 0;
  const a64 = pe.state === 'a64' || (pe.el === 0 && (pe.hcr & HCR_RW) !== 0);
  regime.state = a64 ? 'a64' : 'a32';
  regime.ranges = pe.el <= 1 || (!a64 && pe.el === 3) ? 2 : 1;
  regime.privileged = pe.el !== 0;
  regime.sctlr = off ? pe.sctlr & ~SCTLR_M : pe.sctlr;
  return regime;
}
