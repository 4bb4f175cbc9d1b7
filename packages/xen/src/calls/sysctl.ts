import { type Outcome, virtualAddressOf } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import {
  PHYSCAP,
  SCHEDULER_CREDIT2,
  SYSCTL,
  xenSysctl,
  xenSysctlAvailheap,
  xenSysctlGetcpuinfo,
  xenSysctlGetdomaininfolist,
  xenSysctlPhysinfo,
  xenSysctlReadconsole,
} from '../abi/structures/sysctl.js';
import { PAGE_BYTES } from '../memory/frames.js';
import { encodeDomainInfo } from './domain-info.js';
import { fail, type Hypercall, succeed } from './hypercall.js';

const COMMAND = xenSysctl.at.cmd >> 2;
const VERSION = xenSysctl.at.interfaceVersion >> 2;
const U = xenSysctl.at.u;
const U_BYTES = xenSysctl.size - U;
const CPUINFO_BYTES = 8;

/**
 * HYPERVISOR_sysctl (common/sysctl.c): EFAULT, EACCES for another interface version, EPERM for all but the control domain,
 * ENOSYS for commands that are not answered. What is told of the machine is the {@link HostDescription}.
 */
export function sysctl(call: Hypercall): Outcome {
  const { w, domain, operand } = call;
  const { memory, xen } = domain;
  if (!memory.copyIn(call, w[0] as number, w[1] as number, xenSysctl.size)) return fail(call, ERRNO.EFAULT);
  if (operand.words[VERSION] !== xen.profile.sysctlVersion) return fail(call, ERRNO.EACCES);
  if (!xen.policy.privileged(domain)) return fail(call, ERRNO.EPERM);
  const error = perform(call, operand.words[COMMAND] as number, operand.bytes.subarray(U, U + U_BYTES));
  if (error !== 0) return fail(call, error);
  const given = memory.copyOut(call, w[0] as number, w[1] as number, xenSysctl.size);
  return given ? succeed(call) : fail(call, ERRNO.EFAULT);
}

function perform(call: Hypercall, command: number, u: Uint8Array): number {
  const { xen } = call.domain;
  switch (command) {
    case SYSCTL.readconsole:
      return readConsole(call, u);
    case SYSCTL.physinfo:
      physinfo(call, u);
      return 0;
    case SYSCTL.schedId:
      u[0] = SCHEDULER_CREDIT2;
      u.fill(0, 1, 4);
      return 0;
    case SYSCTL.getdomaininfolist:
      return domainList(call, u);
    case SYSCTL.getcpuinfo:
      return cpuInfo(call, u);
    case SYSCTL.availheap:
      xenSysctlAvailheap.encode({ availBytes: BigInt(xen.host.freePages) * BigInt(PAGE_BYTES) }, u);
      return 0;
    default:
      return ERRNO.ENOSYS;
  }
}

function physinfo(call: Hypercall, u: Uint8Array): void {
  const { host, profile } = call.domain.xen;
  u.fill(0, 0, xenSysctlPhysinfo.size);
  xenSysctlPhysinfo.encode(
    {
      threadsPerCore: 1,
      coresPerSocket: 1,
      nrCpus: host.cpus,
      maxCpuId: host.cpus - 1,
      nrNodes: 1,
      cpuKhz: host.cpuKhz,
      capabilities:
        PHYSCAP.hvm |
        PHYSCAP.hap |
        PHYSCAP.vpmu |
        PHYSCAP.gnttabV1 |
        (profile.grantVersion === 2 ? PHYSCAP.gnttabV2 : 0),
      totalPages: host.totalPages,
      freePages: host.freePages,
      maxMfn: host.maximumRamPage - 1,
    },
    u,
  );
}

function readConsole(call: Hypercall, u: Uint8Array): number {
  const { console } = call.domain.xen;
  const { clear, incremental, index, buffer, count } = xenSysctlReadconsole.decode(u);
  const { from, to } = console.span;
  const start = incremental !== 0 && index > from && index <= to ? index : from;
  const text = console.read(start, Math.min(to, start + count));
  if (!write(call, buffer, 0, text)) return ERRNO.EFAULT;
  if (clear !== 0) console.clear(start + text.length);
  xenSysctlReadconsole.encode({ index: start + text.length, count: text.length }, u);
  return 0;
}

function domainList(call: Hypercall, u: Uint8Array): number {
  const { firstDomain, maxDomains, buffer } = xenSysctlGetdomaininfolist.decode(u);
  let count = 0;
  let offset = 0;
  for (const domain of call.domain.xen.inOrder()) {
    if (domain.id < firstDomain) continue;
    if (count === maxDomains) break;
    const info = encodeDomainInfo(domain, call.vcpu);
    if (!write(call, buffer, offset, info)) return ERRNO.EFAULT;
    offset += info.length;
    count++;
  }
  xenSysctlGetdomaininfolist.encode({ numDomains: count }, u);
  return 0;
}

function cpuInfo(call: Hypercall, u: Uint8Array): number {
  const { maxCpus, info } = xenSysctlGetcpuinfo.decode(u);
  const count = Math.min(maxCpus, call.domain.xen.host.cpus);
  if (!write(call, info, 0, new Uint8Array(CPUINFO_BYTES * count))) return ERRNO.EFAULT;
  xenSysctlGetcpuinfo.encode({ nrCpus: count }, u);
  return 0;
}

function write(call: Hypercall, handle: bigint, offset: number, bytes: Uint8Array): boolean {
  if (bytes.length === 0) return true;
  const address = virtualAddressOf(Number(handle & 0xffff_ffffn), Number(handle >> 32n));
  return call.domain.memory.write(call.vcpu, address + offset, bytes);
}
