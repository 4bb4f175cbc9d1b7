import { RestoreError, type Saved } from '@trapline/core';

/** The highest value that a notification can have here. */
export const MAX_NOTIFICATION = 63;

/** Values that were posted and not yet fetched; each is there once, the lowest is fetched first. */
export class Notifications {
  readonly #posted = new Set<number>();
  enabled = false;

  /** Whether it is new. */
  post(value: number): boolean {
    if (this.#posted.has(value)) return false;
    this.#posted.add(value);
    return true;
  }

  /** The lowest value, taken out; −1 where there is none. */
  take(): number {
    if (this.#posted.size === 0) return -1;
    const value = Math.min(...this.#posted);
    this.#posted.delete(value);
    return value;
  }

  get pending(): boolean {
    return this.#posted.size > 0;
  }

  reset(): void {
    this.#posted.clear();
    this.enabled = false;
  }

  save(): Saved {
    return { enabled: this.enabled, posted: [...this.#posted].sort((a, b) => a - b) };
  }

  /** Throws {@link RestoreError} for what are no notifications. */
  restore(saved: Saved): void {
    const { enabled, posted } = (saved ?? {}) as { readonly enabled?: Saved; readonly posted?: Saved };
    const right = typeof enabled === 'boolean' && Array.isArray(posted) && posted.every(isValue);
    if (!right) throw new RestoreError(`notifications are values up to ${MAX_NOTIFICATION}`);
    this.reset();
    this.enabled = enabled;
    for (const value of posted) this.#posted.add(value as number);
  }
}

/** Whether a value can be posted. */
export function isValue(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_NOTIFICATION;
}
