import type { PowerState } from '@trapline/core';

/** A vCPU's power has changed. */
export interface PowerChange {
  readonly guest: string;
  readonly vcpu: number;
  readonly from: PowerState;
  readonly to: PowerState;
  /** Words for traces: what it waits for. */
  readonly why: string | undefined;
}

/** A service, a model or the embedder drove an interrupt line. */
export interface InterruptChange {
  readonly guest: string;
  /** The vCPU named; for a shared interrupt, who drove it. */
  readonly vcpu: number;
  readonly intid: number;
  readonly change: 'asserted' | 'deasserted' | 'pulsed';
}
