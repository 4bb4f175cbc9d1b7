import { ALWAYS, CALL_ENCODINGS, type CallConduit, type CallEncoding, CONDITIONS } from '../encodings.js';
import { conduitProblem, type InstructionSet, TARGETS, type Target, type TargetName, targetOf } from '../target.js';

/** A call instruction that was read. */
export interface CallInstruction {
  readonly kind: 'call';
  readonly set: InstructionSet;
  readonly conduit: CallConduit;
  readonly immediate: number;
  /** Under which condition it is executed; `al` (always) everywhere except in A32. */
  readonly condition: string;
  /** Bytes it takes. */
  readonly length: 4;
  /** Why cores may do something else with it, or undefined for a well-formed instruction that cores execute. */
  readonly problem?: string;
}

/** What stands at a place, for one target. */
export type Decoding =
  | CallInstruction
  | {
      readonly kind: 'none';
      /** `other`: an instruction that makes no call; `truncated`: it goes on behind the bytes; `unaligned`: the address. */
      readonly reason: 'other' | 'truncated' | 'unaligned';
      /** Bytes that it takes: 2 for a 16-bit T32 instruction, 0 where none can stand. */
      readonly length: 0 | 2 | 4;
    };

/** A call instruction, with the targets for which the bytes mean it. */
export interface Reading extends CallInstruction {
  readonly targets: readonly TargetName[];
}

/** Where to look. */
export interface DecodeOptions {
  /** Index of the first byte; 0 where absent. */
  readonly offset?: number;
  /** Address of that byte, where it is known: A64 and A32 instructions stand at multiples of 4, T32's at multiples of 2. */
  readonly address?: number | bigint;
}

/**
 * Says which call instruction stands in bytes as a target has them in memory; without a target, every reading: one word
 * can mean different things in A64, A32, T32 and either order of bytes.
 *
 * Takes any bytes and never throws: what is too short, stands at an impossible address or calls nothing is said to be
 * so. An instruction with bits that should be zero, with a condition that HVC must not have, or on a target where no core
 * executes it is read all the same, and carries a `problem`.
 */
export function decodeInstruction(bytes: Uint8Array, target: Target | TargetName, options?: DecodeOptions): Decoding;
export function decodeInstruction(bytes: Uint8Array, target?: undefined, options?: DecodeOptions): readonly Reading[];
export function decodeInstruction(
  bytes: Uint8Array,
  target?: Target | TargetName,
  options: DecodeOptions = {},
): Decoding | readonly Reading[] {
  return target === undefined ? readings(bytes, options) : decodeAt(bytes, targetOf(target), options);
}

function readings(bytes: Uint8Array, options: DecodeOptions): readonly Reading[] {
  const found: Reading[] = [];
  for (const target of Object.values(TARGETS)) {
    const decoding = decodeAt(bytes, target, options);
    if (decoding.kind !== 'call') continue;
    const same = found.findIndex(
      (reading) => reading.set === decoding.set && TARGETS[first(reading)].code === target.code,
    );
    const reading = found[same];
    if (reading) found[same] = { ...reading, targets: [...reading.targets, target.name] };
    else found.push({ ...decoding, targets: [target.name] });
  }
  return found;
}

function first(reading: Reading): TargetName {
  return reading.targets[0] as TargetName;
}

function decodeAt(bytes: Uint8Array, target: Target, { offset = 0, address }: DecodeOptions): Decoding {
  const unit = target.set === 't32' ? 2 : 4;
  if (address !== undefined && BigInt(address) % BigInt(unit) !== 0n) return NONE.unaligned;
  if (!(offset >= 0) || offset + unit > bytes.length) return NONE.truncated;
  let word: number;
  if (target.set === 't32') {
    const head = halfword(bytes, offset, target);
    if (!startsLong(head)) return NONE.short;
    if (offset + 4 > bytes.length) return NONE.truncated;
    word = (head << 16) | halfword(bytes, offset + 2, target);
  } else {
    const low = halfword(bytes, offset, target);
    const high = halfword(bytes, offset + 2, target);
    word = target.code === 'big' ? (low << 16) | high : (high << 16) | low;
  }
  for (const encoding of CALL_ENCODINGS) {
    if (encoding.set === target.set && (word & encoding.mask) === (encoding.value | 0)) {
      return read(word, encoding, target) ?? NONE.other;
    }
  }
  return NONE.other;
}

/** A T32 halfword that begins with 0b11101, 0b11110 or 0b11111 is the first of two (DDI 0487, F3.1). */
function startsLong(halfword: number): boolean {
  return halfword >>> 11 >= 0b11101;
}

function halfword(bytes: Uint8Array, at: number, target: Target): number {
  const first = bytes[at] as number;
  const second = bytes[at + 1] as number;
  return target.code === 'big' ? (first << 8) | second : (second << 8) | first;
}

function read(word: number, encoding: CallEncoding, target: Target): CallInstruction | undefined {
  const condition = encoding.condition === undefined ? ALWAYS : word >>> 28;
  const name = CONDITIONS[condition];
  if (name === undefined) return undefined;
  let immediate = 0;
  for (const { at, bits } of encoding.immediate) immediate = (immediate << bits) | ((word >>> at) & (2 ** bits - 1));
  const problem = problemOf(word, encoding, condition, target);
  const call = {
    kind: 'call',
    set: target.set,
    conduit: encoding.conduit,
    immediate,
    condition: name,
    length: 4,
  } as const;
  return problem === undefined ? call : { ...call, problem };
}

function problemOf(word: number, encoding: CallEncoding, condition: number, target: Target): string | undefined {
  if (encoding.condition === 'al' && condition !== ALWAYS) {
    return 'HVC with a condition is CONSTRAINED UNPREDICTABLE';
  }
  if ((word & encoding.shouldBeZero) !== 0) {
    return 'SMC with bits set that should be zero is CONSTRAINED UNPREDICTABLE';
  }
  return conduitProblem(encoding.conduit, target);
}

const NONE = {
  other: { kind: 'none', reason: 'other', length: 4 },
  short: { kind: 'none', reason: 'other', length: 2 },
  truncated: { kind: 'none', reason: 'truncated', length: 0 },
  unaligned: { kind: 'none', reason: 'unaligned', length: 0 },
} as const satisfies Record<string, Decoding>;
