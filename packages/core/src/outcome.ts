/**
 * What a service says of a call, or of a CPU that wakes: plain data, so that a waiting call survives save and restore.
 *
 * The frequent ones are constants: a call that returns allocates nothing.
 */
export type Outcome =
  | Returned
  | Redirected
  | Again
  | Wait
  | Off
  | Resume
  | SystemEvent
  | Inject
  | Exit
  | Forward
  | Unclaimed;

/** The results stand in the caller's registers; it goes on after the call. */
export interface Returned {
  readonly kind: 'returned';
}
/**
 * The service has given the caller other registers, PC and PSTATE among them: it goes on exactly as they stand. An SDEI
 * handler begins this way, and ends.
 */
export interface Redirected {
  readonly kind: 'redirected';
}
/** Preempted: the arguments stand rewritten, the caller executes the same instruction again. */
export interface Again {
  readonly kind: 'again';
}
/** The caller does not run until something wakes it. */
export interface Wait {
  readonly kind: 'wait';
  /** What wakes: an interrupt (masked or not), only the service ({@link PowerPort.wake}), or nothing but a reset. */
  readonly until: 'interrupt' | 'service' | 'never';
  /** Wakes at this time of the clock port at the latest, in nanoseconds. */
  readonly deadline?: bigint;
  /**
   * On wake: return from the call with `results`, resume at the CPU's {@link StartState}, or execute the same instruction
   * again with the arguments as they stand (a list of calls, one of which waits).
   */
  readonly onWake: 'return' | 'resume' | 'repeat';
  /** Result registers X0… written on wake, as hexadecimal strings of 64 bits. */
  readonly results?: readonly string[];
  /** Words for traces. */
  readonly why: string;
}
/** The caller is powered off; only a start brings it back. */
export interface Off {
  readonly kind: 'off';
}
/** The caller goes on at its own {@link StartState}, as after a power-down that was not entered. */
export interface Resume {
  readonly kind: 'resume';
}
/** The whole machine is asked to do something. The caller waits until the embedder has decided. */
export interface SystemEvent {
  readonly kind: 'system';
  readonly event: 'shutdown' | 'reset' | 'reset2' | 'suspend' | 'off2' | 'crash';
  /** Arguments of the event as the ABI gives them, by name. */
  readonly detail: Readonly<Record<string, number | string>>;
}
/** The caller takes an exception instead of a result. */
export interface Inject {
  readonly kind: 'inject';
  readonly exception: 'undefined' | 'data-abort' | 'prefetch-abort' | 'serror';
  /** The syndrome the handler reads (ESR_ELx layout); the bus gives the architecture's own where absent. */
  readonly syndrome?: number;
  /** Where the handler returns to, as bytes after the instruction; the architecture's preferred address where absent. */
  readonly returnOffset?: number;
}
/** Leaves to the VMM that embeds the machine. */
export interface Exit {
  readonly kind: 'exit';
  readonly reason: string;
  readonly data: Readonly<Record<string, number | string>>;
}
/** Goes on to the next level, as a hypervisor that passes an SMC on to firmware. */
export interface Forward {
  readonly kind: 'forward';
}
/** Not this service's: the next service, and at last the embedder's own handler, may take it. */
export interface Unclaimed {
  readonly kind: 'unclaimed';
}

export const RETURNED: Returned = Object.freeze({ kind: 'returned' });
export const REDIRECTED: Redirected = Object.freeze({ kind: 'redirected' });
export const AGAIN: Again = Object.freeze({ kind: 'again' });
export const OFF: Off = Object.freeze({ kind: 'off' });
export const RESUME: Resume = Object.freeze({ kind: 'resume' });
export const FORWARD: Forward = Object.freeze({ kind: 'forward' });
export const UNCLAIMED: Unclaimed = Object.freeze({ kind: 'unclaimed' });
export const UNDEFINED_INSTRUCTION: Inject = Object.freeze({ kind: 'inject', exception: 'undefined' });
