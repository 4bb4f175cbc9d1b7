import { DeviceTreeError } from './error.js';
import type { Marker } from './property.js';

/**
 * What a property can be set to:
 * - `true`: no bytes, a flag; `false` and `undefined`: no property
 * - a string or strings: NUL-terminated
 * - a number: one 32-bit cell; a bigint: two cells
 * - an array of numbers, bigints and nodes: cells, two cells, and the node's phandle (given to it if it has none)
 * - bytes as they are, or what {@link cells}, {@link u64}, {@link strings}, {@link bytes}, {@link join} made
 */
export type PropertyValue<N = unknown> =
  | boolean
  | undefined
  | string
  | number
  | bigint
  | Uint8Array
  | readonly string[]
  | readonly CellItem<N>[]
  | Encoded;

/** One item of a list of cells: a 32-bit number, a 64-bit bigint, or a node whose phandle is meant. */
export type CellItem<N = unknown> = number | bigint | N;

/** Bytes with notes about their types, for a tidy DTS. */
export interface Encoded {
  readonly bytes: Uint8Array;
  readonly markers: readonly Marker[];
}

/** Cells of 32 bits. Throws `range` for a number that is no 32-bit integer, signed or unsigned. */
export function cells(...values: readonly number[]): Encoded {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, cell(value));
  return { bytes, markers: [{ kind: 'uint32', offset: 0 }] };
}

/** Values of 64 bits, two cells each. Throws `range` for what does not fit 64 bits. */
export function u64(...values: readonly (bigint | number)[]): Encoded {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setBigUint64(i * 8, wide(value));
  return { bytes, markers: [{ kind: 'uint64', offset: 0 }] };
}

/** NUL-terminated strings, in UTF-8. */
export function strings(...values: readonly string[]): Encoded {
  const parts = values.map((value) => {
    if (value.includes('\0')) throw new DeviceTreeError('range', 'a string value cannot contain NUL; use bytes()');
    return { bytes: new TextEncoder().encode(`${value}\0`), markers: [{ kind: 'string', offset: 0 } as const] };
  });
  return join(...parts);
}

/** Bytes as they are. Throws `range` for a number that is no byte. */
export function bytes(...values: readonly number[]): Encoded {
  for (const value of values) {
    if (!Number.isInteger(value) || value < 0 || value > 0xff) throw outOfRange(value, 'a byte');
  }
  return { bytes: Uint8Array.from(values), markers: [{ kind: 'uint8', offset: 0 }] };
}

/** Values one after another, as `a, b` in DTS. */
export function join(...parts: readonly Encoded[]): Encoded {
  const length = parts.reduce((sum, part) => sum + part.bytes.length, 0);
  const result = new Uint8Array(length);
  const markers: Marker[] = [];
  let at = 0;
  for (const part of parts) {
    result.set(part.bytes, at);
    for (const marker of part.markers) markers.push({ ...marker, offset: marker.offset + at });
    at += part.bytes.length;
  }
  return { bytes: result, markers };
}

/**
 * The bytes of a value, `undefined` where the value says that there is no property.
 *
 * Throws `range` for a number that does not fit and for an array that mixes strings with cells.
 */
export function encodeValue<N>(value: PropertyValue<N>, phandleOf: (node: N) => number): Encoded | undefined {
  if (value === undefined || value === false) return undefined;
  if (value === true) return { bytes: new Uint8Array(0), markers: [] };
  if (typeof value === 'string') return strings(value);
  if (typeof value === 'number') return cells(value);
  if (typeof value === 'bigint') return u64(value);
  if (value instanceof Uint8Array) return { bytes: value.slice(), markers: [] };
  if (isEncoded(value)) return value;
  if (value.every((item) => typeof item === 'string')) return strings(...(value as readonly string[]));
  return join(...(value as readonly CellItem<N>[]).map((item) => cellItem(item, phandleOf)));
}

function cellItem<N>(item: CellItem<N>, phandleOf: (node: N) => number): Encoded {
  if (typeof item === 'number') return cells(item);
  if (typeof item === 'bigint') return { bytes: u64(item).bytes, markers: [{ kind: 'uint32', offset: 0 }] };
  if (typeof item !== 'object') throw new DeviceTreeError('range', `an array of cells cannot contain ${typeof item}s`);
  return cells(phandleOf(item));
}

function isEncoded(value: Encoded | readonly unknown[]): value is Encoded {
  return !Array.isArray(value);
}

function cell(value: number): number {
  if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0xffff_ffff) throw outOfRange(value, 'a 32-bit cell');
  return value;
}

function wide(value: bigint | number): bigint {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw outOfRange(value, 'a safe integer');
  const big = BigInt(value);
  if (big < -(1n << 63n) || big >= 1n << 64n) throw outOfRange(value, 'a 64-bit value');
  return big;
}

function outOfRange(value: bigint | number, what: string): DeviceTreeError {
  return new DeviceTreeError('range', `${value} is not ${what}`);
}
