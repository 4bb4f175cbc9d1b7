import {
  AGAIN,
  type CallDeclaration,
  type Handler,
  type Implementation,
  implement,
  type Outcome,
  RETURNED,
  returnInt,
} from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { xenAbi } from '../abi/hypercalls.js';
import type { Domain } from '../domain/domain.js';
import type { XenVcpu } from '../domain/vcpu.js';
import type { Hypercall, Operation } from './hypercall.js';
import { Operand } from './operand.js';

/** The hypercall that a vCPU has made by its registers. */
class RegisterCall implements Hypercall {
  readonly domain: Domain;
  readonly vcpu: XenVcpu;
  readonly operand: Operand = new Operand();
  readonly nested = false;
  w: Uint32Array = new Uint32Array(0);
  low = 0;
  high = 0;
  yielded = false;

  constructor(vcpu: XenVcpu) {
    this.domain = vcpu.domain;
    this.vcpu = vcpu;
  }
}

/** A domain's hypercalls (traps.c, do_trap_hypercall): each vCPU has one {@link RegisterCall}, used again and again. */
export function hypercallsOf(domain: Domain): Implementation {
  const calls = domain.vcpus.map((vcpu) => new RegisterCall(vcpu));
  const handlers: Record<string, Handler> = {};
  for (const declaration of xenAbi.all) {
    const operation = domain.xen.hypercalls[declaration.id];
    if (operation !== undefined) handlers[declaration.name] = handlerOf(calls, declaration, operation);
  }
  const unknown: Handler = (call) => returnInt(call, -ERRNO.ENOSYS);
  return implement(xenAbi, handlers, { ranges: [{ from: 0, to: 0xffff_ffff, fallback: true, handler: unknown }] });
}

function handlerOf(calls: readonly RegisterCall[], declaration: CallDeclaration, operation: Operation): Handler {
  const halves = 2 * declaration.argumentNames.length;
  return (call) => {
    const { pe } = call;
    const hypercall = calls[pe.index] as RegisterCall;
    if (hypercall.w !== call.w) hypercall.w = call.w;
    const outcome: Outcome = operation(hypercall);
    const { w } = pe;
    if (outcome !== RETURNED && repeats(outcome)) {
      const step = call.wide ? 1 : 2;
      for (let i = 0; i < halves; i += step) w[i] = call.w[i] as number;
      return outcome;
    }
    w[0] = hypercall.low;
    w[1] = hypercall.high;
    return outcome;
  };
}

/** Whether the caller makes the call again, with its arguments as they stand now. */
function repeats(outcome: Outcome): boolean {
  return outcome === AGAIN || (outcome.kind === 'wait' && outcome.onWake === 'repeat');
}
