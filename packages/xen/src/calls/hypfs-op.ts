import { type Outcome, virtualAddressOf } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import {
  HYPFS_GET_VERSION,
  HYPFS_MAX_PATH,
  HYPFS_READ,
  HYPFS_VERSION,
  HYPFS_WRITE_CONTENTS,
  xenHypfsDirentry,
} from '../abi/structures/hypfs.js';
import { direntryOf, findEntry, type HypfsEntry } from '../host/hypfs.js';
import { fail, type Hypercall, succeed } from './hypercall.js';

/**
 * HYPERVISOR_hypfs_op (common/hypfs.c): EPERM for all but the control domain; EINVAL for a path that is too long, has no
 * zero at its end or no slash at its start; ENOENT; ENOBUFS, with the entry's header, for a short buffer; EACCES for
 * writing, for this Xen's parameters are the host's.
 */
export function hypfsOp(call: Hypercall): Outcome {
  const { w, domain } = call;
  if (!domain.xen.policy.privileged(domain)) return fail(call, ERRNO.EPERM);
  if (w[0] === HYPFS_GET_VERSION) return version(call);
  const path = pathOf(call);
  if (typeof path === 'number') return fail(call, path);
  const entry = findEntry(domain.xen.hypfs, path);
  if (entry === undefined) return fail(call, ERRNO.ENOENT);
  if (w[0] === HYPFS_READ) return read(call, entry);
  return fail(call, w[0] === HYPFS_WRITE_CONTENTS ? ERRNO.EACCES : ERRNO.EOPNOTSUPP);
}

function version(call: Hypercall): Outcome {
  for (let half = 2; half < 10; half++) if (call.w[half] !== 0) return fail(call, ERRNO.EINVAL);
  return succeed(call, HYPFS_VERSION);
}

function pathOf(call: Hypercall): string | number {
  const { w, domain, vcpu } = call;
  const length = w[4] as number;
  if (w[5] !== 0 || length > HYPFS_MAX_PATH) return ERRNO.EINVAL;
  const bytes = new Uint8Array(length);
  const address = virtualAddressOf(w[2] as number, w[3] as number);
  if (length > 0 && !domain.memory.read(vcpu, address, bytes)) return ERRNO.EFAULT;
  const path = String.fromCharCode(...bytes.subarray(0, -1));
  return bytes.indexOf(0) === length - 1 && length > 0 && path.startsWith('/') ? path : ERRNO.EINVAL;
}

function read(call: Hypercall, entry: HypfsEntry): Outcome {
  const { w, domain, vcpu } = call;
  const room = w[9] === 0 ? (w[8] as number) : Number.MAX_SAFE_INTEGER;
  const header = direntryOf(entry);
  if (room < header.length) return fail(call, ERRNO.EINVAL);
  const address = virtualAddressOf(w[6] as number, w[7] as number);
  if (!domain.memory.write(vcpu, address, header)) return fail(call, ERRNO.EFAULT);
  const told = entry.size ?? entry.content.length;
  if (room < told + xenHypfsDirentry.size) return fail(call, ERRNO.ENOBUFS);
  const written = domain.memory.write(vcpu, address + header.length, entry.content);
  return written ? succeed(call) : fail(call, ERRNO.EFAULT);
}
