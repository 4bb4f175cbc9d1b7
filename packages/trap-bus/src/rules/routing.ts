import type { ConduitKind, ExceptionLevel } from '@trapline/core';
import { HCR_HCD, HCR_TGE, HCR_TSC, SCR_EEL2, SCR_HCE, SCR_SMD } from './control-bits.js';

/** What the architecture looks at when software executes HVC or SMC. */
export interface Circumstances {
  readonly conduit: 'hvc' | 'smc';
  readonly el: ExceptionLevel;
  readonly aarch32: boolean;
  readonly secure: boolean;
  readonly hasEl2: boolean;
  readonly hasEl3: boolean;
  /** Low half of HCR_EL2; counts only where EL2 is there and enabled. */
  readonly hcr: number;
  /** Low half of SCR_EL3; counts only where EL3 is there. */
  readonly scr: number;
}

/** Who takes the exception: a call at its level, an SMC trapped to EL2, or an undefined instruction. */
export type Route = 'el2' | 'el2-trap' | 'el3' | 'undefined-el1' | 'undefined-el2' | 'undefined-el3';

/** All routes; a route's number in the tables is its place here. */
export const ROUTES: readonly Route[] = Object.freeze([
  'el2',
  'el2-trap',
  'el3',
  'undefined-el1',
  'undefined-el2',
  'undefined-el3',
]);

/** The instruction that a conduit is, of the two that the rules are about; undefined for a trapped one. */
export function callInstruction(conduit: ConduitKind): 'hvc' | 'smc' | undefined {
  return conduit === 'hvc' ? 'hvc' : conduit === 'smc' ? 'smc' : undefined;
}

/** Who takes an HVC or SMC (DDI 0487 C6.2.128 HVC, C6.2.318 SMC, F5.1.66 HVC, F5.1.199 SMC). */
export function route(c: Circumstances): Route {
  return c.conduit === 'hvc' ? routeHvc(c) : routeSmc(c);
}

/** Whether EL2 exists in the caller's security state (EL2Enabled()). */
export function el2Enabled(levels: Pick<Circumstances, 'hasEl2' | 'hasEl3'>, secure: boolean, scr: number): boolean {
  return levels.hasEl2 && (!secure || !levels.hasEl3 || (scr & SCR_EEL2) !== 0);
}

/**
 * HVC is undefined at EL0, without EL2, and at EL1 of a Secure state without EL2. SCR_EL3.HCE enables it where EL3 is
 * implemented, at EL2 and EL3 too; HCR_EL2.HCD disables it only where EL3 is not.
 */
function routeHvc(c: Circumstances): Route {
  const { el } = c;
  if (el === 0 || !c.hasEl2) return undefinedAt(c);
  if (el === 1 && !el2Enabled(c, c.secure, c.scr)) return undefinedAt(c);
  if (el === 3 && c.aarch32) return undefinedAt(c);
  const enabled = c.hasEl3 ? (c.scr & SCR_HCE) !== 0 : (c.hcr & HCR_HCD) === 0;
  if (!enabled) return undefinedAt(c);
  return el === 3 ? 'el3' : 'el2';
}

/**
 * SMC is undefined at EL0. HCR_EL2.TSC traps EL1's before SCR_EL3.SMD is looked at. Without EL3 whether TSC works is
 * IMPLEMENTATION DEFINED; here it does, as on every core that hypervisors run on.
 */
function routeSmc(c: Circumstances): Route {
  if (c.el === 0) return undefinedAt(c);
  if (c.el === 1 && el2Enabled(c, c.secure, c.scr) && (c.hcr & HCR_TSC) !== 0) return 'el2-trap';
  if (!c.hasEl3 || (c.scr & SCR_SMD) !== 0) return undefinedAt(c);
  return 'el3';
}

/** An undefined instruction goes to the level that executes it; from EL0 to EL1, or to EL2 under HCR_EL2.TGE. */
function undefinedAt(c: Circumstances): Route {
  if (c.el === 0) return el2Enabled(c, c.secure, c.scr) && (c.hcr & HCR_TGE) !== 0 ? 'undefined-el2' : 'undefined-el1';
  return c.el === 1 ? 'undefined-el1' : c.el === 2 ? 'undefined-el2' : 'undefined-el3';
}
