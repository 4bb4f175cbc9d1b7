import { AGAIN, type Outcome, RETURNED, type Wait } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { xenAbi } from '../abi/hypercalls.js';
import { multicallEntry } from '../abi/structures/multicall.js';
import { SHUTDOWN } from '../abi/structures/sched.js';
import type { Domain } from '../domain/domain.js';
import type { XenVcpu } from '../domain/vcpu.js';
import { fail, type Hypercall, succeed } from './hypercall.js';
import { Operand } from './operand.js';

/** Entries after which a multicall is preempted. */
export const ENTRIES_PER_CALL = 256;

const ENTRY_BYTES = multicallEntry.size;
const OP = multicallEntry.at.op >> 2;
const RESULT = multicallEntry.at.result >> 2;
const RESULT_BYTES = 8;
const ARGUMENTS = multicallEntry.at.args >> 2;
const ARGUMENT_HALVES = 12;

/** Arguments of each hypercall, by number: those that a 32-bit guest's entry must keep below 2^32. */
const ARGUMENT_COUNTS: readonly (number | undefined)[] = Array.from(
  { length: Math.max(...xenAbi.all.map(({ id }) => id)) + 1 },
  (_, id) => xenAbi.find(id)?.argumentNames.length,
);

/** The entry of a multicall that a vCPU has in hand. */
export class MulticallEntry implements Hypercall {
  readonly domain: Domain;
  readonly vcpu: XenVcpu;
  readonly operand: Operand = new Operand();
  readonly w: Uint32Array = new Uint32Array(ARGUMENT_HALVES);
  readonly nested = true;
  low = 0;
  high = 0;
  yielded = false;

  constructor(vcpu: XenVcpu) {
    this.domain = vcpu.domain;
    this.vcpu = vcpu;
  }
}

/**
 * HYPERVISOR_multicall (common/multicall.c): each entry's result in the entry, ENOSYS for numbers that are none, EINVAL for
 * a multicall inside. EFAULT where an entry cannot be read or written; those before are done.
 *
 * Preempted behind an entry that yields or waits, after {@link ENTRIES_PER_CALL} entries, and with an entry that is itself
 * preempted: the caller finds the list and the count that are left.
 */
export function multicall(call: Hypercall): Outcome {
  if (call.nested) return fail(call, ERRNO.EINVAL);
  const { w, domain, operand, vcpu } = call;
  const { memory } = domain;
  const { entry } = vcpu;
  let left = w[2] as number;
  for (let done = 0; left > 0; done++) {
    if (done === ENTRIES_PER_CALL) return preempted(call, left);
    if (!memory.copyIn(call, w[0] as number, w[1] as number, ENTRY_BYTES)) return fail(call, ERRNO.EFAULT);
    entry.yielded = false;
    const outcome = perform(call, entry);
    operand.words[RESULT] = entry.low;
    operand.words[RESULT + 1] = entry.high;
    if (outcome === AGAIN) {
      operand.words.set(entry.w, ARGUMENTS);
      const kept = memory.copyOut(call, w[0] as number, w[1] as number, ENTRY_BYTES);
      return kept ? preempted(call, left) : fail(call, ERRNO.EFAULT);
    }
    if (!memory.copyOutPart(call, w[0] as number, w[1] as number, RESULT << 2, RESULT_BYTES)) {
      return fail(call, ERRNO.EFAULT);
    }
    advance(w);
    left--;
    if (outcome.kind === 'wait') return left === 0 ? waits(call, outcome) : waitsAgain(call, left, outcome);
    if (outcome !== RETURNED) return outcome;
    if (entry.yielded && left > 0) return preempted(call, left);
  }
  return succeed(call);
}

/** Carries out the entry that stands in the caller's operand. */
function perform(call: Hypercall, entry: MulticallEntry): Outcome {
  const { words } = call.operand;
  const number = words[OP + 1] === 0 ? (words[OP] as number) : ARGUMENT_COUNTS.length;
  const operation = call.domain.xen.hypercalls[number];
  for (let half = 0; half < ARGUMENT_HALVES; half++) entry.w[half] = words[ARGUMENTS + half] as number;
  if (number < ARGUMENT_COUNTS.length && call.vcpu.pe.state !== 'a64' && !isNarrow(entry.w, ARGUMENT_COUNTS[number])) {
    return call.domain.shutdown(SHUTDOWN.crash, call.vcpu);
  }
  return operation === undefined ? fail(entry, ERRNO.ENOSYS) : operation(entry);
}

/** check_multicall_32bit_clean: a 32-bit guest that sets high halves of arguments is crashed. */
function isNarrow(w: Uint32Array, count: number = 0): boolean {
  for (let i = 0; i < count; i++) if (w[2 * i + 1] !== 0) return false;
  return true;
}

function advance(w: Uint32Array): void {
  const low = (w[0] as number) + ENTRY_BYTES;
  w[0] = low;
  if (low > 0xffff_ffff) w[1] = (w[1] as number) + 1;
}

function preempted(call: Hypercall, left: number): Outcome {
  call.w[2] = left;
  call.w[3] = 0;
  return AGAIN;
}

/** The last entry waits: so does the multicall, whose own result is 0. */
function waits(call: Hypercall, wait: Wait): Outcome {
  succeed(call);
  return { ...wait, onWake: 'return', results: ['0'] };
}

/** An entry in the middle waits: the rest follows when the caller wakes. */
function waitsAgain(call: Hypercall, left: number, wait: Wait): Outcome {
  preempted(call, left);
  const { results: _results, ...rest } = wait;
  return { ...rest, onWake: 'repeat' };
}
