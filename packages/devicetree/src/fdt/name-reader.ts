import { DeviceTreeError } from '../error.js';
import { MAX_NAME_LENGTH, MAX_STRING_EXPANSION } from '../limits.js';
import { AT_SIGN, isNodeNameByte, isPropertyNameByte } from '../names.js';
import type { FdtHeader } from './header.js';

/** Reads the names of a blob: nodes' from the structure block, properties' from the strings block, each offset once. */
export class NameReader {
  readonly #bytes: Uint8Array;
  readonly #header: FdtHeader;
  readonly #properties = new Map<number, string>();
  #budget: number;

  constructor(bytes: Uint8Array, header: FdtHeader) {
    this.#bytes = bytes;
    this.#header = header;
    this.#budget = header.stringsSize * MAX_STRING_EXPANSION;
  }

  /** The NUL-terminated name of a node at `at`; the root's must be empty and no other's may. */
  nodeName(at: number, limit: number, isRoot: boolean): string {
    const bytes = this.#bytes;
    let end = at;
    let unitAddresses = 0;
    for (; ; end++) {
      if (end >= limit)
        throw new DeviceTreeError('bad-string', 'a node name has no end in the structure block', { offset: at });
      const byte = bytes[end] as number;
      if (byte === 0) break;
      if (!isNodeNameByte(byte)) throw badName('node', byte, end);
      if (byte === AT_SIGN && ++unitAddresses > 1) throw badName('node', byte, end);
    }
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
    const known = this.#properties.get(offset);
    if (known !== undefined) return known;
    const { stringsOffset, stringsSize } = this.#header;
    if (offset >= stringsSize) {
      throw new DeviceTreeError('bad-string', `a name at ${offset} lies outside the strings block`, { offset: from });
    }
    const bytes = this.#bytes;
    const start = stringsOffset + offset;
    const limit = Math.min(stringsOffset + stringsSize, start + MAX_NAME_LENGTH + 1);
    let end = start;
    for (; end < limit; end++) {
      const byte = bytes[end] as number;
      if (byte === 0) break;
      if (!isPropertyNameByte(byte)) throw badName('property', byte, end);
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
    this.#properties.set(offset, name);
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

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let name = '';
  for (let i = start; i < end; i++) name += String.fromCharCode(bytes[i] as number);
  return name;
}

function badName(what: string, byte: number, offset: number): DeviceTreeError {
  return new DeviceTreeError('bad-name', `byte 0x${byte.toString(16)} cannot stand in a ${what} name`, { offset });
}
