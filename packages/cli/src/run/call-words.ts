import { type DecodedValue, hexId, type Interface, type Outcome } from '@trapline/core';
import { abi as psciAbi } from '@trapline/psci';
import { STANDARD_INTERFACES } from '@trapline/smccc';
import type { CallEvent } from '@trapline/trap-bus';

/** Most results of one call that a trace shows. */
const MAX_RESULTS = 4;

/** A call with arguments and what came of it: `psci.cpuOn(target: 0x1, …) = SUCCESS`. */
export function callWords(call: CallEvent): string {
  const args = call.arguments.map(({ name, text }) => `${name}: ${name === 'function' ? functionWords(text) : text}`);
  return `${call.call ?? hexId(call.id)}(${args.join(', ')}) ${endWords(call)}`;
}

const interfaces: readonly Interface[] = [psciAbi as unknown as Interface, ...STANDARD_INTERFACES];

/** A function id as an argument, by the name of the call. */
function functionWords(text: string): string {
  const id = Number(text);
  for (const abi of interfaces) {
    const call = abi.find(id);
    if (call !== undefined) return `${hexId(id)} ${abi.name}.${call.name}`;
  }
  return hexId(id);
}

function endWords(call: CallEvent): string {
  const { outcome, results, after } = call;
  if (outcome.kind !== 'returned') return `→ ${outcomeWords(outcome)}`;
  const first = results[0];
  if (first === undefined) return call.declaration === undefined ? `= ${hexId(after[0] as number)}` : 'returns';
  // After an error the other result registers hold what they held before.
  if (results.length === 1 || ((after[0] as number) | 0) < 0) return `= ${first.text}`;
  return `= ${resultWords(results)}`;
}

function resultWords(results: readonly DecodedValue[]): string {
  const shown = results.slice(0, MAX_RESULTS).map(({ name, text }) => `${name}: ${text}`);
  return `${shown.join(', ')}${results.length > MAX_RESULTS ? ', …' : ''}`;
}

function outcomeWords(outcome: Exclude<Outcome, { kind: 'returned' }>): string {
  switch (outcome.kind) {
    case 'wait':
      return `waits (${outcome.why})`;
    case 'system':
      return `asks for ${outcome.event}`;
    case 'inject':
      return `takes the exception ${outcome.exception}`;
    default:
      return outcome.kind;
  }
}
