import {
  type CallDeclaration,
  type DecodedValue,
  decodeCall,
  decodeResults,
  hexId,
  type Outcome,
  type Registers,
  SMC64,
} from '@trapline/core';
import type { CallEvent } from '@trapline/trap-bus';
import { operationOf } from '@trapline/xen';
import { interfaces } from '../decode/interfaces.js';

/** Most results of one call that a trace shows. */
const MAX_RESULTS = 4;

/** A call in words, by the declaration of who answered it, or else by any that is known here. */
interface Words {
  readonly name: string;
  readonly declaration: CallDeclaration | undefined;
  readonly arguments: readonly DecodedValue[];
  readonly results: readonly DecodedValue[];
}

/** A call with arguments and what came of it: `psci.cpuOn(target: 0x1, …) = SUCCESS`. */
export function callWords(call: CallEvent): string {
  const words = wordsOf(call);
  const args = words.arguments.map(({ name, text }) => `${name}: ${argumentWords(words.name, name, text)}`);
  return `${words.name}(${args.join(', ')}) ${endWords(call, words)}`;
}

/** The interface and the name of a call: `psci.cpuOff`. */
export function callName(call: CallEvent): string {
  return wordsOf(call).name;
}

/** What a waiting call gives its caller when it wakes: `psci.cpuSuspend = SUCCESS`. */
export function lateResultWords(call: CallEvent, registers: Registers): string {
  const { name, declaration } = wordsOf(call);
  const type = declaration?.resultTypes[0];
  return `${name} = ${type ? type.show(registers.w[0] as number, 0) : hexId(registers.w[0] as number)}`;
}

function wordsOf(call: CallEvent): Words {
  const { declaration } = call;
  if (call.call !== undefined) {
    return { name: call.call, declaration, arguments: call.arguments, results: call.results };
  }
  const before = registersOf(call.before);
  for (const abi of interfaces) {
    const decoded = decodeCall(abi, call.id, before, call.a64);
    if (decoded === undefined) continue;
    const name = `${abi.name}.${decoded.call}`;
    const wide = call.a64 && (call.id & SMC64) !== 0;
    const results = decodeResults(abi, decoded.declaration, registersOf(call.after), wide);
    return { name, declaration: decoded.declaration, arguments: decoded.arguments, results };
  }
  return { name: hexId(call.id), declaration: undefined, arguments: [], results: [] };
}

function registersOf(halves: ArrayLike<number>): Registers {
  const w = Uint32Array.from(halves);
  return { w, x: new BigUint64Array(w.buffer) };
}

/** An argument that selects something is shown with what it selects. */
function argumentWords(call: string, name: string, text: string): string {
  if (name === 'function') return functionWords(text);
  if (name !== 'cmd' || !call.startsWith('xen.')) return text;
  const operation = operationOf(call.slice('xen.'.length), Number(text));
  return operation === undefined ? text : `${text} ${operation.name}`;
}

/** A function id as an argument, by the name of the call. */
function functionWords(text: string): string {
  const id = Number(text);
  for (const abi of interfaces) {
    const call = abi.find(id);
    if (call !== undefined) return `${hexId(id)} ${abi.name}.${call.name}`;
  }
  return hexId(id);
}

function endWords({ outcome, after }: CallEvent, { declaration, results }: Words): string {
  if (outcome.kind !== 'returned') return `→ ${outcomeWords(outcome)}`;
  const first = results[0];
  if (first === undefined) return declaration === undefined ? `= ${hexId(after[0] as number)}` : 'returns';
  // After an error the other result registers hold what they held before.
  if (results.length === 1 || ((after[0] as number) | 0) < 0) return `= ${first.text}`;
  const shown = results.slice(0, MAX_RESULTS).map(({ name, text }) => `${name}: ${text}`);
  return `= ${shown.join(', ')}${results.length > MAX_RESULTS ? ', …' : ''}`;
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
