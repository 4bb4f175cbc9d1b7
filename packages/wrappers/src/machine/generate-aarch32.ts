import { isParameter, QUIRK_REGISTER, QUIRK_STORE_A6, resultsOf, type WrapperDescription } from '../description.js';
import { type AArch32Set, LR, PC, SP } from './aarch32.js';
import { type Instruction, LABEL, sizeOf } from './instruction.js';
import { positionsOf } from './layout.js';
import { orderMoves } from './moves.js';

/** Parameters that come in registers, R0 on; the others stand on the stack (AAPCS32, 6.5). */
const IN_REGISTERS = 4;
/** Registers that functions keep for their caller, and the one between that they do not. */
const KEPT_FIRST = 4;
const KEPT_LAST = 11;
const SPARE = 12;

/** The instructions of a wrapper in A32 or T32. */
export function generateAArch32(description: WrapperDescription, set: AArch32Set): readonly Instruction[] {
  const { block, conduit, immediate, inputs, outputs } = description;
  const positions = positionsOf(description);
  const pointers = [positions.results, positions.quirk].filter(
    (position) => position !== undefined && position < IN_REGISTERS,
  ) as number[];
  const pointer = outputs.some(({ register }) => register === SPARE) ? LR : SPARE;
  const kept = keptRegisters(description);
  const keepsLink = kept.length > 0 || (pointer === LR && positions.results !== undefined);
  const saved = [...pointers, ...kept, ...(keepsLink ? [LR] : [])];
  const size = 4 * saved.length;
  const slot = (position: number): number =>
    position < IN_REGISTERS ? 4 * saved.indexOf(position) : size + 4 * (position - IN_REGISTERS);
  const code: Instruction[] = saved.length > 0 ? [set.push(saved)] : [];

  code.push(...(block ? blockLoads(description, set) : parameters(description, set, slot)));
  for (const input of inputs) {
    if (!isParameter(input)) code.push(...set.constant(input.register, Number(input.constant) >>> 0));
  }
  code.push(set.call(conduit, immediate));

  const [first] = outputs;
  if (resultsOf(description) === 'return' && first !== undefined && first.register !== 0) {
    code.push(set.move(0, first.register));
  }
  if (positions.results !== undefined) {
    code.push(set.load(pointer, SP, slot(positions.results)), ...stores(description, set, pointer));
  }
  if (positions.quirk !== undefined) code.push(...quirk(set, slot(positions.quirk)));
  if (pointers.length > 0) code.push(set.release(4 * pointers.length));
  return [...code, keepsLink ? set.pop([...kept, PC]) : set.back];
}

/** What the wrapper or the call changes, of the registers that belong to the wrapper's caller. */
function keptRegisters({ inputs, outputs, quirk }: WrapperDescription): readonly number[] {
  const changed = new Set([...inputs, ...outputs].map(({ register }) => register));
  if (quirk) changed.add(QUIRK_REGISTER);
  return [...changed].filter((register) => register >= KEPT_FIRST && register <= KEPT_LAST).sort((a, b) => a - b);
}

function parameters(
  description: WrapperDescription,
  set: AArch32Set,
  slot: (position: number) => number,
): readonly Instruction[] {
  const filled = description.inputs.filter(isParameter);
  const moves = filled
    .map(({ register }, from) => ({ to: register, from, bits: 32 as const }))
    .filter(({ from }) => from < IN_REGISTERS);
  const code = orderMoves(moves, SPARE, false).map(({ to, from }) => set.move(to, from));
  filled.forEach(({ register }, position) => {
    if (position >= IN_REGISTERS) code.push(set.load(register, SP, slot(position)));
  });
  return code;
}

/** The block's words to their registers; its address, in R0, is overwritten last. */
function blockLoads(description: WrapperDescription, set: AArch32Set): readonly Instruction[] {
  const registers = description.inputs.filter(isParameter).map(({ register }) => register);
  if (registers.length > 1 && isAscending(registers)) return [set.loadMany(0, registers)];
  const loads = registers.map((register, i) => ({ register, load: set.load(register, 0, 4 * i) }));
  return [...loads.filter(({ register }) => register !== 0), ...loads.filter(({ register }) => register === 0)].map(
    ({ load }) => load,
  );
}

function stores(description: WrapperDescription, set: AArch32Set, pointer: number): readonly Instruction[] {
  const registers = description.outputs.map(({ register }) => register);
  if (registers.length > 1 && isAscending(registers)) return [set.storeMany(pointer, registers)];
  return registers.map((register, i) => set.store(register, pointer, 4 * i));
}

function isAscending(registers: readonly number[]): boolean {
  return registers.every((register, i) => i === 0 || register > (registers[i - 1] as number));
}

/** R0 and R1 are free: results are stored. */
function quirk(set: AArch32Set, slot: number): readonly Instruction[] {
  const keep = [set.store(QUIRK_REGISTER, 0, 4)];
  const asked = [set.load(1, 0, 0), set.compare(1, QUIRK_STORE_A6), set.skipIf('ne', sizeOf(keep, set.unit)), ...keep];
  return [set.load(0, SP, slot), set.compare(0, 0), set.skipIf('eq', sizeOf(asked, set.unit)), ...asked, LABEL];
}
