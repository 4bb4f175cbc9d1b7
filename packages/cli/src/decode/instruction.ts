import { decodeInstruction, decodeInstructions, MAX_DECODED_BYTES, TARGETS, type TargetName } from '@trapline/wrappers';
import { UsageError } from '../command.js';

/** One instruction that stands in bytes, or one reading of the first of them. */
export interface ExplainedInstruction {
  readonly offset: number;
  readonly targets: readonly TargetName[];
  /** `hvc`, `smc`; null where no call stands. */
  readonly conduit: string | null;
  readonly immediate: string | null;
  readonly condition: string | null;
  /** Why cores may do something else with it; why it is no call. */
  readonly note: string | null;
}

const NOT_A_CALL = {
  other: 'another instruction, or none',
  truncated: 'cut off',
  unaligned: 'no instruction stands at such an address',
} as const;

/**
 * Reads bytes, as memory holds them: with a target one instruction after another, without one every reading of the first
 * four bytes.
 *
 * Throws {@link UsageError} for what is no hexadecimal bytes, for too many, and for an unknown target.
 */
export function explainInstructions(text: string, target: string | undefined): readonly ExplainedInstruction[] {
  const bytes = parseBytes(text);
  if (target === undefined) {
    return decodeInstruction(bytes).map((reading) => ({ ...call(reading), offset: 0, targets: reading.targets }));
  }
  if (!Object.hasOwn(TARGETS, target)) {
    throw new UsageError(`--target is one of ${Object.keys(TARGETS).join(', ')}, not '${target}'`);
  }
  const name = target as TargetName;
  return decodeInstructions(bytes, name).map(({ offset, decoding }) =>
    decoding.kind === 'call'
      ? { ...call(decoding), offset, targets: [name] }
      : { ...NOTHING, offset, targets: [name], note: NOT_A_CALL[decoding.reason] },
  );
}

/** The same for people, a line an instruction. */
export function instructionReport(instructions: readonly ExplainedInstruction[]): string {
  if (instructions.length === 0) return 'no call instruction, in any instruction set and order of bytes\n';
  return instructions
    .map(({ offset, targets, conduit, immediate, condition, note }) => {
      const what = conduit === null ? '-' : `${conduit}${condition === 'al' ? '' : condition} #${immediate}`;
      return `${offset.toString().padStart(4)}  ${what.padEnd(14)}${targets.join(', ')}${note === null ? '' : `; ${note}`}\n`;
    })
    .join('');
}

const NOTHING = { conduit: null, immediate: null, condition: null, note: null };

function call(read: {
  readonly conduit: string;
  readonly immediate: number;
  readonly condition: string;
  readonly problem?: string;
}): Omit<ExplainedInstruction, 'offset' | 'targets'> {
  const { conduit, immediate, condition, problem } = read;
  return { conduit, immediate: `0x${immediate.toString(16)}`, condition, note: problem ?? null };
}

function parseBytes(text: string): Uint8Array {
  const digits = text.replace(/[\s_,]|0x/gi, '');
  if (digits === '' || digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) {
    throw new UsageError(`'${text}' is no bytes; write "03 00 00 d4", as memory holds them`);
  }
  if (digits.length / 2 > MAX_DECODED_BYTES) throw new UsageError(`more than ${MAX_DECODED_BYTES} bytes`);
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
