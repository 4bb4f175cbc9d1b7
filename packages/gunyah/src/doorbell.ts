import { type AttachedGuest, type Pe, RestoreError, type Saved } from '@trapline/core';

const ALL = 2n ** 64n - 1n;

/** Who may ring a doorbell, who hears it, and by which interrupt. */
export interface DoorbellOptions {
  readonly send: { readonly guest: string; readonly capability: number };
  /** `interrupt` is the INTID of a level-triggered interrupt, bound to the doorbell from the beginning. */
  readonly receive: { readonly guest: string; readonly capability: number; readonly interrupt?: number };
}

/** A doorbell: 64 flags, those that interrupt, and those that are cleared when they have (hyp/ipc/doorbell). */
export class Doorbell {
  readonly options: DoorbellOptions;
  #flags = 0n;
  #enabled = ALL;
  #acknowledged = 0n;
  #receiver: AttachedGuest | undefined;

  constructor(options: DoorbellOptions) {
    this.options = options;
  }

  /** The guest that hears it is there. */
  connect(receiver: AttachedGuest): void {
    this.#receiver = receiver;
  }

  /** Sets flags; gives those that were set before. */
  send(flags: bigint): bigint {
    const before = this.#flags;
    this.#flags |= flags;
    this.#assert(false);
    return before;
  }

  /** Clears flags; gives those that were set before. */
  receive(flags: bigint): bigint {
    const before = this.#flags;
    this.#flags &= ~flags;
    this.#drive();
    return before;
  }

  mask(enabled: bigint, acknowledged: bigint): void {
    const was = this.#asserted;
    this.#enabled = enabled;
    this.#acknowledged = acknowledged;
    this.#assert(was);
  }

  reset(): void {
    this.#flags = 0n;
    this.#enabled = ALL;
    this.#acknowledged = 0n;
    this.#drive();
  }

  save(): Saved {
    return [this.#flags, this.#enabled, this.#acknowledged].map(String);
  }

  /** Throws {@link RestoreError} for what are no flags. */
  restore(saved: Saved): void {
    const right =
      Array.isArray(saved) &&
      saved.length === 3 &&
      saved.every((text) => typeof text === 'string' && /^\d{1,20}$/.test(text) && BigInt(text) <= ALL);
    if (!right) throw new RestoreError('a doorbell has flags and two masks of 64 bits');
    [this.#flags, this.#enabled, this.#acknowledged] = (saved as string[]).map(BigInt) as [bigint, bigint, bigint];
    this.#drive();
  }

  get #asserted(): boolean {
    return (this.#flags & this.#enabled) !== 0n;
  }

  /** An enabled flag interrupts, and is cleared by that where it is to be: the interrupt is then pending, not asserted. */
  #assert(was: boolean): void {
    if (this.#asserted) {
      this.#flags &= ~this.#acknowledged;
      if (!this.#asserted && !was) this.#pulse();
    }
    this.#drive();
  }

  #drive(): void {
    const { interrupt } = this.options.receive;
    const [pe] = this.#receiver?.pes ?? [];
    if (interrupt !== undefined && pe) this.#receiver?.ports.interrupts.setLevel(pe, interrupt, this.#asserted);
  }

  #pulse(): void {
    const { interrupt } = this.options.receive;
    const [pe] = this.#receiver?.pes ?? ([] as readonly Pe[]);
    if (interrupt !== undefined && pe) this.#receiver?.ports.interrupts.pulse(pe, interrupt);
  }
}
