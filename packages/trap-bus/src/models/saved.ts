import { RestoreError, type Saved } from '@trapline/core';

/** An object of saved state that is being taken back; every access checks what it finds. */
export class SavedRecord {
  readonly #fields: { readonly [key: string]: Saved };
  readonly #place: string;

  constructor(saved: Saved | undefined, place: string) {
    if (saved === null || typeof saved !== 'object' || Array.isArray(saved)) {
      throw new RestoreError(`${place}: expected an object, found ${describe(saved)}`);
    }
    this.#fields = saved as { readonly [key: string]: Saved };
    this.#place = place;
  }

  /** Opens saved state that says of itself which format it has. */
  static open(saved: Saved, format: string): SavedRecord {
    const record = new SavedRecord(saved, format);
    const found = record.#fields.format;
    if (found !== format) throw new RestoreError(`expected the saved state ${format}, found ${describe(found)}`);
    return record;
  }

  /** An integer between two bounds, both included. */
  integer(name: string, least: number, most: number): number {
    return checkInteger(this.#fields[name], `${this.#place}.${name}`, least, most);
  }

  boolean(name: string): boolean {
    const value = this.#fields[name];
    if (typeof value !== 'boolean') throw this.#wrong(name, 'true or false', value);
    return value;
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== 'string') throw this.#wrong(name, 'a string', value);
    return value;
  }

  /** A bigint that was saved by {@link hexOf}. */
  big(name: string): bigint {
    return checkHex(this.#fields[name], `${this.#place}.${name}`);
  }

  list(name: string): readonly Saved[] {
    const value = this.#fields[name];
    if (!Array.isArray(value)) throw this.#wrong(name, 'a list', value);
    return value;
  }

  /** A list whose elements are objects. */
  records(name: string): SavedRecord[] {
    return this.list(name).map((element, i) => new SavedRecord(element, `${this.#place}.${name}[${i}]`));
  }

  /** A list of integers between two bounds; of exactly `length` elements where that is given. */
  integers(name: string, least: number, most: number, length?: number): number[] {
    const list = this.list(name);
    if (length !== undefined && list.length !== length) throw this.#wrong(name, `${length} elements`, list.length);
    return list.map((element, i) => checkInteger(element, `${this.#place}.${name}[${i}]`, least, most));
  }

  /** A complaint about this record, for checks of the model's own. */
  error(problem: string): RestoreError {
    return new RestoreError(`${this.#place}: ${problem}`);
  }

  #wrong(name: string, expected: string, found: Saved | undefined): RestoreError {
    return new RestoreError(`${this.#place}.${name}: expected ${expected}, found ${describe(found)}`);
  }
}

/** A bigint as JSON can hold it; negative ones carry their sign. */
export function hexOf(value: bigint): string {
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

const HEX = /^(-?)(0x[0-9a-f]{1,32})$/;

function checkHex(value: Saved | undefined, place: string): bigint {
  const match = typeof value === 'string' ? HEX.exec(value) : null;
  if (!match?.[2]) throw new RestoreError(`${place}: expected a hexadecimal number, found ${describe(value)}`);
  return match[1] ? -BigInt(match[2]) : BigInt(match[2]);
}

function checkInteger(value: Saved | undefined, place: string, least: number, most: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new RestoreError(`${place}: expected an integer from ${least} to ${most}, found ${describe(value)}`);
}

/** Words of a message: long values are cut, so that a damaged file does not make a message of its own size. */
function describe(value: Saved | undefined): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
