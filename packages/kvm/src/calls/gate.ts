import {
  type Call,
  type CallDeclaration,
  type Exit,
  type Handler,
  type Implementation,
  type Outcome,
  RETURNED,
  returnInt,
  SMC64,
} from '@trapline/core';
import { smcccStatus } from '@trapline/smccc';
import type { Bitmap, VmState } from '../vm-state.js';
import { FILTER_FWD_TO_USER, FILTER_HANDLE } from '../vmm/smccc-filter.js';

/** Result registers of every answer of KVM's (smccc_set_retval). */
const RESULTS = 4;
const NOT_SUPPORTED = smcccStatus.NOT_SUPPORTED.code;
/** KVM_HYPERCALL_EXIT_SMC. */
const EXIT_SMC = 1;

/** Whether a call exists for who makes it, at this moment: a bit of a firmware bitmap, or more than that. */
export type Condition = FirmwareBit | ((call: Call) => boolean);

/** A bit of a firmware bitmap: looked at without a call of a function, for the calls that have to be fast. */
interface FirmwareBit {
  readonly bitmap: Bitmap;
  readonly bit: number;
}

/** One conduit's way into a VM. */
export interface Conduit {
  readonly vm: VmState;
  readonly kind: 'hvc' | 'smc';
}

/** Calls that write X0 alone where they leave to the VMM, and cut X1 to X3 in their SMC32 form. */
const NARROWING: readonly string[] = ['systemReset2', 'systemSuspend'];

/**
 * An implementation as KVM's dispatcher reaches it (kvm_smccc_call_handler): the SMCCC filter is asked first, then the
 * bitmaps and versions; every answer writes X0 to X3, with 0 where it has nothing to say.
 */
export function throughGate(
  conduit: Conduit,
  implementation: Implementation,
  condition: (declaration: CallDeclaration) => Condition,
): Implementation {
  return {
    ...implementation,
    convention: { ...implementation.convention, conduits: [conduit.kind] },
    ranges: [],
    entries: implementation.entries.map((entry) => ({
      ...entry,
      handler: guarded(
        conduit,
        condition(entry.declaration),
        entry.handler,
        NARROWING.includes(entry.declaration.name),
      ),
    })),
  };
}

/** Answers what no call claims. */
export function unknownNumber(conduit: Conduit): Handler {
  return guarded(conduit, () => false, notSupported, false);
}

function guarded({ vm, kind }: Conduit, condition: Condition, handler: Handler, narrows: boolean): Handler {
  const answer = narrows ? narrowing(handler) : undefined;
  const exists =
    typeof condition === 'function' ? condition : () => ((condition.bitmap.low >>> condition.bit) & 1) !== 0;
  const asked = filtered(vm, kind === 'smc' ? EXIT_SMC : 0, exists, answer ?? clearing(handler));
  const known =
    typeof condition === 'function' || answer !== undefined
      ? unfiltered(vm, exists, answer ?? clearing(handler), asked)
      : byBit(vm, condition, handler, asked);
  if (kind === 'hvc') return known;
  // handle_smc: the syndrome of an AArch32 SMC does not hold its immediate.
  return (call) => (call.immediate !== 0 && call.pe.state === 'a64' ? returnInt(call, NOT_SUPPORTED) : known(call));
}

/** Where the VMM has set a filter. */
function filtered({ filter }: VmState, flags: number, exists: (call: Call) => boolean, handler: Handler): Handler {
  return (call) => {
    const action = filter.action(call.id);
    if (action === FILTER_FWD_TO_USER) return hypercallExit(call.id, flags);
    return action === FILTER_HANDLE && exists(call) ? handler(call) : notSupported(call);
  };
}

function unfiltered({ filter }: VmState, exists: (call: Call) => boolean, handler: Handler, asked: Handler): Handler {
  return (call) => {
    if (filter.configured) return asked(call);
    return exists(call) ? handler(call) : notSupported(call);
  };
}

function byBit({ filter }: VmState, { bitmap, bit }: FirmwareBit, handler: Handler, asked: Handler): Handler {
  return (call) => {
    if (filter.configured) return asked(call);
    clearResults(call);
    return ((bitmap.low >>> bit) & 1) !== 0 ? handler(call) : returnInt(call, NOT_SUPPORTED);
  };
}

function hypercallExit(id: number, flags: number): Exit {
  return { kind: 'exit', reason: 'KVM_EXIT_HYPERCALL', data: { nr: id >>> 0, flags } };
}

function notSupported(call: Call): Outcome {
  clearResults(call);
  return returnInt(call, NOT_SUPPORTED);
}

function clearing(handler: Handler): Handler {
  return (call) => {
    clearResults(call);
    return handler(call);
  };
}

/** kvm_psci_narrow_to_32bit changes the registers in place, and these calls write no more than X0 when they succeed. */
function narrowing(handler: Handler): Handler {
  return (call) => {
    const { w } = call.pe;
    if ((call.id & SMC64) === 0) for (let i = 1; i < RESULTS; i++) w[2 * i + 1] = 0;
    const outcome = handler(call);
    if (outcome === RETURNED) clearResults(call);
    return outcome;
  };
}

/** Arguments stand in the call by now. */
function clearResults(call: Call): void {
  const { w } = call.pe;
  for (let half = 2; half < 2 * RESULTS; half++) w[half] = 0;
}
