import { DOMINF, DOMINF_CODE_SHIFT } from '../abi/structures/domctl.js';
import type { Domain } from './domain.js';
import { NO_SHUTDOWN_CODE } from './life.js';
import type { XenVcpu } from './vcpu.js';

/** What Xen tells of a domain (common/domctl.c, getdomaininfo). */
export interface DomainStatus {
  readonly id: number;
  readonly name: string;
  readonly dying: boolean;
  readonly shutdown: boolean;
  /** The reason of the shutdown, or of the next one; undefined where there is none. */
  readonly shutdownCode: number | undefined;
  readonly paused: boolean;
  /** Whether all vCPUs that are on are blocked. */
  readonly blocked: boolean;
  readonly running: boolean;
  readonly vcpusOnline: number;
  readonly maxVcpuId: number;
  /** Pages that it has, and may have. */
  readonly pages: number;
  readonly maxPages: number;
}

/** Looks at a domain. On a host with one CPU only whoever looks runs. */
export function domainInfo(domain: Domain, looking?: XenVcpu): DomainStatus {
  const { life, memory, guest, vcpus, scheduling } = domain;
  let online = 0;
  let blocked = 0;
  let running = false;
  for (const vcpu of vcpus) {
    const { pe, id } = vcpu;
    if (scheduling.isDown(id)) continue;
    online++;
    if (scheduling.isBlocked(id)) blocked++;
    else if (guest?.ports.power.state(pe) === 'running' && !life.isShutDown && !life.isPaused) {
      running ||= vcpu === looking || domain.xen.host.cpus > 1;
    }
  }
  return {
    id: domain.id,
    name: domain.name,
    dying: life.dying === 'dead',
    shutdown: life.isShutDown,
    shutdownCode: life.shutdownCode === NO_SHUTDOWN_CODE ? undefined : life.shutdownCode,
    paused: life.isPaused,
    blocked: online > 0 && blocked === online,
    running,
    vcpusOnline: online,
    maxVcpuId: vcpus.length - 1,
    pages: memory.reservation.total,
    maxPages: memory.reservation.maximum,
  };
}

/** The same in the flags of XEN_DOMCTL_getdomaininfo. */
export function flagsOf(info: DomainStatus): number {
  const code = info.shutdownCode ?? NO_SHUTDOWN_CODE;
  return (
    DOMINF.hvm |
    DOMINF.hap |
    (info.dying ? DOMINF.dying : 0) |
    (info.shutdown ? DOMINF.shutdown : 0) |
    (info.paused ? DOMINF.paused : 0) |
    (info.blocked ? DOMINF.blocked : 0) |
    (info.running ? DOMINF.running : 0) |
    // SHUTDOWN_CODE_INVALID is all ones in the source, not only in the field's eight bits.
    ((info.shutdownCode === undefined ? -1 : code) << DOMINF_CODE_SHIFT)
  );
}
