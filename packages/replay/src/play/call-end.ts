import type { CallStep } from '@trapline/recordings';
import type { CaughtException } from './exception.js';

/** How a call ended for its caller. */
export type CallEnd =
  | { readonly kind: 'returned' }
  | { readonly kind: 'exception'; readonly exception: CaughtException }
  /** The caller went on at its entry point. */
  | { readonly kind: 'resumed' }
  /** The machine stopped; `event` is how. */
  | { readonly kind: 'machine'; readonly event: string }
  /** It has not come back so far. */
  | { readonly kind: 'away'; readonly why: string };

/** How a recorded call ended. */
export function recordedEnd(step: CallStep): CallEnd['kind'] {
  if (step.exception) return 'exception';
  if (step.resumedAtEntry) return 'resumed';
  if (step.machine && !step.machine.stillRunning) return 'machine';
  return step.noReturn || step.returns === false || step.returns === 'later' ? 'away' : 'returned';
}

const WORDS: { readonly [K in CallEnd['kind']]: string } = {
  returned: 'returned',
  exception: 'took an exception',
  resumed: 'went on at its entry point',
  machine: 'the machine stopped',
  away: 'did not come back',
};

/** An end in words. */
export function endWords(end: CallEnd['kind'] | CallEnd): string {
  if (typeof end === 'string') return WORDS[end];
  if (end.kind === 'machine') return `${WORDS.machine} (${end.event})`;
  return end.kind === 'away' ? `${WORDS.away} (${end.why})` : WORDS[end.kind];
}
