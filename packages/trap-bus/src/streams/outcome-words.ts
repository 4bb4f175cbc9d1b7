import type { Outcome } from '@trapline/core';

/** An outcome in words, for traces and explanations. */
export function outcomeWords(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'wait':
      return `waits: ${outcome.why}`;
    case 'system':
      return `system ${outcome.event}${fields(outcome.detail)}`;
    case 'inject':
      return `exception ${outcome.exception}`;
    case 'exit':
      return `exit ${outcome.reason}${fields(outcome.data)}`;
    case 'off':
      return 'off';
    case 'resume':
      return 'resumes at its entry point';
    case 'again':
      return 'again';
    default:
      return outcome.kind;
  }
}

function fields(record: Readonly<Record<string, number | string>>): string {
  const words = Object.entries(record).map(([name, value]) => `${name}: ${value}`);
  return words.length === 0 ? '' : ` { ${words.join(', ')} }`;
}
