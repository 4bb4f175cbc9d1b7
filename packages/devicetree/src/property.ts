import { ascii } from './ascii.js';
import { DeviceTreeError } from './error.js';

/** What a DTS source said about a place inside a value; a blob does not carry it. */
export interface Marker {
  readonly kind: 'label' | 'phandle' | 'path' | 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'string';
  /** Byte offset in the value. */
  readonly offset: number;
  /** The label's name, or what the reference named (`gic`, `/soc/uart@9000000`). */
  readonly name?: string;
}

/**
 * One property: a name and an immutable run of bytes, read lazily as what the caller knows it to be.
 *
 * The typed readers throw a {@link DeviceTreeError} with reason `bad-value` where the bytes cannot be read that way.
 * DTSpec 0.4, 2.2.4.
 */
export class Property {
  readonly name: string;
  /** Labels before the property's name in DTS source. */
  readonly labels: readonly string[];
  /** Labels, references and types inside the value, by ascending offset, when it was read from DTS source. */
  readonly markers: readonly Marker[];
  /** Length of the value in bytes. */
  readonly length: number;
  readonly #data: Uint8Array;
  readonly #start: number;

  constructor(
    name: string,
    data: Uint8Array,
    start = 0,
    length: number = data.length - start,
    markers: readonly Marker[] = none,
    labels: readonly string[] = none,
  ) {
    this.name = name;
    this.labels = labels;
    this.markers = markers;
    this.length = length;
    this.#data = data;
    this.#start = start;
  }

  /** The value as a view on the tree's own memory: read it, do not write it. */
  get bytes(): Uint8Array {
    return this.#data.subarray(this.#start, this.#start + this.length);
  }

  /** Whether the value has no bytes, as a flag's. */
  get isEmpty(): boolean {
    return this.length === 0;
  }

  /** The 32-bit cell number `index`. */
  u32(index = 0): number {
    if (index < 0 || (index + 1) * 4 > this.length) throw this.#bad(`has ${this.length} bytes and no cell ${index}`);
    return this.#cell(this.#start + index * 4);
  }

  /** The 64-bit value made of the cells `index` and `index + 1`. */
  u64(index = 0): bigint {
    return this.number(index, 2);
  }

  /** `count` cells from cell `index`, read as one big-endian number. No cells are 0. */
  number(index: number, count: number): bigint {
    if (index < 0 || count < 0 || (index + count) * 4 > this.length) {
      throw this.#bad(`has ${this.length} bytes where cells ${index} to ${index + count - 1} are asked for`);
    }
    let at = this.#start + index * 4;
    if (count === 0) return 0n;
    let value = BigInt(this.#cell(at));
    for (let i = 1; i < count; i++) {
      at += 4;
      value = (value << 32n) | BigInt(this.#cell(at));
    }
    return value;
  }

  /** The whole value as 32-bit cells. */
  cells(): number[] {
    if (this.length % 4 !== 0) throw this.#bad(`has ${this.length} bytes, which is no whole number of cells`);
    const cells = new Array<number>(this.length / 4);
    for (let i = 0; i < cells.length; i++) cells[i] = this.#cell(this.#start + i * 4);
    return cells;
  }

  /** The whole value as one NUL-terminated string. */
  string(): string {
    const strings = this.strings();
    if (strings.length !== 1) throw this.#bad(`holds ${strings.length} strings where one is expected`);
    return strings[0] as string;
  }

  /** The whole value as a list of NUL-terminated strings (UTF-8). */
  strings(): string[] {
    if (this.length === 0) return [];
    const end = this.#start + this.length;
    if (this.#data[end - 1] !== 0) throw this.#bad('does not end with a NUL, so it is no string');
    const strings: string[] = [];
    for (let at = this.#start; at < end; ) {
      const stop = this.#data.indexOf(0, at);
      strings.push(text(this.#data, at, stop));
      at = stop + 1;
    }
    return strings;
  }

  /** Copies the value to a place in other bytes. */
  copyTo(target: Uint8Array, start: number): void {
    let at = start;
    const end = this.#start + this.length;
    if (this.length > FEW_BYTES) target.set(this.#data.subarray(this.#start, end), at);
    else for (let from = this.#start; from < end; from++, at++) target[at] = this.#data[from] as number;
  }

  /** Whether the value ends with a NUL, so that it reads as strings. */
  get isStrings(): boolean {
    return this.length > 0 && this.#data[this.#start + this.length - 1] === 0;
  }

  /** Whether name and bytes are those of another property. */
  equals(other: Property): boolean {
    if (this.name !== other.name || this.length !== other.length) return false;
    const mine = this.bytes;
    const theirs = other.bytes;
    return mine.every((byte, i) => byte === theirs[i]);
  }

  /** The same value under another name or with other source notes. */
  with(changes: { name?: string; markers?: readonly Marker[]; labels?: readonly string[] }): Property {
    return new Property(
      changes.name ?? this.name,
      this.#data,
      this.#start,
      this.length,
      changes.markers ?? this.markers,
      changes.labels ?? this.labels,
    );
  }

  /** Another value of the same length under the same name, with the same source notes. */
  withBytes(bytes: Uint8Array): Property {
    return new Property(this.name, bytes, 0, bytes.length, this.markers, this.labels);
  }

  #cell(at: number): number {
    const data = this.#data;
    return (
      (((data[at] as number) << 24) |
        ((data[at + 1] as number) << 16) |
        ((data[at + 2] as number) << 8) |
        (data[at + 3] as number)) >>>
      0
    );
  }

  #bad(what: string): DeviceTreeError {
    return new DeviceTreeError('bad-value', what, { property: this.name });
  }
}

/** Up to here a loop copies faster than a view is made. */
const FEW_BYTES = 64;

const none: readonly never[] = Object.freeze([]);

function text(data: Uint8Array, from: number, to: number): string {
  let all = 0;
  for (let i = from; i < to; i++) all |= data[i] as number;
  return all > 0x7f
    ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(data.subarray(from, to))
    : ascii(data, from, to);
}
