import { DeviceTreeError } from './error.js';
import type { Property } from './property.js';

/**
 * The properties of a node, read as what the caller knows them to be.
 *
 * Every typed reader gives `undefined` where the property is absent and throws {@link DeviceTreeError} with reason
 * `bad-value`, naming node and property, where its bytes cannot be read that way.
 */
export abstract class PropertyReader {
  /** Replaced, never changed: nodes without properties share one. */
  protected list: readonly Property[];

  /** Takes the array over. */
  constructor(list: readonly Property[]) {
    this.list = list;
  }

  /** Path of the node, for errors. */
  abstract get path(): string;

  get properties(): readonly Property[] {
    return this.list;
  }

  property(name: string): Property | undefined {
    for (const property of this.list) if (property.name === name) return property;
    return undefined;
  }

  /** Whether the property is there, whatever its value. */
  has(name: string): boolean {
    return this.property(name) !== undefined;
  }

  /** The first cell. */
  u32(name: string): number | undefined {
    return this.#typed(name, (property) => property.u32());
  }

  /** The first two cells as one number. */
  u64(name: string): bigint | undefined {
    return this.#typed(name, (property) => property.u64());
  }

  /** All cells. */
  cells(name: string): number[] | undefined {
    return this.#typed(name, (property) => property.cells());
  }

  /** The one string. */
  string(name: string): string | undefined {
    return this.#typed(name, (property) => property.string());
  }

  /** The list of strings. */
  strings(name: string): string[] | undefined {
    return this.#typed(name, (property) => property.strings());
  }

  /** The bytes: a view, not to be written. */
  bytes(name: string): Uint8Array | undefined {
    return this.property(name)?.bytes;
  }

  /** `compatible`, most specific first; empty where there is none. DTSpec 0.4, 2.3.1. */
  get compatible(): readonly string[] {
    return this.strings('compatible') ?? [];
  }

  /** */
  isCompatible(...patterns: readonly string[]): boolean {
    const property = this.property('compatible');
    if (!property?.isStrings) return false;
    return property.strings().some((name) => patterns.some((pattern) => matches(name, pattern)));
  }

  /** `status`, `okay` where there is none. DTSpec 0.4, 2.3.4. */
  get status(): string {
    const status = this.string('status') ?? 'okay';
    return status === 'ok' ? 'okay' : status;
  }

  /** `phandle`, or `linux,phandle` of old trees. 0 and −1 are no phandles. DTSpec 0.4, 2.3.3. */
  get phandle(): number | undefined {
    const property = this.property('phandle') ?? this.property('linux,phandle');
    if (property === undefined || property.length !== 4) return undefined;
    const phandle = property.u32();
    return phandle === 0 || phandle === 0xffff_ffff ? undefined : phandle;
  }

  #typed<T>(name: string, read: (property: Property) => T): T | undefined {
    const property = this.property(name);
    if (property === undefined) return undefined;
    try {
      return read(property);
    } catch (error) {
      throw error instanceof DeviceTreeError
        ? new DeviceTreeError(error.reason, error.detail, { path: this.path, property: name })
        : error;
    }
  }
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
