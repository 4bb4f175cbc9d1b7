import {
  addressOf,
  type Call,
  type MemoryPort,
  NO_ADDRESS,
  type Returned,
  returnHalves,
  setResult,
} from '@trapline/core';
import { FAST_REGISTERS } from './abi.js';
import { type Control, controlOf } from './control.js';
import { Code } from './status.js';

const PAGE = 4096;
const PAIR = 16;
const PAIRS = FAST_REGISTERS / 2;

/** Sizes in bytes of what a hypercall reads and writes; `input` and `output` are those of one repetition. */
export interface Operation {
  /** Whether it repeats. */
  readonly rep: boolean;
  readonly header: number;
  readonly input: number;
  readonly output: number;
  /** Does it; says the code and how many repetitions are done, those before `repStart` included. */
  run(call: Call, input: DataView, control: Control, output: DataView): Completion;
}

/** How far a hypercall came. */
export interface Completion {
  readonly code: number;
  readonly completed: number;
}

/** The first register of a fast call's output, in the two forms of the call. */
export type OutputRegister = (inputPairs: number, outputPairs: number) => number;

/** By SMCCC the output is behind the input, which begins in X2; in the own form it ends with X16. */
export const smcccOutput: OutputRegister = (inputPairs) => 2 + 2 * inputPairs;
export const nativeOutput: OutputRegister = (_, outputPairs) => FAST_REGISTERS + 1 - 2 * outputPairs;

/**
 * Does one hypercall, whose control word is its first argument, in the order of openvmm's hv1_hypercall: code, control word,
 * room or addresses, then the call itself.
 */
export function perform(
  call: Call,
  operations: ReadonlyMap<number, Operation>,
  memory: MemoryPort,
  firstOutput: OutputRegister,
): Returned {
  const control = controlOf(call.w[0] as number, call.w[1] as number);
  const operation = operations.get(control.code);
  if (operation === undefined) return returnHalves(call, Code.INVALID_HYPERCALL_CODE, 0);
  if (!isRight(control, operation.rep)) return returnHalves(call, Code.INVALID_HYPERCALL_INPUT, 0);
  const inputBytes = operation.header + operation.input * control.repCount;
  const outputBytes = operation.output * control.repCount;
  const { code, completed } = control.fast
    ? performFast(call, operation, control, { inputBytes, outputBytes, firstOutput })
    : performInMemory(call, operation, control, { inputBytes, outputBytes, memory });
  return returnHalves(call, code, completed);
}

/** TLFS, Hypercall Status: reserved bits, a count where none belongs or none where one does, a start behind the end. */
function isRight({ reserved, variableHeader, repCount, repStart }: Control, rep: boolean): boolean {
  if (reserved || variableHeader !== 0) return false;
  return rep ? repStart < repCount : repCount === 0 && repStart === 0;
}

interface Sizes {
  readonly inputBytes: number;
  readonly outputBytes: number;
}

function performFast(
  call: Call,
  operation: Operation,
  control: Control,
  { inputBytes, outputBytes, firstOutput }: Sizes & { readonly firstOutput: OutputRegister },
): Completion {
  const inputPairs = Math.ceil(inputBytes / PAIR);
  const outputPairs = Math.ceil(outputBytes / PAIR);
  if (inputPairs + outputPairs > PAIRS) return refused(Code.INVALID_HYPERCALL_INPUT);
  const input = new DataView(new ArrayBuffer(inputPairs * PAIR));
  for (let at = 0; at < input.byteLength; at += 4) input.setUint32(at, call.w[2 + at / 4] as number, true);
  const output = new DataView(new ArrayBuffer(outputPairs * PAIR));
  const done = operation.run(call, input, control, output);
  const register = firstOutput(inputPairs, outputPairs);
  for (let at = operation.output * control.repStart; at < operation.output * done.completed; at += 8) {
    setResult(call, register + at / 8, output.getUint32(at, true), output.getUint32(at + 4, true));
  }
  return done;
}

function performInMemory(
  call: Call,
  operation: Operation,
  control: Control,
  { inputBytes, outputBytes, memory }: Sizes & { readonly memory: MemoryPort },
): Completion {
  const wrong = addressError(call, 1, inputBytes) ?? addressError(call, 2, outputBytes);
  if (wrong !== undefined) return refused(wrong);
  const input = new Uint8Array(inputBytes);
  if (!memory.read(parameter(call, 1), input)) return refused(Code.INVALID_HYPERCALL_INPUT);
  const output = new Uint8Array(outputBytes);
  const done = operation.run(call, new DataView(input.buffer), control, new DataView(output.buffer));
  const from = operation.output * control.repStart;
  const part = output.subarray(from, Math.max(from, operation.output * done.completed));
  if (part.length === 0) return done;
  const base = parameter(call, 2);
  const written = base !== NO_ADDRESS && memory.write((base + from) as typeof base, part);
  return written ? done : refused(Code.INVALID_HYPERCALL_INPUT);
}

/** What is wrong with a buffer: it has to be in one page, and on an 8-byte boundary. */
function addressError(call: Call, index: number, bytes: number): number | undefined {
  const low = call.w[2 * index] as number;
  if (bytes > PAGE - (low % PAGE)) return Code.INVALID_HYPERCALL_INPUT;
  return bytes !== 0 && low % 8 !== 0 ? Code.INVALID_ALIGNMENT : undefined;
}

function parameter(call: Call, index: number): Parameters<MemoryPort['read']>[0] {
  const address = addressOf(call.w[2 * index] as number, call.w[2 * index + 1] as number);
  return address as Parameters<MemoryPort['read']>[0];
}

function refused(code: number): Completion {
  return { code, completed: 0 };
}
