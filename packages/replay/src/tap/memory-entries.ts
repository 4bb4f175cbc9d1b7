import type { MemoryBytes } from '@trapline/recordings';
import { bytesOf, hex, hexOfBytes } from '../registers/hex.js';
import type { ByteRun } from './byte-map.js';

/** A byte that comes at least so often in a row is written once, with how often. */
const MIN_REPEATS = 32;

/** Bytes as a recording has them: stretches of one byte, and what lies between. */
export function* entriesOf({ address, bytes }: ByteRun): Generator<MemoryBytes> {
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    let end = at + 1;
    while (end < bytes.length && bytes[end] === bytes[at]) end++;
    if (end - at >= MIN_REPEATS) {
      if (at > from) yield entry(address, bytes, from, at);
      yield { ...entry(address, bytes, at, at + 1), times: end - at };
      from = end;
    }
    at = end;
  }
  if (bytes.length > from) yield entry(address, bytes, from, bytes.length);
}

/** The bytes of an entry, all of them. */
export function contentOf({ hex: digits = '', times = 1 }: Pick<MemoryBytes, 'hex' | 'times'>): Uint8Array {
  const once = bytesOf(digits);
  if (times === 1) return once;
  const all = new Uint8Array(once.length * times);
  if (once.length === 1) return all.fill(once[0] as number);
  for (let at = 0; at < all.length; at += once.length) all.set(once, at);
  return all;
}

function entry(address: number, bytes: Uint8Array, from: number, to: number): MemoryBytes {
  return { addr: hex(BigInt(address + from)), hex: hexOfBytes(bytes.subarray(from, to)) };
}
