/** Bits of an interrupt's state, as they are kept and saved. */
export const ENABLED = 1;
/** Pending as a latch: by an edge, by software, or left over. */
export const LATCHED = 2;
/** The line is asserted. */
export const ASSERTED = 4;
export const ACTIVE = 8;
/** Edge-triggered; level-sensitive otherwise. */
export const EDGE = 16;

/** A level counts while it lasts, a latch until it is taken (IHI 0069, 4.1.2). */
function isPending(flags: number): boolean {
  return (flags & LATCHED) !== 0 || (flags & (ASSERTED | EDGE)) === ASSERTED;
}

/** Whether it can be signalled: enabled, pending and not being handled. */
export function isReady(flags: number): boolean {
  return (flags & (ENABLED | ACTIVE)) === ENABLED && isPending(flags);
}

/** Whether it is pending or being handled, enabled or not. */
export function isInFlight(flags: number): boolean {
  return (flags & ACTIVE) !== 0 || isPending(flags);
}

/** One interrupt, for people and tests. */
export interface InterruptState {
  readonly enabled: boolean;
  readonly pending: boolean;
  readonly active: boolean;
  readonly asserted: boolean;
  readonly trigger: 'edge' | 'level';
  readonly priority: number;
  /** The PE it goes to, or `ANY_PE`. */
  readonly target: number;
}

/** The bits in words. */
export function describeInterrupt(flags: number, priority: number, target: number): InterruptState {
  return {
    enabled: (flags & ENABLED) !== 0,
    pending: isPending(flags),
    active: (flags & ACTIVE) !== 0,
    asserted: (flags & ASSERTED) !== 0,
    trigger: (flags & EDGE) !== 0 ? 'edge' : 'level',
    priority,
    target,
  };
}
