import type { Outcome } from '../outcome.js';

/**
 * A call that did not come back to the TypeScript program that made it: it took an exception (the conduit is not there),
 * or the CPU was stopped by a call that is not declared to wait. The calling guest's own `catch`, so to say.
 */
export class CallFault extends Error {
  override readonly name = 'CallFault';
  readonly outcome: Outcome;

  constructor(call: string, outcome: Outcome) {
    super(
      outcome.kind === 'inject'
        ? `${call} took the exception ${outcome.exception}: is the conduit the one the device tree names?`
        : `${call} did not return: ${outcome.kind}`,
    );
    this.outcome = outcome;
  }
}
