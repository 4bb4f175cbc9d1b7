import type { Outcome, Pe } from '@trapline/core';
import type { Errno } from './errno.js';
import type { VcpuExit } from './exits.js';

/** What entering KVM_RUN comes to: guest code runs, the thread sleeps in the kernel, or KVM_RUN returns at once. */
export type RunResult =
  | { readonly kind: 'guest' }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'exit'; readonly exit: VcpuExit };

/** What a read of a register or attribute came to. */
export interface ReadResult {
  readonly result: Errno;
  readonly value?: bigint;
}

/** How a VMM's vCPUs are run: the guest of a trap bus is one. */
export interface VmHost {
  /** A starting vCPU reaches its first instruction. */
  enter(pe: Pe): boolean;
  /** A vCPU that an exit holds goes on. */
  decide(pe: Pe, outcome: Outcome): Outcome;
}
