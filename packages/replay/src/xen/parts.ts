import type { Service } from '@trapline/core';

/** A range of machine addresses. */
export interface XenRange {
  readonly base: number;
  readonly size: number;
}

/** A domain as a hypervisor service is asked for it. */
export interface XenDomainOptions {
  readonly id: number;
  readonly privileged: boolean;
  readonly maxEventPort?: number;
  readonly maxGrantFrames?: number;
  readonly eventInterrupt?: number;
  readonly directMapped?: boolean;
  /** Devices of the machine that it has. */
  readonly devices?: readonly XenRange[];
  readonly enhanced: boolean;
  /** Whether it was built with a xenstore channel to the control domain. */
  readonly xenstore: boolean;
}

/** The recorded host: machine and build of Xen. */
export interface XenHostOptions {
  readonly extraVersion?: string;
  readonly compiler?: string;
  readonly compiledBy?: string;
  readonly compileDomain?: string;
  readonly compileDate?: string;
  readonly changeset?: string;
  readonly capabilities?: string;
  readonly commandLine?: string;
  readonly buildId?: Uint8Array;
  readonly cpus?: number;
  readonly maximumRamPage?: number;
  readonly totalPages?: number;
  readonly physicalAddressBits?: number;
  /** The free blocks of the machine's heap, and the words that fill them. */
  readonly freeBlocks?: readonly XenFreeBlock[];
}

/** A block of 2^`order` pages that are all filled with one word. */
export interface XenFreeBlock {
  readonly order: number;
  readonly fill: number;
}

/** What a hypervisor service is asked for. */
export interface XenOptions {
  readonly profile: never;
  readonly policy?: 'dummy' | 'silo';
  readonly domains: Readonly<Record<string, XenDomainOptions>>;
  readonly host: XenHostOptions;
}

/** What a replay needs of whoever answers Xen's recordings. The xen package offers it; it comes in by value. */
export interface XenParts {
  hypervisor(options: XenOptions): Service;
}
