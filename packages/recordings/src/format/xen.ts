import type { Hex } from './values.js';

/** A range of guest-physical addresses. */
export interface AddressRange {
  readonly base: Hex;
  readonly size: Hex;
}

/** A domain as a Xen recording's environment describes it, alone (`domain`) or among several (`domains`). */
export interface XenDomainSettings {
  readonly domid: number;
  readonly vcpus: number;
  readonly mpidr: readonly Hex[];
  readonly ramBase: Hex;
  readonly ramSize: Hex;
  /** The private interrupt of its event channels. */
  readonly evtchnPPI: number;
  /** Where its interrupt controller's distributor and redistributors stand. */
  readonly gicd: Hex;
  readonly gicr: Hex;
  /** Absent or null: the control domain's limit. */
  readonly maxEvtchnPort?: number | null;
  readonly maxGrantFrames?: number;
  readonly directMapped?: boolean;
  /** Whether it is the control domain; the one numbered 0 where absent. */
  readonly privileged?: boolean;
  /** `xen,enhanced` of its node in the host's device tree. */
  readonly enhanced?: string | null;
  readonly isConsole?: boolean;
  /** The guest's program, and the only pages that calls are pointed at. */
  readonly image?: { readonly base: Hex };
  readonly operands?: AddressRange;
  /** Frames without memory that are looked at all the same. */
  readonly holes?: readonly Hex[];
}

/** Memory of a Xen recording with one domain. */
export interface XenMemorySettings {
  readonly image?: AddressRange;
  readonly operands?: AddressRange;
}

/** State of a domain as XEN_DOMCTL_getdomaininfo tells it; null where nobody could look. */
export interface ObservedDomain {
  readonly shutdown?: boolean | null;
  readonly shutdownCode?: number | null;
  readonly blocked?: boolean | null;
  readonly domainFlags?: Hex;
}

/** How a scenario ended, seen from outside the domain. */
export interface ObservedEnd extends ObservedDomain {
  /** Whether its last call came back. */
  readonly returns?: boolean;
  readonly wokenBy?: { readonly intid: number; readonly pending?: boolean; readonly taken?: boolean } | null;
  /** What became of the whole machine, and how many milliseconds after the call. */
  readonly machine?: 'off' | 'reset' | 'running';
  readonly afterMs?: number | null;
  /** Readings on the way, in milliseconds of the machine's life. */
  readonly samples?: readonly (ObservedDomain & { readonly ms: number })[];
  /** Which of these fields vary from run to run. */
  readonly volatile?: readonly string[];
  readonly [words: string]: unknown;
}
