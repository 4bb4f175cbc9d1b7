import { RestoreError, type Saved } from '@trapline/core';
import { HVM_PARAMETER_COUNT, HVM_PARAMETERS, type HvmParameterName } from '../abi/hvm-parameters.js';

/** The parameters of one domain, by number: 64 bits each. */
export class Parameters {
  readonly #values = new BigUint64Array(HVM_PARAMETER_COUNT);
  /** The same as halves: parameter `i` is `halves[2i]`, `halves[2i + 1]`. */
  readonly halves: Uint32Array = new Uint32Array(this.#values.buffer);
  readonly #initial: { readonly [N in HvmParameterName]?: bigint };

  constructor(initial: { readonly [N in HvmParameterName]?: bigint }) {
    this.#initial = initial;
    this.reset();
  }

  get(index: number): bigint {
    return this.#values[index] ?? 0n;
  }

  /** Cuts the value to 64 bits; a number that is no parameter changes nothing. */
  set(index: number, value: bigint): void {
    if (index >= 0 && index < HVM_PARAMETER_COUNT) this.#values[index] = BigInt.asUintN(64, value);
  }

  reset(): void {
    this.#values.fill(0n);
    for (const [name, value] of Object.entries(this.#initial)) {
      this.set(HVM_PARAMETERS[name as HvmParameterName], value);
    }
  }

  save(): Saved {
    return Array.from(this.#values, (value) => `0x${value.toString(16)}`);
  }

  restore(saved: Saved): void {
    const good =
      Array.isArray(saved) &&
      saved.length === HVM_PARAMETER_COUNT &&
      saved.every((value) => typeof value === 'string' && /^0x[0-9a-f]{1,16}$/.test(value));
    if (!good) throw new RestoreError(`xen: a domain has ${HVM_PARAMETER_COUNT} parameters, as hexadecimal strings`);
    (saved as readonly string[]).forEach((value, i) => {
      this.#values[i] = BigInt(value);
    });
  }
}
