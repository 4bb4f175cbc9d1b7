import { ascii } from '../ascii.js';
import { DeviceTreeError } from '../error.js';
import { MAX_NAME_LENGTH, MAX_STRING_EXPANSION } from '../limits.js';
import { AT_SIGN, isNodeNameByte, isPropertyNameByte } from '../names.js';
import type { FdtHeader } from './header.js';

/** Constants of the FNV-1a hash. */
const FNV_BASIS = 0x811c9dc5 | 0;
const FNV_PRIME = 0x0100_0193;

/** Reads the names of a blob: nodes' from the structure block, properties' from the strings block, each offset once. */
export class NameReader {
  readonly #bytes: Uint8Array;
  readonly #header: FdtHeader;
  /** By offset, the index of the name there plus one. */
  readonly #known: Uint32Array;
  readonly #names: string[] = [];
  readonly #hashes: number[] = [];
  #budget: number;

  constructor(bytes: Uint8Array, header: FdtHeader) {
    this.#bytes = bytes;
    this.#header = header;
    this.#known = new Uint32Array(header.stringsSize);
    this.#budget = header.stringsSize * MAX_STRING_EXPANSION;
  }

  /** A hash of the name read last: names that differ in it differ. */
  lastHash = 0;

  /** The NUL-terminated name of a node at `at`; the root's must be empty and no other's may. */
  nodeName(at: number, limit: number, isRoot: boolean): string {
    const bytes = this.#bytes;
    let end = at;
    let unitAddresses = 0;
    let hash = FNV_BASIS;
    for (; ; end++) {
      if (end >= limit)
        throw new DeviceTreeError('bad-string', 'a node name has no end in the structure block', { offset: at });
      const byte = bytes[end] as number;
      if (byte === 0) break;
      if (!isNodeNameByte(byte)) throw badName('node', byte, end);
      hash = Math.imul(hash ^ byte, FNV_PRIME);
      if (byte === AT_SIGN && ++unitAddresses > 1) throw badName('node', byte, end);
    }
    this.lastHash = hash;
    this.#checkLength('node', at, end);
    if ((end === at) !== isRoot) {
      throw new DeviceTreeError('bad-name', isRoot ? 'the root node has a name' : 'a node has an empty name', {
        offset: at,
      });
    }
    return ascii(bytes, at, end);
  }

  /** The name at an offset into the strings block; `from` is where the blob says so. */
  propertyName(offset: number, from: number): string {
    const known = this.#known[offset];
    if (known !== undefined && known !== 0) {
      this.lastHash = this.#hashes[known - 1] as number;
      return this.#names[known - 1] as string;
    }
    const { stringsOffset, stringsSize } = this.#header;
    if (known === undefined) {
      throw new DeviceTreeError('bad-string', `a name at ${offset} lies outside the strings block`, { offset: from });
    }
    const bytes = this.#bytes;
    const start = stringsOffset + offset;
    const limit = Math.min(stringsOffset + stringsSize, start + MAX_NAME_LENGTH + 1);
    let end = start;
    let hash = FNV_BASIS;
    for (; end < limit; end++) {
      const byte = bytes[end] as number;
      if (byte === 0) break;
      if (!isPropertyNameByte(byte)) throw badName('property', byte, end);
      hash = Math.imul(hash ^ byte, FNV_PRIME);
    }
    this.#checkLength('property', start, end);
    if (end === limit)
      throw new DeviceTreeError('bad-string', 'a property name has no end in the strings block', { offset: start });
    if (end === start) throw new DeviceTreeError('bad-name', 'a property has an empty name', { offset: start });
    this.#budget -= end - start;
    if (this.#budget < 0) {
      const what = `the names come to more than ${MAX_STRING_EXPANSION} times the strings block`;
      throw new DeviceTreeError('limit', what, { offset: from });
    }
    const name = ascii(bytes, start, end);
    this.#known[offset] = this.#names.push(name);
    this.#hashes.push(hash);
    this.lastHash = hash;
    return name;
  }

  #checkLength(what: string, start: number, end: number): void {
    if (end - start > MAX_NAME_LENGTH) {
      throw new DeviceTreeError('limit', `a ${what} name is longer than ${MAX_NAME_LENGTH} characters`, {
        offset: start,
      });
    }
  }
}

function badName(what: string, byte: number, offset: number): DeviceTreeError {
  return new DeviceTreeError('bad-name', `byte 0x${byte.toString(16)} cannot stand in a ${what} name`, { offset });
}
