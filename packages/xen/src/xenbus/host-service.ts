import type { Saved } from '@trapline/core';
import type { Domain } from '../domain/domain.js';

/** Something that the host does for domains: a store, a console, a back end. */
export interface HostService {
  readonly name: string;
  /**
   * Begins to serve a domain, in the name of the host's own side, before the guest runs. Throws `CompositionError` where
   * the domain cannot be served.
   */
  attach(domain: Domain, host: Domain): AttachedService;
  /** State that belongs to no single domain. */
  save?(): Saved;
  /** Takes that back, before any domain's own state. */
  restore?(saved: Saved): void;
}

/** A service at work for one domain. */
export interface AttachedService {
  /** The domain has shut down; it is still there. */
  shutDown?(): void;
  /** Lets go of the domain: it dies, or is made anew. */
  detach(): void;
  /** What it keeps of the domain beside the domain's own memory, ports and grants. */
  save?(): Saved;
  /** Takes that back when the domain and the host's side have been restored. */
  restore?(saved: Saved): void;
}
