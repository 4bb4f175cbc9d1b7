import { xenDomctlGetdomaininfo } from '../abi/structures/domctl.js';
import type { Domain } from '../domain/domain.js';
import { domainInfo, flagsOf } from '../domain/info.js';
import type { XenVcpu } from '../domain/vcpu.js';

/** A domain as XEN_DOMCTL_getdomaininfo and XEN_SYSCTL_getdomaininfolist tell of it. */
export function encodeDomainInfo(domain: Domain, looking: XenVcpu): Uint8Array {
  const info = domainInfo(domain, looking);
  return xenDomctlGetdomaininfo.encode({
    domain: domain.id,
    flags: flagsOf(info),
    totPages: info.pages,
    maxPages: info.maxPages,
    nrOnlineVcpus: info.vcpusOnline,
    maxVcpuId: info.maxVcpuId,
    handle: domain.handle,
    gpaddrBits: domain.xen.host.physicalAddressBits,
  });
}
