import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import {
  evtchnAllocUnbound,
  evtchnBindInterdomain,
  evtchnBindIpi,
  evtchnBindPirq,
  evtchnBindVirq,
} from '../abi/structures/event-channel.js';
import { isGlobalVirq, NR_VIRQS } from '../abi/virq.js';
import { fail, type Hypercall, succeed } from '../calls/hypercall.js';
import type { Domain } from '../domain/domain.js';
import { DOMID_SELF } from '../domain/xen.js';
import { copyIn, copyOut } from './copy.js';
import { IPI, UNBOUND, VIRQ_BOUND } from './port-table.js';

/** Physical interrupts that a domain could bind (asm/irq.h, NR_IRQS); on ARM none of them can be. */
const NR_PIRQS = 1024;

const ALLOC_DOM = evtchnAllocUnbound.at.dom / 2;
const ALLOC_REMOTE = evtchnAllocUnbound.at.remoteDom / 2;
const ALLOC_PORT = evtchnAllocUnbound.at.port / 4;
const BIND_REMOTE = evtchnBindInterdomain.at.remoteDom / 2;
const BIND_REMOTE_PORT = evtchnBindInterdomain.at.remotePort / 4;
const BIND_LOCAL_PORT = evtchnBindInterdomain.at.localPort / 4;
const VIRQ_NUMBER = evtchnBindVirq.at.virq / 4;
const VIRQ_VCPU = evtchnBindVirq.at.vcpu / 4;
const VIRQ_PORT = evtchnBindVirq.at.port / 4;
const IPI_VCPU = evtchnBindIpi.at.vcpu / 4;
const IPI_PORT = evtchnBindIpi.at.port / 4;
const PIRQ_NUMBER = evtchnBindPirq.at.pirq / 4;

/**
 * EVTCHNOP_alloc_unbound: the port is allocated first, and given back where the policy refuses. ESRCH for a domain that
 * is not there, ENOSPC, EINVAL for one that dies; EPERM for another domain without the privilege, and under SILO for a
 * remote one that the domain may not talk to (ESRCH where there is none).
 */
export function allocUnbound(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnAllocUnbound.size)) return fail(call, ERRNO.EFAULT);
  const { domain, operand } = call;
  const { xen } = domain;
  const target = xen.named(domain, operand.halves[ALLOC_DOM] as number);
  if (target === undefined) return fail(call, ERRNO.ESRCH);
  const { events } = target;
  const port = events.allocate();
  if (port < 0) return fail(call, -port);
  const remoteId = operand.halves[ALLOC_REMOTE] as number;
  const refused = refusal(domain, target, remoteId);
  if (refused !== 0) return fail(call, -events.abandon(-refused));
  events.bind(port, UNBOUND, 0, remoteId === DOMID_SELF ? domain.id : remoteId);
  return giveBack(call, evtchnAllocUnbound.size, ALLOC_PORT, port);
}

/** What the security module says of an offer (xsm_evtchn_unbound): 0, or an errno. Only SILO looks at the remote domain. */
function refusal(caller: Domain, target: Domain, remoteId: number): number {
  const { policy } = caller.xen;
  if (policy.name === 'silo') {
    const remote = caller.xen.named(caller, remoteId);
    if (remote === undefined) return ERRNO.ESRCH;
    if (!policy.privileged(caller) && !policy.mayTalk(target, remote)) return ERRNO.EPERM;
  }
  return policy.target(caller, target) ? 0 : ERRNO.EPERM;
}

/** EVTCHNOP_bind_interdomain: the local port is pending at once, in case the peer has sent before. */
export function bindInterdomain(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnBindInterdomain.size)) return fail(call, ERRNO.EFAULT);
  const { domain, operand } = call;
  const { halves, words } = operand;
  const port = domain.events.bindInterdomain(halves[BIND_REMOTE] as number, words[BIND_REMOTE_PORT] as number);
  return port < 0 ? fail(call, -port) : giveBack(call, evtchnBindInterdomain.size, BIND_LOCAL_PORT, port);
}

/**
 * EVTCHNOP_bind_virq: anyone may bind any. EINVAL for a number that is none and for a global one on another vCPU than 0,
 * ENOENT for a vCPU that does not exist, EEXIST for a second time.
 */
export function bindVirq(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnBindVirq.size)) return fail(call, ERRNO.EFAULT);
  const { domain, operand } = call;
  const { events } = domain;
  const virq = operand.words[VIRQ_NUMBER] as number;
  const vcpu = operand.words[VIRQ_VCPU] as number;
  if (virq >= NR_VIRQS || (isGlobalVirq(virq) && vcpu !== 0)) return fail(call, ERRNO.EINVAL);
  if (vcpu >= domain.vcpus.length) return fail(call, ERRNO.ENOENT);
  const index = vcpu * NR_VIRQS + virq;
  if (events.virqs[index] !== 0) return fail(call, ERRNO.EEXIST);
  const port = events.allocate();
  if (port < 0) return fail(call, -port);
  events.virqs[index] = events.bind(port, VIRQ_BOUND, vcpu, virq);
  return giveBack(call, evtchnBindVirq.size, VIRQ_PORT, port);
}

/** EVTCHNOP_bind_ipi: ENOENT for a vCPU that does not exist. */
export function bindIpi(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnBindIpi.size)) return fail(call, ERRNO.EFAULT);
  const { domain, operand } = call;
  const vcpu = operand.words[IPI_VCPU] as number;
  if (vcpu >= domain.vcpus.length) return fail(call, ERRNO.ENOENT);
  const port = domain.events.allocate();
  if (port < 0) return fail(call, -port);
  domain.events.bind(port, IPI, vcpu, 0);
  return giveBack(call, evtchnBindIpi.size, IPI_PORT, port);
}

/**
 * EVTCHNOP_bind_pirq: ARM has no physical interrupts to bind. Until 4.18 that shows once a port has been found
 * (alloc_pirq_struct has nothing to give): ENOMEM, and EINVAL for a number that is none; afterwards it is EOPNOTSUPP.
 */
export function bindPirq(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnBindPirq.size)) return fail(call, ERRNO.EFAULT);
  const { events, xen } = call.domain;
  if (!xen.profile.events.looksForPirqs) return fail(call, ERRNO.EOPNOTSUPP);
  if ((call.operand.words[PIRQ_NUMBER] as number) >= NR_PIRQS) return fail(call, ERRNO.EINVAL);
  const port = events.allocate();
  return fail(call, port < 0 ? -port : -events.abandon(-ERRNO.ENOMEM));
}

/** A result that cannot be written is EFAULT, and the port stays bound. */
function giveBack(call: Hypercall, size: number, field: number, port: number): Outcome {
  call.operand.words[field] = port;
  return copyOut(call, size) ? succeed(call) : fail(call, ERRNO.EFAULT);
}
