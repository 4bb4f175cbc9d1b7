import { isParameter, QUIRK_REGISTER, QUIRK_STORE_A6, resultsOf, type WrapperDescription } from '../description.js';
import {
  call,
  compare,
  constant,
  LANDING_PAD,
  load,
  loadPair,
  move,
  pop,
  push,
  RETURN,
  release,
  SP,
  skipIfDifferent,
  skipIfZero,
  store,
  storePair,
} from './a64.js';
import { type Instruction, LABEL, sizeOf } from './instruction.js';
import { positionsOf, type StoredOutput, storedOutputs } from './layout.js';
import { orderMoves } from './moves.js';

/** Parameters that come in registers, X0 on; the others stand on the stack (AAPCS64, 6.8.2). */
const IN_REGISTERS = 8;
/** The lowest register that functions keep for their caller; the lowest that no parameter comes in. */
const KEPT = 19;
const SPARE = 9;
const SCRATCH = [9, 10, 11, 12, 13, 14, 15, 16, 17];

/** The instructions of a wrapper in A64. */
export function generateA64(description: WrapperDescription): readonly Instruction[] {
  const { block, conduit, immediate, outputs } = description;
  const positions = positionsOf(description);
  const isResult = (register: number): boolean => outputs.some((output) => output.register === register);
  const pointer = SCRATCH.find((register) => !isResult(register)) ?? KEPT;
  const saved = [positions.results, positions.quirk].filter(
    (position) => position !== undefined && position < IN_REGISTERS,
  ) as number[];
  const kept = pointer === KEPT && positions.results !== undefined;
  const frame = saved.length + (kept ? 1 : 0);
  const size = 16 * Math.ceil(frame / 2);
  /** Where a parameter stands once the frame is made, if not in its register. */
  const slot = (position: number): number =>
    position < IN_REGISTERS ? 8 * saved.indexOf(position) : size + 8 * (position - IN_REGISTERS);
  const code: Instruction[] = description.landingPad ? [LANDING_PAD] : [];

  if (frame > 0) {
    const stored = kept ? [...saved, KEPT] : saved;
    code.push(push(stored.slice(0, 2), size));
    if (stored.length > 2) code.push(store(stored[2] as number, SP, 16, 64));
  }
  code.push(...(block ? blockLoads(description) : parameters(description, slot)));
  for (const input of description.inputs) {
    if (!isParameter(input)) code.push(...constant(input.register, BigInt(input.constant)));
  }
  code.push(call(conduit, immediate));

  const [first] = outputs;
  if (resultsOf(description) === 'return' && first !== undefined && first.register !== 0) {
    code.push(move(0, first.register, first.bits));
  }
  let left = size;
  if (positions.results !== undefined) {
    const popped = frame === 1 && positions.results < IN_REGISTERS && positions.quirk === undefined;
    code.push(popped ? pop(pointer, size) : load(pointer, SP, slot(positions.results), 64));
    if (popped) left = 0;
    code.push(...stores(storedOutputs(description, true), pointer));
  }
  if (kept) code.push(load(KEPT, SP, 8 * saved.length, 64));
  if (positions.quirk !== undefined) {
    code.push(load(0, SP, slot(positions.quirk), 64));
    code.push(...(left > 0 ? [release(left)] : []), ...quirk());
  } else if (left > 0) code.push(release(left));
  return [...code, RETURN];
}

/** Parameters to their registers: first between registers, then from the stack into ones that no parameter is in. */
function parameters(description: WrapperDescription, slot: (position: number) => number): readonly Instruction[] {
  const filled = description.inputs.filter(isParameter);
  const moves = filled
    .map(({ register, bits }, from) => ({ to: register, from, bits }))
    .filter(({ from }) => from < IN_REGISTERS);
  const code = orderMoves(moves, SPARE, true).map(({ to, from, bits }) => move(to, from, bits));
  filled.forEach(({ register, bits }, position) => {
    if (position < IN_REGISTERS) return;
    // The whole slot, then its low half: right for either order of bytes.
    code.push(load(register, SP, slot(position), 64));
    if (bits === 32) code.push(move(register, register, 32));
  });
  return code;
}

/** The block's words to their registers, pairs where neighbours are; what overwrites the block's address comes last. */
function blockLoads(description: WrapperDescription): readonly Instruction[] {
  const filled = description.inputs.filter(isParameter);
  const groups: (readonly [register: number, offset: number])[][] = [];
  filled.forEach(({ register }, i) => {
    const group = groups.at(-1);
    if (group?.length === 1) group.push([register, 8 * i]);
    else groups.push([[register, 8 * i]]);
  });
  const overwrites = (group: (typeof groups)[number]): boolean => group.some(([register]) => register === 0);
  return [...groups.filter((group) => !overwrites(group)), ...groups.filter(overwrites)].map(([first, second]) => {
    const [register, offset] = first as readonly [number, number];
    return second ? loadPair(register, second[0], 0, offset) : load(register, 0, offset, 64);
  });
}

function stores(outputs: readonly StoredOutput[], pointer: number): readonly Instruction[] {
  const code: Instruction[] = [];
  for (let i = 0; i < outputs.length; ) {
    const { output, bits, offset } = outputs[i] as StoredOutput;
    const next = outputs[i + 1];
    if (next?.bits === bits && next.offset === offset + bits / 8) {
      code.push(storePair(output.register, next.output.register, pointer, offset, bits));
      i += 2;
    } else {
      code.push(store(output.register, pointer, offset, bits));
      i++;
    }
  }
  return code;
}

/** X0 points to the quirk or is NULL; results are stored, X1 is free. */
function quirk(): readonly Instruction[] {
  const keep = [store(QUIRK_REGISTER, 0, 8, 64)];
  const asked = [load(1, 0, 0, 32), compare(1, QUIRK_STORE_A6), skipIfDifferent(sizeOf(keep, 4)), ...keep];
  return [skipIfZero(0, sizeOf(asked, 4)), ...asked, LABEL];
}
