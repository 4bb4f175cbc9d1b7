import { MAX_SOURCE_SIZE } from '../limits.js';
import type { Marker } from '../property.js';
import { readInteger } from './expression.js';
import { decodeEscapes, decodeInteger } from './literals.js';
import type { Scanner } from './scanner.js';
import type { SourceValue } from './source-tree.js';

/** A label with its colon. */
export const LABEL: RegExp = /([A-Za-z_][A-Za-z0-9_]*):/y;
/** A reference: `&label`, `&{/path}` or `&{label/path}`. */
export const REFERENCE: RegExp =
  /&(?:([A-Za-z_][A-Za-z0-9_]*)|\{((?:[A-Za-z_][A-Za-z0-9_]*)?\/[0-9a-zA-Z,._+*#?@/-]*)\})/y;
const BYTE = /[0-9a-fA-F]{2}/y;
const BITS = /\/bits\/(?![\w-])/y;
const INCBIN = /\/incbin\/(?![\w-])/y;
const WIDTH = /0[xX][0-9a-fA-F]+|[0-9]+/y;
const KINDS: Readonly<Record<string, Marker['kind']>> = { 8: 'uint8', 16: 'uint16', 32: 'uint32', 64: 'uint64' };

/** What a reference matched by {@link REFERENCE} names. */
export function referenceName(match: RegExpExecArray): string {
  return (match[1] ?? match[2]) as string;
}

/** Reads the value of a property, from after `=` up to `;`. */
export function readValue(scanner: Scanner): SourceValue {
  const value = new ValueBuilder(scanner);
  do {
    value.readLabels();
    if (
      !(value.readString() || value.readArray() || value.readByteString() || value.readPath() || value.readBinary())
    ) {
      throw scanner.unexpected(
        'a value: "string", <cells>, [bytes], &reference, /bits/ or /incbin/ (macros need cpp first)',
      );
    }
    value.readLabels();
  } while (scanner.takeText(','));
  return value.finish();
}

class ValueBuilder {
  readonly #scanner: Scanner;
  readonly #markers: Marker[] = [];
  #bytes = new Uint8Array(64);
  #length = 0;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  finish(): SourceValue {
    return { bytes: this.#bytes.slice(0, this.#length), markers: this.#markers };
  }

  readLabels(): boolean {
    let label = this.#scanner.take(LABEL);
    if (label === undefined) return false;
    for (; label !== undefined; label = this.#scanner.take(LABEL)) this.#mark('label', label[1] as string);
    return true;
  }

  readString(): boolean {
    const point = this.#scanner.point;
    const text = this.#scanner.takeQuoted('"');
    if (text === undefined) return false;
    this.#mark('string');
    this.#append(decodeEscapes(text, point));
    this.#append(Uint8Array.of(0));
    return true;
  }

  /** `&label` outside of `<>`: the path, put in when the tree is complete. */
  readPath(): boolean {
    const match = this.#scanner.take(REFERENCE);
    if (match === undefined) return false;
    this.#mark('string');
    this.#mark('path', referenceName(match));
    return true;
  }

  readArray(): boolean {
    const scanner = this.#scanner;
    let bits = 32;
    if (scanner.take(BITS) !== undefined) {
      const point = scanner.point;
      const width = scanner.take(WIDTH);
      bits = width === undefined ? 0 : Number(decodeInteger(width[0], point));
      if (KINDS[bits] === undefined) throw scanner.error('range', '/bits/ takes 8, 16, 32 or 64', point);
      scanner.expect('<', 'after /bits/ and its width');
    } else if (!scanner.takeText('<')) return false;
    this.#mark(KINDS[bits] as Marker['kind']);
    while (!scanner.takeText('>')) {
      if (!this.readLabels() && !this.#readCellReference(bits) && !this.#readElement(bits)) {
        throw scanner.unexpected("a number, a reference, a label or '>' (macros need cpp first)");
      }
    }
    return true;
  }

  readByteString(): boolean {
    const scanner = this.#scanner;
    if (!scanner.takeText('[')) return false;
    this.#mark('uint8');
    while (!scanner.takeText(']')) {
      if (this.readLabels()) continue;
      const byte = scanner.take(BYTE);
      if (byte === undefined) throw scanner.unexpected("two hexadecimal digits, a label or ']'");
      this.#append(Uint8Array.of(Number.parseInt(byte[0], 16)));
    }
    return true;
  }

  /** `/incbin/ ("file")` or `/incbin/ ("file", offset, length)`. */
  readBinary(): boolean {
    const scanner = this.#scanner;
    const point = scanner.point;
    if (scanner.take(INCBIN) === undefined) return false;
    scanner.expect('(', 'after /incbin/');
    const name = scanner.takeQuoted('"');
    if (name === undefined) throw scanner.unexpected('the name of a file');
    let offset = 0n;
    let length: bigint | undefined;
    if (scanner.takeText(',')) {
      offset = this.#readNumber('an offset');
      scanner.expect(',', 'and a length after the offset');
      length = this.#readNumber('a length');
    }
    scanner.expect(')', 'at the end of /incbin/');
    const file = new TextDecoder().decode(decodeEscapes(name, point));
    const bytes = scanner.resolver.bytes?.(file, point.file.name);
    if (bytes === undefined)
      throw scanner.error('resolver', `/incbin/ "${file}": the resolver has no such bytes`, point);
    const size = BigInt(bytes.length);
    const start = offset < size ? offset : size;
    const end = length === undefined || start + length > size ? size : start + length;
    this.#mark('uint8');
    this.#append(bytes.subarray(Number(start), Number(end)));
    return true;
  }

  #readNumber(what: string): bigint {
    const value = readInteger(this.#scanner);
    if (value === undefined) throw this.#scanner.unexpected(what);
    return value;
  }

  #readElement(bits: number): boolean {
    const point = this.#scanner.point;
    const value = readInteger(this.#scanner);
    if (value === undefined) return false;
    const mask = (1n << BigInt(bits)) - 1n;
    // What exceeds the width must be a negative number's sign.
    if (value > mask && BigInt.asUintN(64, value | mask) !== (1n << 64n) - 1n) {
      throw this.#scanner.error(
        'range',
        `0x${value.toString(16)} does not fit ${bits} bits; use /bits/ or a mask`,
        point,
      );
    }
    this.#appendNumber(value, bits);
    return true;
  }

  #readCellReference(bits: number): boolean {
    const point = this.#scanner.point;
    const match = this.#scanner.take(REFERENCE);
    if (match === undefined) return false;
    if (bits !== 32) throw this.#scanner.error('syntax', 'references are phandles of 32 bits; drop /bits/', point);
    this.#mark('phandle', referenceName(match));
    this.#appendNumber(0xffff_ffffn, 32);
    return true;
  }

  #mark(kind: Marker['kind'], name?: string): void {
    this.#markers.push(name === undefined ? { kind, offset: this.#length } : { kind, offset: this.#length, name });
  }

  #appendNumber(value: bigint, bits: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value));
    this.#append(bytes.subarray(8 - bits / 8));
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > MAX_SOURCE_SIZE)
      throw this.#scanner.error('limit', `the value is larger than ${MAX_SOURCE_SIZE} bytes`);
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }
}
