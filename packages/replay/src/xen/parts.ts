import type { Service } from '@trapline/core';

/** A domain as a hypervisor service is asked for it. */
export interface XenDomainOptions {
  readonly id: number;
  readonly privileged: boolean;
  readonly maxEventPort?: number;
  readonly maxGrantFrames?: number;
  readonly eventInterrupt?: number;
  readonly directMapped?: boolean;
  readonly enhanced: boolean;
  /** Whether it was built with a xenstore channel to the control domain. */
  readonly xenstore: boolean;
}

/** The recorded host, as far as an environment tells of it. */
export interface XenHostOptions {
  readonly extraVersion?: string;
  readonly cpus?: number;
  readonly maximumRamPage?: number;
  readonly totalPages?: number;
  readonly midr?: number;
  /** ID_AA64PFR0_EL1: whether guests may be 32-bit. */
  readonly pfr0?: bigint;
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
