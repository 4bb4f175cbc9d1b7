import { type ConduitKind, type Convention, SMC64 } from '../abi/convention.js';
import { type CallDeclaration, MAX_ARGUMENTS } from '../abi/interface.js';
import type { Pe } from '../pe.js';
import type { Call } from './call.js';
import { NO_SLOT } from './id-table.js';

/** The one {@link Call} of a CPU in a group. What belongs to the number is looked up by its slot, when it is asked for. */
export class CallSlot implements Call {
  readonly pe: Pe;
  readonly x: BigUint64Array;
  readonly w: Uint32Array;
  readonly signMask: number;
  readonly result: number;
  id = 0;
  slot: number = NO_SLOT;
  conduit: ConduitKind = 'hvc';
  immediate = 0;
  readonly #declarations: readonly (CallDeclaration | undefined)[];
  readonly #wide: Uint8Array;

  constructor(
    pe: Pe,
    convention: Convention,
    declarations: readonly (CallDeclaration | undefined)[],
    wide: Uint8Array,
  ) {
    this.pe = pe;
    this.x = new BigUint64Array(MAX_ARGUMENTS + 1);
    this.w = new Uint32Array(this.x.buffer);
    this.signMask = convention.widen === 'sign' ? -1 : 0;
    this.result = convention.firstResult;
    this.#declarations = declarations;
    this.#wide = wide;
  }

  get declaration(): CallDeclaration | undefined {
    return this.slot === NO_SLOT ? undefined : this.#declarations[this.slot];
  }

  get wide(): boolean {
    const wide = this.slot === NO_SLOT ? (this.id & SMC64) !== 0 : this.#wide[this.slot] === 1;
    return wide && this.pe.state === 'a64';
  }
}
