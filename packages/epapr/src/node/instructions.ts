import { type CallInstruction, decodeInstructions, type InstructionSet } from '@trapline/wrappers/decode';

/**
 * The instructions of `hcall-instructions`, read and never executed.
 *
 * ePAPR's cells hold one instruction each, as a number. Trees are also found with the bytes as they stand in
 * little-endian memory, so both orders are tried, in every instruction set.
 */

/** Cells that software copies at most (Linux, arch/powerpc/kernel/epapr_paravirt.c). */
export const MAX_INSTRUCTION_BYTES = 16;

/** ePAPR's own call instruction: PowerPC's `sc 1`. */
const SC_1 = 0x4400_0022;

/** How the property's bytes are taken: each cell a number, or bytes as they stand in memory. */
export type CellOrder = 'cells' | 'memory';

/** Instructions that do nothing, or return, beside a call: A64, A32 and T32 (first halfword on top where it has two). */
const FILLERS: Readonly<Record<InstructionSet, readonly number[]>> = {
  a64: [0xd503_201f, 0xd65f_03c0],
  a32: [0xe320_f000, 0xe1a0_0000, 0xe12f_ff1e],
  t32: [0xbf00, 0x46c0, 0x4770, 0xf3af_8000],
};

/** What the instructions mean in one instruction set and one order, where there is a call among them. */
export interface HcallReading {
  readonly set: InstructionSet;
  readonly order: CellOrder;
  /** Every call instruction, in order. */
  readonly calls: readonly CallInstruction[];
  /** Whether that is all they do: one call, executed always, with nothing around it but NOPs and a return. */
  readonly pure: boolean;
  /** Why it is not. */
  readonly problem: string | undefined;
}

/** Every reading in which a call instruction stands. Takes any bytes. */
export function readHcallInstructions(property: Uint8Array): readonly HcallReading[] {
  const bytes = property.subarray(0, MAX_INSTRUCTION_BYTES);
  const readings: HcallReading[] = [];
  for (const set of ['a64', 'a32', 't32'] as const) {
    for (const order of ['cells', 'memory'] as const) {
      const reading = readAs(order === 'memory' ? bytes : swapped(bytes, set === 't32' ? 2 : 4), set, order);
      if (reading.calls.length > 0) readings.push(reading);
    }
  }
  return readings;
}

/** Whether ePAPR's own instruction stands among the cells. */
export function hasPowerPcCall(property: Uint8Array): boolean {
  const view = new DataView(property.buffer, property.byteOffset, property.length);
  for (let at = 0; at + 4 <= Math.min(property.length, MAX_INSTRUCTION_BYTES); at += 4) {
    if (view.getUint32(at) === SC_1 || view.getUint32(at, true) === SC_1) return true;
  }
  return false;
}

/** A reading in words: `A64 HVC #0xea1`. */
export function readingWords({ set, order, calls }: HcallReading): string {
  const list = calls.map(({ conduit, immediate, condition }) => {
    const suffix = condition === 'al' ? '' : condition.toUpperCase();
    return `${set.toUpperCase()} ${conduit.toUpperCase()}${suffix} #0x${immediate.toString(16)}`;
  });
  return `${list.join(', ')}${order === 'memory' ? ' (bytes in little-endian order)' : ''}`;
}

function readAs(bytes: Uint8Array, set: InstructionSet, order: CellOrder): HcallReading {
  const calls: CallInstruction[] = [];
  let others = 0;
  for (const { offset, decoding } of decodeInstructions(bytes, set)) {
    if (decoding.kind === 'call') calls.push(decoding);
    else if (!FILLERS[set].includes(wordAt(bytes, offset, decoding.length, set))) others++;
  }
  const problem = problemOf(calls, others);
  return { set, order, calls, pure: problem === undefined, problem };
}

function problemOf(calls: readonly CallInstruction[], others: number): string | undefined {
  const [first] = calls;
  if (calls.length > 1) return `${calls.length} calls stand there`;
  if (others > 0) return `beside the call ${others === 1 ? '1 instruction does' : `${others} instructions do`} more`;
  if (first?.problem !== undefined) return first.problem;
  return first !== undefined && first.condition !== 'al' ? 'the call is made under a condition only' : undefined;
}

/** An instruction as a number, first halfword on top in T32; −1 where none fits. */
function wordAt(bytes: Uint8Array, offset: number, length: number, set: InstructionSet): number {
  if (length === 0) return -1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (length === 2) return view.getUint16(offset, true);
  if (set !== 't32') return view.getUint32(offset, true);
  return ((view.getUint16(offset, true) << 16) | view.getUint16(offset + 2, true)) >>> 0;
}

/** A copy with the bytes of each whole unit in the other order. */
function swapped(bytes: Uint8Array, unit: number): Uint8Array {
  return bytes.map((_, i) => bytes[i - (i % unit) + unit - 1 - (i % unit)] ?? 0);
}
