import { UsageError } from '../command.js';

/** A register as people write it: hexadecimal, decimal, octal or binary, with `_` between digits, or negative. */
const NUMBER = /^(-?)(0x[0-9a-f]+(?:_[0-9a-f]+)*|0o[0-7]+(?:_[0-7]+)*|0b[01]+(?:_[01]+)*|\d+(?:_\d+)*)$/i;

/** Reads a 64-bit register. Throws {@link UsageError} for what is no number, or needs more bits. */
export function parseWord(text: string): bigint {
  const match = NUMBER.exec(text);
  if (match === null) throw new UsageError(`'${text}' is no number; write 0xc4000003, or decimal`);
  const magnitude = BigInt((match[2] as string).replaceAll('_', ''));
  const value = match[1] === '-' ? -magnitude : magnitude;
  if (value >= 1n << 64n || value < -(1n << 63n)) throw new UsageError(`${text} does not fit into a 64-bit register`);
  return BigInt.asUintN(64, value);
}
