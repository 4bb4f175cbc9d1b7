import type { Wait } from '@trapline/core';

/** What a waiting vCPU waits for: plain data, apart from the alarm of its deadline. */
export interface WaitRecord {
  /** The service's words; `decision` for a caller that waits for what the embedder decides. */
  readonly wait: Wait;
  /** Whether an embedder's decision ends it, as for system events and exits. */
  readonly decision: boolean;
  /** Whether the low-power state has been entered: wake-ups before that are kept. */
  entered: boolean;
  /** A wake-up that came before. */
  woken: boolean;
  /** Takes back the alarm of the deadline. */
  cancel: (() => void) | undefined;
}
