import { type SourcePoint, sourceError } from './source.js';

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };
const OCTAL = /[0-7]{1,3}/y;
const HEX = /[0-9a-fA-F]{1,2}/y;
/** Digits of 2⁶⁴−1 in octal, with `0` before them, and room for leading zeros. */
const MAX_DIGITS = 64;
const MAX_U64 = (1n << 64n) - 1n;

/** The bytes of a string or character literal without its quotes: UTF-8, with C's escapes. */
export function decodeEscapes(text: string, point: SourcePoint): Uint8Array {
  if (!text.includes('\\')) return new TextEncoder().encode(text);
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at < text.length) {
    const backslash = text.indexOf('\\', at);
    const end = backslash < 0 ? text.length : backslash;
    if (end > at) parts.push(new TextEncoder().encode(text.slice(at, end)));
    if (backslash < 0) break;
    const decoded = decodeEscape(text, backslash + 1, point);
    parts.push(decoded.bytes);
    at = decoded.end;
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    bytes.set(part, filled);
    filled += part.length;
  }
  return bytes;
}

function decodeEscape(text: string, at: number, point: SourcePoint): { bytes: Uint8Array; end: number } {
  const letter = text[at] ?? '';
  const simple = SIMPLE_ESCAPES[letter];
  if (simple !== undefined) return { bytes: Uint8Array.of(simple), end: at + 1 };
  OCTAL.lastIndex = at;
  const octal = OCTAL.exec(text)?.[0];
  if (octal !== undefined) return { bytes: Uint8Array.of(Number.parseInt(octal, 8) & 0xff), end: at + octal.length };
  if (letter === 'x') {
    HEX.lastIndex = at + 1;
    const hex = HEX.exec(text)?.[0];
    if (hex === undefined) throw sourceError('syntax', "'\\x' needs hexadecimal digits after it", point);
    return { bytes: Uint8Array.of(Number.parseInt(hex, 16)), end: at + 1 + hex.length };
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return { bytes: new TextEncoder().encode(character), end: at + character.length };
}

/** The value of an integer literal as C reads it: decimal, `0x…`, octal with a leading 0; suffixes are ignored. */
export function decodeInteger(literal: string, point: SourcePoint): bigint {
  const digits = literal.replace(/[UL]+$/, '');
  const octal = /^0\d/.test(digits);
  if (octal && /[89]/.test(digits))
    throw sourceError('syntax', `'${literal}' is no octal number; drop the leading 0`, point);
  if (digits.length > MAX_DIGITS)
    throw sourceError('range', `the number has ${digits.length} digits; 64 bits need ${MAX_DIGITS} at most`, point);
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  if (value > MAX_U64) throw sourceError('range', `'${literal}' does not fit 64 bits`, point);
  return value;
}

/** The value of a character literal without its quotes: one byte, unsigned. */
export function decodeCharacter(text: string, point: SourcePoint): bigint {
  const bytes = decodeEscapes(text, point);
  if (bytes.length !== 1)
    throw sourceError('syntax', `a character literal has one byte, '${text}' has ${bytes.length}`, point);
  return BigInt(bytes[0] as number);
}
