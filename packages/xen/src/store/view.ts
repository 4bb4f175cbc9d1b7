import type { StoreEngine } from './engine.js';
import { StoreError, type StoreErrorName } from './errors.js';
import type { Permission } from './permissions.js';
import type { ClientContext } from './reading.js';

/** A value as the host gives it: text goes as UTF-8. */
export type StoreValue = string | Uint8Array;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The store as the host sees it, outside or inside a transaction: everything is allowed. Relative paths are those of
 * domain 0. What cannot be done throws a {@link StoreError} with xenstore's own name for it.
 */
export class StoreView {
  readonly #engine: StoreEngine;
  readonly #context: ClientContext;
  readonly #done: () => void;

  constructor(engine: StoreEngine, context: ClientContext, done: () => void) {
    this.#engine = engine;
    this.#context = context;
    this.#done = done;
  }

  /** A node's value. ENOENT where it is not there. */
  read(path: string): Uint8Array {
    return this.#value('read', path, this.#engine.reader.read(this.#context, path)).slice();
  }

  /** A node's value as text; undefined where it is not there. */
  text(path: string): string | undefined {
    const value = this.#engine.reader.read(this.#context, path);
    if (value === 'ENOENT') return undefined;
    return decoder.decode(this.#value('read', path, value));
  }

  /** Whether a node is there. */
  has(path: string): boolean {
    const value = this.#engine.reader.read(this.#context, path);
    if (value === 'ENOENT') return false;
    this.#value('read', path, value);
    return true;
  }

  /** The names of a node's children, in order of creation. ENOENT where it is not there. */
  ls(path: string): readonly string[] {
    return this.#value('ls', path, this.#engine.reader.list(this.#context, path)).children;
  }

  /** Writes a value; makes the node, and what it stands in, where they are missing. */
  write(path: string, value: StoreValue): void {
    const bytes = typeof value === 'string' ? encoder.encode(value) : value.slice();
    this.#change('write', path, this.#engine.writer.write(this.#context, path, bytes));
  }

  /** Makes a node without a value, where it is missing. */
  mkdir(path: string): void {
    this.#change('mkdir', path, this.#engine.writer.mkdir(this.#context, path));
  }

  /** Removes a node and all below it; ENOENT only where its directory is missing too. */
  rm(path: string): void {
    this.#change('rm', path, this.#engine.writer.rm(this.#context, path));
  }

  /** A node's permissions: the owner first. */
  permissions(path: string): readonly Permission[] {
    return this.#value('permissions', path, this.#engine.reader.permissions(this.#context, path));
  }

  /** Gives a node, or a special event, to the first one's domain, with what others may. ENOENT where that is missing. */
  setPermissions(path: string, permissions: readonly Permission[]): void {
    this.#change('setPermissions', path, this.#engine.writer.setPermissions(this.#context, path, permissions));
  }

  #value<T extends object>(operation: string, path: string, result: T | StoreErrorName): T {
    if (typeof result === 'string') throw new StoreError(result, operation, path);
    return result;
  }

  #change(operation: string, path: string, error: StoreErrorName | undefined): void {
    if (error !== undefined) throw new StoreError(error, operation, path);
    this.#done();
  }
}
