import type { Outcome } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { EVTCHNSTAT, evtchnStatus, evtchnStatusDetail } from '../abi/structures/event-channel.js';
import { fail, type Hypercall, succeed } from '../calls/hypercall.js';
import type { Domain } from '../domain/domain.js';
import { copyIn, copyOut } from './copy.js';
import { FREE, INTERDOMAIN, IPI, RESERVED, UNBOUND, VIRQ_BOUND } from './port-table.js';

const DOM = evtchnStatus.at.dom / 2;
const PORT = evtchnStatus.at.port / 4;
const STATUS = evtchnStatus.at.status / 4;
const VCPU = evtchnStatus.at.vcpu / 4;
const DETAIL = evtchnStatus.at.u;
const DETAIL_DOM = (DETAIL + evtchnStatusDetail.fields.interdomain.at.dom) / 2;
const DETAIL_PORT = (DETAIL + evtchnStatusDetail.fields.interdomain.at.port) / 4;
const DETAIL_VIRQ = DETAIL / 4;

const STATUS_OF: readonly number[] = statusByState();

/**
 * EVTCHNOP_status: what a port is. Members of the union that say nothing about it stay as the guest had them. ESRCH for a
 * domain that is not there, EINVAL for a port beyond its valid range, EPERM for another's port without the privilege.
 */
export function status(call: Hypercall): Outcome {
  if (!copyIn(call, evtchnStatus.size)) return fail(call, ERRNO.EFAULT);
  const { domain, operand } = call;
  const { xen } = domain;
  const { words, halves } = operand;
  const target = xen.named(domain, halves[DOM] as number);
  if (target === undefined) return fail(call, ERRNO.ESRCH);
  const { ports } = target.events;
  const port = words[PORT] as number;
  if (port >= ports.valid) return fail(call, ERRNO.EINVAL);
  if (!xen.policy.target(domain, target)) return fail(call, ERRNO.EPERM);
  const state = ports.state[port] as number;
  words[STATUS] = STATUS_OF[state] as number;
  words[VCPU] = ports.notify[port] as number;
  const remote = ports.remote[port] as number;
  if (state === UNBOUND) halves[DETAIL_DOM] = remote;
  else if (state === VIRQ_BOUND) words[DETAIL_VIRQ] = remote;
  else if (state === INTERDOMAIN) {
    halves[DETAIL_DOM] = (ports.peers[port] as Domain).id;
    words[DETAIL_PORT] = remote;
  }
  return copyOut(call, evtchnStatus.size) ? succeed(call) : fail(call, ERRNO.EFAULT);
}

function statusByState(): readonly number[] {
  const list: number[] = [];
  list[FREE] = EVTCHNSTAT.closed;
  list[RESERVED] = EVTCHNSTAT.closed;
  list[UNBOUND] = EVTCHNSTAT.unbound;
  list[INTERDOMAIN] = EVTCHNSTAT.interdomain;
  list[VIRQ_BOUND] = EVTCHNSTAT.virq;
  list[IPI] = EVTCHNSTAT.ipi;
  return list;
}
