/** What a domain is given when it is built: the part of `xen_domctl_createdomain` that a guest can notice. */
export interface DomainConfig {
  /** Whether it is the control domain. */
  readonly privileged?: boolean;
  /** Highest event channel port; 1023 for an ordinary domain, 2^17 - 1 for dom0, where absent. */
  readonly maxEventPort?: number;
  /** Frames of its grant table and of its maptrack; 64 and 1024 where absent. */
  readonly maxGrantFrames?: number;
  readonly maxMaptrackFrames?: number;
  /** The private interrupt of its event channels; 31 for an ordinary domain, 16 for dom0, where absent. */
  readonly eventInterrupt?: number;
  /** Whether guest frames are machine frames (dom0). */
  readonly directMapped?: boolean;
  /** Whether its console writes are Xen's own console. */
  readonly console?: boolean;
}
