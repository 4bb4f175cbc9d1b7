import { type Handler, type Implementation, RETURNED, returnInt, type Wait } from '@trapline/core';
import { abi, status } from '@trapline/psci';
import { archAbi } from '@trapline/smccc';
import { SHUTDOWN } from '../abi/structures/sched.js';
import type { Domain } from '../domain/domain.js';
import { PSCI_PROFILE } from './psci-profile.js';

/** PSCI of a domain, with what is Xen's own: FEATURES looks at nothing but the number, the system calls end the domain. */
export function psciOf(domain: Domain, implementations: readonly Implementation[]): readonly Implementation[] {
  const own: Readonly<Record<string, Handler>> = {
    features: features(),
    systemOff: systemCall(domain, SHUTDOWN.poweroff),
    systemReset: systemCall(domain, SHUTDOWN.reboot),
    cpuSuspend: cpuSuspend(domain),
  };
  return implementations.map((part) => ({
    ...part,
    ranges: [],
    entries: part.entries.map((entry) => ({ ...entry, handler: own[entry.declaration.name] ?? entry.handler })),
  }));
}

/** PSCI_FEATURES: SUCCESS for the calls of 0.2 and later, in both forms for every caller, and for SMCCC_VERSION. */
function features(): Handler {
  const known = new Set<number>([archAbi.calls.version.id]);
  for (const name of PSCI_PROFILE.calls) {
    const { id, wideId } = abi.calls[name];
    known.add(id);
    if (wideId !== undefined) known.add(wideId);
  }
  return (call) => returnInt(call, known.has((call.w[0] as number) | 0) ? 0 : status.NOT_SUPPORTED.code);
}

/** SYSTEM_OFF and SYSTEM_RESET: a domain that is resumed afterwards finds INTERNAL_FAILURE. */
function systemCall(domain: Domain, reason: number): Handler {
  return (call) => {
    returnInt(call, status.INTERNAL_FAILURE.code);
    return domain.shutdown(reason, domain.vcpus[call.pe.index]);
  };
}

const SUSPENDED: Wait = Object.freeze({ kind: 'wait', until: 'interrupt', onWake: 'return', why: 'CPU_SUSPEND' });

/**
 * CPU_SUSPEND, whatever the power state: blocks until an interrupt or an unmasked event is there
 * (vcpu_block_unless_event_pending), and returns SUCCESS.
 */
function cpuSuspend({ scheduling }: Domain): Handler {
  return (call) => {
    const { index } = call.pe;
    returnInt(call, status.SUCCESS.code);
    if (scheduling.hasWork(index)) return RETURNED;
    scheduling.suspended(index);
    return SUSPENDED;
  };
}
