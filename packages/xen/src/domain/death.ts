import type { Domain } from './domain.js';

/**
 * Destroys a domain (common/domain.c, domain_kill): its mappings of others' pages, its ports and its pages go, in this
 * order. It stays, dying, while somebody uses one of its pages.
 */
export function destroyDomain(domain: Domain): void {
  const { life, xen } = domain;
  if (life.dying !== 'alive') return;
  life.pause();
  life.die('dying');
  domain.services?.detach();
  domain.scheduling.destroy();
  domain.grants.destroy();
  domain.events.destroy();
  domain.memory.destroy();
  domain.vcpuInfos.reset();
  xen.console.forget(domain);
  life.die('dead');
  xen.domainEnded();
  domainReleased(domain);
}

/** A page of a dying domain came free: once nobody uses any, the domain is gone (domain_destroy). */
export function domainReleased(domain: Domain): void {
  const { xen, life, memory } = domain;
  if (life.dying !== 'dead' || !memory.isGone || xen.domain(domain.id) !== domain) return;
  xen.remove(domain);
  xen.domainEnded();
}
