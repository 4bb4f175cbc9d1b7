import type { Hex } from '@trapline/recordings';

const WORD = 64;

/** A value as recordings write it. */
export function hex(value: number | bigint): Hex {
  return `0x${(typeof value === 'bigint' ? BigInt.asUintN(WORD, value) : value >>> 0).toString(16)}`;
}

/** Bytes as recordings write them. */
export function hexOfBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The bytes of a recording's digits. */
export function bytesOf(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
