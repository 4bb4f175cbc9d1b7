import { type GuestPhysical, type Pe, type Ports, RestoreError, type Saved } from '@trapline/core';
import { STOLEN_TIME_OFFSET, STOLEN_TIME_SIZE } from './structure.js';

/** The stolen time structure of one CPU, and what has been told in it. */
export class StolenTimeArea {
  /** Halves of its address, as the guest is told it. */
  readonly low: number;
  readonly high: number;
  readonly #ports: Pick<Ports, 'memory' | 'clock'>;
  readonly #pe: Pe;
  readonly #address: GuestPhysical;
  readonly #counter: GuestPhysical;
  readonly #accumulates: boolean;
  readonly #blank = new Uint8Array(STOLEN_TIME_SIZE);
  readonly #nanoseconds = new BigUint64Array(1);
  readonly #bytes = new Uint8Array(this.#nanoseconds.buffer);
  /** Whether the structure is the service's to write. */
  #active: boolean;
  /** What the clock said at the last update. */
  #last = 0n;

  constructor(ports: Pick<Ports, 'memory' | 'clock'>, pe: Pe, address: GuestPhysical, accumulates: boolean) {
    this.#ports = ports;
    this.#pe = pe;
    this.#address = address;
    this.#counter = (address + STOLEN_TIME_OFFSET) as GuestPhysical;
    this.#accumulates = accumulates;
    this.#active = accumulates;
    this.low = address | 0;
    this.high = Math.floor(address / 0x1_0000_0000);
  }

  /** The guest asks where it is: the whole structure is written; false where there is no memory. */
  begin(): boolean {
    if (!this.#ports.memory.write(this.#address, this.#blank)) return false;
    this.#active = true;
    this.#last = this.#accumulates ? this.#ports.clock.stolen(this.#pe) : 0n;
    this.update();
    return true;
  }

  /**
   * Writes the time stolen until now. Eight aligned bytes at once: a guest that reads them in one access sees no half
   * of an update (DEN0057A, 3.2.2).
   */
  update(): void {
    if (!this.#active) return;
    const { memory, clock } = this.#ports;
    const stolen = clock.stolen(this.#pe);
    if (this.#accumulates) {
      if (!memory.read(this.#counter, this.#bytes)) return;
      if (stolen > this.#last) this.#nanoseconds[0] = (this.#nanoseconds[0] as bigint) + stolen - this.#last;
    } else this.#nanoseconds[0] = stolen;
    this.#last = stolen;
    memory.write(this.#counter, this.#bytes);
  }

  reset(): void {
    this.#active = this.#accumulates;
    this.#last = this.#accumulates ? this.#ports.clock.stolen(this.#pe) : 0n;
  }

  save(): Saved {
    return { active: this.#active, last: this.#last.toString() };
  }

  /** Throws {@link RestoreError} for anything that {@link save} did not give. */
  restore(saved: Saved): void {
    const state = saved as { readonly active?: Saved; readonly last?: Saved } | null;
    const last = state?.last;
    if (typeof state?.active !== 'boolean' || typeof last !== 'string' || !/^\d{1,20}$/.test(last)) {
      throw new RestoreError(`PV time of CPU ${this.#pe.index} wants { active, last } to restore`);
    }
    this.#active = state.active;
    this.#last = BigInt(last);
  }
}
