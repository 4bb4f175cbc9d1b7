import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { schedOperations } from '../abi/operations/sched.js';
import type { Structure } from '../abi/structure.js';
import {
  SHUTDOWN,
  schedPinOverride,
  schedRemoteShutdown,
  schedShutdown,
  schedWatchdog,
} from '../abi/structures/sched.js';
import { RUNSTATE } from '../abi/structures/vcpu.js';
import { answer, fail, type Hypercall, type Operation, succeed } from '../calls/hypercall.js';
import { poll } from './poll.js';
import { PSTATE_I } from './scheduling.js';

/** CPUs that Xen can have (CONFIG_NR_CPUS of an arm64 build): a number from there on is no CPU. */
const NR_CPUS = 128;

const REASON = schedShutdown.at.reason / 4;
const REMOTE_DOMAIN = schedRemoteShutdown.at.domainId / 2;
const REMOTE_REASON = schedRemoteShutdown.at.reason / 4;
const WATCHDOG_ID = schedWatchdog.at.id / 4;
const WATCHDOG_TIMEOUT = schedWatchdog.at.timeout / 4;
const PCPU = schedPinOverride.at.pcpu / 4;

const HANDLERS: { readonly [N in keyof typeof schedOperations.operations]: Operation } = {
  yield: yieldNow,
  block,
  shutdown,
  poll,
  remoteShutdown,
  shutdownCode,
  watchdog,
  pinOverride,
};

const BY_COMMAND: readonly Operation[] = schedOperations.all.map(({ name }) => HANDLERS[name]);

/** HYPERVISOR_sched_op (common/sched/core.c, do_sched_op): the command is an int. ENOSYS for other commands. */
export function schedOp(call: Hypercall): Outcome {
  const operation = BY_COMMAND[call.w[0] as number];
  return operation === undefined ? fail(call, ERRNO.ENOSYS) : operation(call);
}

function read(call: Hypercall, structure: Structure): boolean {
  return call.domain.memory.copyIn(call, call.w[2] as number, call.w[3] as number, structure.size);
}

function yieldNow(call: Hypercall): Outcome {
  call.yielded = true;
  call.domain.scheduling.runStates.enter(call.vcpu.id, RUNSTATE.running);
  return succeed(call);
}

/** Blocking enables events, which on ARM means interrupts of the caller (local_event_delivery_enable). */
function block(call: Hypercall): Outcome {
  const { vcpu, domain } = call;
  vcpu.pe.pstate &= ~PSTATE_I;
  succeed(call);
  return domain.scheduling.hasWork(vcpu.id) ? succeed(call) : domain.scheduling.block(vcpu.id);
}

/** Only the low 8 bits of a reason are kept. */
function shutdown(call: Hypercall): Outcome {
  if (!read(call, schedShutdown)) return fail(call, ERRNO.EFAULT);
  succeed(call);
  return call.domain.shutdown((call.operand.words[REASON] as number) & 0xff, call.vcpu);
}

function shutdownCode(call: Hypercall): Outcome {
  if (!read(call, schedShutdown)) return fail(call, ERRNO.EFAULT);
  call.domain.latchShutdownCode((call.operand.words[REASON] as number) & 0xff);
  return succeed(call);
}

/** ESRCH for a domain that is not there (DOMID_SELF is none), EPERM without the privilege. */
function remoteShutdown(call: Hypercall): Outcome {
  if (!read(call, schedRemoteShutdown)) return fail(call, ERRNO.EFAULT);
  const { domain, operand } = call;
  const target = domain.xen.domain(operand.halves[REMOTE_DOMAIN] as number);
  if (target === undefined) return fail(call, ERRNO.ESRCH);
  if (!domain.xen.policy.privileged(domain)) return fail(call, ERRNO.EPERM);
  succeed(call);
  return target.shutdown((operand.words[REMOTE_REASON] as number) & 0xff, target === domain ? call.vcpu : undefined);
}

/**
 * Its ENOSPC is 32 bits wide: the function that starts a watchdog gives that as a uint32_t, which an id is. A watchdog
 * that starts with no time at all has bitten before the call is over.
 */
function watchdog(call: Hypercall): Outcome {
  if (!read(call, schedWatchdog)) return fail(call, ERRNO.EFAULT);
  const { domain, operand } = call;
  const id = operand.words[WATCHDOG_ID] as number;
  const timeout = operand.words[WATCHDOG_TIMEOUT] as number;
  const result = domain.scheduling.watchdogs.set(id, timeout);
  const outcome = answer(call, result);
  if (result === -ERRNO.ENOSPC) call.high = 0;
  return id === 0 && timeout === 0 && result > 0 ? domain.shutdown(SHUTDOWN.watchdog, call.vcpu) : outcome;
}

/** The hardware domain's alone. EBUSY where the vCPU is pinned already; unpinning one that is not is EINVAL. */
function pinOverride(call: Hypercall): Outcome {
  const { domain, vcpu } = call;
  if (!domain.privileged) return fail(call, ERRNO.EPERM);
  if (!read(call, schedPinOverride)) return fail(call, ERRNO.EFAULT);
  const pcpu = (call.operand.words[PCPU] as number) | 0;
  if (pcpu >= NR_CPUS) return fail(call, ERRNO.EINVAL);
  if (pcpu < 0) return domain.scheduling.pin(vcpu.id, false) ? succeed(call) : fail(call, ERRNO.EINVAL);
  if (pcpu >= domain.xen.host.cpus) return fail(call, ERRNO.EINVAL);
  return domain.scheduling.pin(vcpu.id, true) ? succeed(call) : fail(call, ERRNO.EBUSY);
}
