import type { ExceptionLevel, Exit, Inject } from '@trapline/core';
import type { TakenException } from '../cpu/exception.js';
import { enterException } from '../cpu/exception-entry.js';
import { type Levels, usesAarch32 } from '../cpu/execution-state.js';
import type { Vcpu } from '../cpu/vcpu.js';
import { HCR_TGE } from '../rules/control-bits.js';
import { linkOffset, preferredReturn } from '../rules/return-address.js';
import { el2Enabled, type Route } from '../rules/routing.js';
import {
  callSyndrome,
  EC_DATA_ABORT,
  EC_INSTRUCTION_ABORT,
  EC_SERROR,
  ESR_IL,
  UNDEFINED_SYNDROME,
} from '../rules/syndrome.js';

/** A call that software of the guest's own takes, at its EL2 or EL3: the vCPU stands at that level's vector. */
export const TAKEN_BY_EL2: Exit = Object.freeze({ kind: 'exit', reason: "taken by the guest's EL2", data: { el: 2 } });
export const TAKEN_BY_EL3: Exit = Object.freeze({ kind: 'exit', reason: "taken by the guest's EL3", data: { el: 3 } });

/** Synchronous External abort, ISS.DFSC and ISS.IFSC. */
const EXTERNAL_ABORT = 0x10;

/** The caller takes an exception at its own level; EL0's goes to EL1, or to EL2 under HCR_EL2.TGE. */
export function inject(vcpu: Vcpu, levels: Levels, exception: Inject): void {
  const target = vcpu.el === 0 ? aboveEl0(vcpu, levels) : vcpu.el;
  const aarch32 = target === vcpu.el ? vcpu.state !== 'a64' : usesAarch32(vcpu, levels, target);
  const kind = exception.exception;
  const linked = aarch32 && target !== 2;
  take(vcpu, levels, {
    kind,
    target,
    aarch32,
    syndrome: exception.syndrome ?? syndromeOf(exception, vcpu.el === target),
    returnOffset:
      exception.returnOffset ?? (linked ? linkOffset(kind === 'serror' ? 'data-abort' : kind, vcpu.state) : 0),
  });
}

function aboveEl0(vcpu: Vcpu, levels: Levels): ExceptionLevel {
  const enabled = el2Enabled(levels, vcpu.secure, vcpu.scr);
  return enabled && (vcpu.hcr & HCR_TGE) !== 0 ? 2 : 1;
}

/** The caller's HVC or SMC is taken by the guest's own software at EL2 or EL3. */
export function takeCall(
  vcpu: Vcpu,
  levels: Levels,
  conduit: 'hvc' | 'smc',
  immediate: number,
  route: Extract<Route, 'el2' | 'el2-trap' | 'el3'>,
): Exit {
  const target = route === 'el3' ? 3 : 2;
  take(vcpu, levels, {
    kind: 'call',
    target,
    aarch32: usesAarch32(vcpu, levels, target),
    syndrome: callSyndrome(conduit, vcpu.state, immediate, route === 'el2-trap'),
    returnOffset: preferredReturn(route),
  });
  return target === 3 ? TAKEN_BY_EL3 : TAKEN_BY_EL2;
}

function take(vcpu: Vcpu, levels: Levels, exception: TakenException): void {
  if (vcpu.cpu?.takeException?.(vcpu, exception) !== true) enterException(vcpu, levels, exception);
}

function syndromeOf(exception: Inject, sameLevel: boolean): number {
  const same = sameLevel ? 1 : 0;
  switch (exception.exception) {
    case 'data-abort':
      return ((EC_DATA_ABORT + same) << 26) | ESR_IL | EXTERNAL_ABORT;
    case 'prefetch-abort':
      return ((EC_INSTRUCTION_ABORT + same) << 26) | ESR_IL | EXTERNAL_ABORT;
    case 'serror':
      return (EC_SERROR << 26) | ESR_IL;
    default:
      return UNDEFINED_SYNDROME;
  }
}
