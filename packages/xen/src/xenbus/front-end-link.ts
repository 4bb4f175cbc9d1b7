import type { SharedWords } from '@trapline/core';

/** A page of a domain's, mapped by its grant. */
export interface MappedGrant {
  /** By which it is found again in a machine that was restored ({@link FrontEndLink.remap}). */
  readonly handle: number;
  /** Its words, for what both sides change. */
  readonly words: SharedWords;
  /** Copies a part of it, as long as the target. */
  read(from: number, target: Uint8Array): void;
  /** Copies bytes into it. */
  write(to: number, source: Uint8Array): void;
  unmap(): void;
}

/** An event channel to a domain. */
export interface BoundChannel {
  /** The back end's own port, by which it is found again ({@link FrontEndLink.rebind}). */
  readonly port: number;
  /** Signals the domain. */
  notify(): void;
  close(): void;
}

/** What a back end needs of the domain that it serves, and of the hypervisor between them. */
export interface FrontEndLink {
  readonly domid: number;
  /** Maps a page that the domain granted; undefined where it did not, or not for writing. */
  map(reference: number, writable: boolean): MappedGrant | undefined;
  /** Binds to a port that the domain allocated for the back end, and hears its events; undefined where that is refused. */
  bind(port: number, hear: () => void): BoundChannel | undefined;
  /** A mapping that lasts from before the machine was saved. Undefined for a handle that maps nothing of the domain's. */
  remap(handle: number): MappedGrant | undefined;
  /** Hears a port again that was bound before the machine was saved. */
  rebind(port: number, hear: () => void): BoundChannel;
}
