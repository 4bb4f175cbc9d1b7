import type { Ports, Saved } from '@trapline/core';

/** What stands behind a guest's ports, with what only a machine asks of it. */
export interface World {
  readonly ports: Omit<Ports, 'power'>;
  /** Back to the state after composition; RAM keeps what it holds. */
  reset(): void;
  /** State of the default models; the embedder's own ports are the embedder's. */
  save(): Saved;
  restore(saved: Saved, place: string): void;
  dispose(): void;
}
