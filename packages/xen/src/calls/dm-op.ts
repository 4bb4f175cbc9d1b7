import { type Outcome, virtualAddressOf } from '@trapline/core';
import { DOMID_SELF } from '../abi/domain-ids.js';
import { ERRNO } from '../abi/errno.js';
import {
  DMOP_NR_VCPUS,
  DMOP_SET_IRQ_LEVEL,
  xenDmOp,
  xenDmOpBuf,
  xenDmOpNrVcpus,
  xenDmOpSetIrqLevel,
} from '../abi/structures/dm.js';
import type { Domain } from '../domain/domain.js';
import { fail, type Hypercall, succeed } from './hypercall.js';

/** Buffers of a call at most (common/dm.c). */
const MAX_DM_BUFFERS = 3;

const HEADER = xenDmOp.at.u;
const FIRST_SHARED_INTERRUPT = 32;
const LAST_SHARED_INTERRUPT = 1019;

/**
 * HYPERVISOR_dm_op (common/dm.c, arch/arm/dm.c): ENODATA without buffers, E2BIG for more than {@link MAX_DM_BUFFERS},
 * EFAULT, EPERM for oneself, ESRCH, EPERM without the privilege; EOPNOTSUPP for what an ARM device model without ioreq
 * servers does not do.
 */
export function dmOp(call: Hypercall): Outcome {
  const { w, domain, operand, vcpu } = call;
  const { memory, xen } = domain;
  const count = w[2] as number;
  if (count === 0) return fail(call, ERRNO.ENODATA);
  if (count > MAX_DM_BUFFERS) return fail(call, ERRNO.E2BIG);
  if (!memory.copyIn(call, w[4] as number, w[5] as number, count * xenDmOpBuf.size)) return fail(call, ERRNO.EFAULT);
  const { h, size } = xenDmOpBuf.decode(operand.bytes);
  const id = (w[0] as number) & 0xffff;
  if (id === domain.id || id === DOMID_SELF) return fail(call, ERRNO.EPERM);
  const target = xen.domain(id);
  if (target === undefined) return fail(call, ERRNO.ESRCH);
  if (!xen.policy.privileged(domain)) return fail(call, ERRNO.EPERM);
  const address = virtualAddressOf(Number(h & 0xffff_ffffn), Number(h >> 32n));
  const bytes = new Uint8Array(Math.min(Number(size), xenDmOp.size));
  if (bytes.length < HEADER || !memory.read(vcpu, address, bytes)) return fail(call, ERRNO.EFAULT);
  const error = perform(call, target, bytes, address);
  return error === 0 ? succeed(call) : fail(call, error);
}

/** Gives the error, 0 for success. */
function perform(call: Hypercall, target: Domain, bytes: Uint8Array, address: number): number {
  const view = new DataView(bytes.buffer);
  const body = bytes.subarray(HEADER);
  switch (view.getUint32(0, true)) {
    case DMOP_SET_IRQ_LEVEL:
      if (body.length < xenDmOpSetIrqLevel.size) return ERRNO.EFAULT;
      return view.getUint32(4, true) === 0 ? setLevel(target, body) : ERRNO.EINVAL;
    case DMOP_NR_VCPUS: {
      if (body.length < xenDmOpNrVcpus.size) return ERRNO.EFAULT;
      if (view.getUint32(4, true) !== 0) return ERRNO.EINVAL;
      const answer = xenDmOpNrVcpus.encode({ vcpus: target.vcpus.length });
      return call.domain.memory.write(call.vcpu, address + HEADER, answer) ? 0 : ERRNO.EFAULT;
    }
    default:
      return ERRNO.EOPNOTSUPP;
  }
}

/** Shared interrupts alone, a level of 0 or 1, nothing in the padding. */
function setLevel({ guest, vcpus }: Domain, body: Uint8Array): number {
  const { irq, level, pad } = xenDmOpSetIrqLevel.decode(body);
  if (irq < FIRST_SHARED_INTERRUPT || irq > LAST_SHARED_INTERRUPT || level > 1 || pad.some((byte) => byte !== 0))
    return ERRNO.EINVAL;
  const first = vcpus[0];
  if (first !== undefined) guest?.ports.interrupts.setLevel(first.pe, irq, level === 1);
  return 0;
}
