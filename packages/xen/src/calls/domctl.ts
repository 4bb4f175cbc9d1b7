import type { Outcome } from '@trapline/core';
import { DOMID_FIRST_RESERVED, DOMID_INVALID } from '../abi/domain-ids.js';
import { ERRNO } from '../abi/errno.js';
import { DOMCTL, xenDomctl, xenDomctlGetvcpuinfo } from '../abi/structures/domctl.js';
import { destroyDomain } from '../domain/death.js';
import type { Domain } from '../domain/domain.js';
import { encodeDomainInfo } from './domain-info.js';
import { fail, type Hypercall, succeed } from './hypercall.js';

const COMMAND = xenDomctl.at.cmd >> 2;
const VERSION = xenDomctl.at.interfaceVersion >> 2;
const DOMAIN = xenDomctl.at.domain >> 1;
const U = xenDomctl.at.u;
const HANDLE_BYTES = 16;

/**
 * HYPERVISOR_domctl (common/domctl.c): EFAULT, EACCES for another interface version, ESRCH for a domain that is not there,
 * EPERM for all but the control domain, in this order. ENOSYS for commands that are not answered; ENOMEM for
 * XEN_DOMCTL_createdomain, for guests are composed with the machine.
 */
export function domctl(call: Hypercall): Outcome {
  const { w, domain, operand } = call;
  const { memory, xen } = domain;
  if (!memory.copyIn(call, w[0] as number, w[1] as number, xenDomctl.size)) return fail(call, ERRNO.EFAULT);
  if (operand.words[VERSION] !== xen.profile.domctlVersion) return fail(call, ERRNO.EACCES);
  const command = operand.words[COMMAND] as number;
  const id = operand.halves[DOMAIN] as number;
  if (command === DOMCTL.createdomain || (id === DOMID_INVALID && command === DOMCTL.vmEventOp)) {
    return fail(call, xen.policy.privileged(domain) ? ERRNO.ENOMEM : ERRNO.EPERM);
  }
  const target = xen.domain(id);
  if (command === DOMCTL.getdomaininfo) return info(call, id, target);
  if (target === undefined) return fail(call, ERRNO.ESRCH);
  if (!xen.policy.privileged(domain)) return fail(call, ERRNO.EPERM);
  return perform(call, command, target);
}

/** Of the domain named, or else of the next one above that there is. */
function info(call: Hypercall, id: number, named: Domain | undefined): Outcome {
  const { domain, operand } = call;
  const { xen } = domain;
  if (named === undefined && id >= DOMID_FIRST_RESERVED) return fail(call, ERRNO.EINVAL);
  const target = named ?? xen.firstFrom(id);
  if (target === undefined) return fail(call, ERRNO.ESRCH);
  if (!xen.policy.privileged(domain)) return fail(call, ERRNO.EPERM);
  operand.bytes.set(encodeDomainInfo(target, call.vcpu), U);
  operand.halves[DOMAIN] = target.id;
  return giveBack(call);
}

function perform(call: Hypercall, command: number, target: Domain): Outcome {
  const own = target === call.domain;
  switch (command) {
    case DOMCTL.destroydomain:
      if (own) return fail(call, ERRNO.EINVAL);
      destroyDomain(target);
      return succeed(call);
    case DOMCTL.pausedomain:
      if (own) return fail(call, ERRNO.EINVAL);
      target.life.pause();
      return succeed(call);
    case DOMCTL.unpausedomain:
      return target.life.unpause() ? succeed(call) : fail(call, ERRNO.EINVAL);
    case DOMCTL.resumedomain:
      if (own) return fail(call, ERRNO.EINVAL);
      target.life.resume();
      return succeed(call);
    case DOMCTL.maxVcpus: {
      const wrong = own || call.operand.words[U >> 2] !== target.vcpus.length;
      return wrong ? fail(call, ERRNO.EINVAL) : succeed(call);
    }
    case DOMCTL.getvcpuinfo:
      return vcpuInfo(call, target);
    case DOMCTL.setdomainhandle:
      target.handle.set(call.operand.bytes.subarray(U, U + HANDLE_BYTES));
      return succeed(call);
    case DOMCTL.setdebugging:
      return own ? fail(call, ERRNO.EINVAL) : succeed(call);
    case DOMCTL.settimeoffset: {
      const { words } = call.operand;
      const seconds = (BigInt(words[(U >> 2) + 1] as number) << 32n) | BigInt(words[U >> 2] as number);
      target.wallClock.setOffset(BigInt.asIntN(64, seconds));
      return succeed(call);
    }
    case DOMCTL.subscribe:
      return succeed(call);
    default:
      return fail(call, ERRNO.ENOSYS);
  }
}

function vcpuInfo(call: Hypercall, target: Domain): Outcome {
  const { bytes, words } = call.operand;
  const id = words[U >> 2] as number;
  const vcpu = target.vcpus[id];
  if (vcpu === undefined) return fail(call, ERRNO.EINVAL);
  const { scheduling, guest } = target;
  const running = guest?.ports.power.state(vcpu.pe) === 'running';
  bytes.set(
    xenDomctlGetvcpuinfo.encode({
      vcpu: id,
      online: scheduling.isDown(id) ? 0 : 1,
      blocked: scheduling.isBlocked(id) ? 1 : 0,
      running: running ? 1 : 0,
    }),
    U,
  );
  return giveBack(call);
}

function giveBack(call: Hypercall): Outcome {
  const { w, domain } = call;
  const given = domain.memory.copyOut(call, w[0] as number, w[1] as number, xenDomctl.size);
  return given ? succeed(call) : fail(call, ERRNO.EFAULT);
}
