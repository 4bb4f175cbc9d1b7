import { RestoreError, type Saved } from '@trapline/core';

/** Saved state that is being taken back: every access checks what it finds, and throws {@link RestoreError}. */
export class SavedState {
  readonly #fields: { readonly [key: string]: Saved };
  readonly #place: string;

  constructor(saved: Saved | undefined, place: string) {
    if (saved === undefined || saved === null || typeof saved !== 'object' || Array.isArray(saved)) {
      throw new RestoreError(`xen: the state of ${place} is wanted`);
    }
    this.#fields = saved as { readonly [key: string]: Saved };
    this.#place = place;
  }

  /** The state of a part. */
  part(name: string): SavedState {
    return new SavedState(this.#fields[name], `${this.#place}.${name}`);
  }

  /** The state of a part, or undefined where null was saved. */
  partOrNothing(name: string): SavedState | undefined {
    return this.#fields[name] === null ? undefined : this.part(name);
  }

  /** What a part has saved, for its own restore. */
  saved(name: string): Saved {
    const value = this.#fields[name];
    if (value === undefined) throw this.#wrong(name, 'a value');
    return value;
  }

  flag(name: string): boolean {
    const value = this.#fields[name];
    if (typeof value !== 'boolean') throw this.#wrong(name, 'true or false');
    return value;
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== 'string') throw this.#wrong(name, 'a string');
    return value;
  }

  /** A whole number between two bounds, both included. */
  integer(name: string, least: number, most: number): number {
    return this.#checked(this.#fields[name], name, least, most);
  }

  /** A list of whole numbers between two bounds; of exactly `length` where that is given. */
  integers(name: string, least: number, most: number, length?: number): number[] {
    return this.list(name, length).map((value) => this.#checked(value, name, least, most));
  }

  /** A bigint that was saved as a decimal string. */
  bigint(name: string): bigint {
    return this.#decimal(this.#fields[name], name);
  }

  /** A list of bigints that were saved as decimal strings. */
  bigints(name: string, length?: number): bigint[] {
    return this.list(name, length).map((value) => this.#decimal(value, name));
  }

  list(name: string, length?: number): readonly Saved[] {
    const value = this.#fields[name];
    if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
      throw this.#wrong(name, length === undefined ? 'a list' : `a list of ${length}`);
    }
    return value;
  }

  /** A list whose elements are objects. */
  parts(name: string, length?: number): SavedState[] {
    return this.list(name, length).map((value, i) => new SavedState(value, `${this.#place}.${name}[${i}]`));
  }

  /** A list whose elements are objects, or undefined where null was saved. */
  partsOrNothing(name: string, length?: number): (SavedState | undefined)[] {
    return this.list(name, length).map((value, i) =>
      value === null ? undefined : new SavedState(value, `${this.#place}.${name}[${i}]`),
    );
  }

  /** A complaint of the room's own. */
  error(problem: string): RestoreError {
    return new RestoreError(`xen: ${this.#place}: ${problem}`);
  }

  #decimal(value: Saved | undefined, name: string): bigint {
    if (typeof value === 'string' && /^-?[0-9]{1,40}$/.test(value)) return BigInt(value);
    throw this.#wrong(name, 'a decimal number');
  }

  #checked(value: Saved | undefined, name: string, least: number, most: number): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw this.#wrong(name, `whole numbers from ${least} to ${most}`);
  }

  #wrong(name: string, expected: string): RestoreError {
    return new RestoreError(`xen: ${this.#place}.${name}: ${expected} wanted`);
  }
}
