import { type ConduitKind, SMC64 } from '../abi/convention.js';
import { type CallDeclaration, MAX_ARGUMENTS } from '../abi/interface.js';
import type { Pe } from '../pe.js';
import type { Call } from './call.js';
import type { CallGroup } from './call-group.js';
import { NO_SLOT } from './id-table.js';

/**
 * The one {@link Call} of a CPU in a group, for one conduit. What belongs to the number is looked up by its slot when
 * it is asked for, so that a call stores two small integers.
 */
export class CallSlot implements Call {
  readonly pe: Pe;
  readonly conduit: ConduitKind;
  readonly x: BigUint64Array;
  readonly w: Uint32Array;
  readonly signMask: number;
  readonly result: number;
  slot: number = NO_SLOT;
  immediate = 0;
  /** The number of a call that no slot holds. */
  unknownId = 0;
  readonly #group: CallGroup;

  constructor(pe: Pe, conduit: ConduitKind, group: CallGroup) {
    this.pe = pe;
    this.conduit = conduit;
    this.x = new BigUint64Array(MAX_ARGUMENTS + 1);
    this.w = new Uint32Array(this.x.buffer);
    this.signMask = group.convention.widen === 'sign' ? -1 : 0;
    this.result = group.convention.firstResult;
    this.#group = group;
  }

  get id(): number {
    return this.slot === NO_SLOT ? this.unknownId : this.#group.table.idOf(this.slot);
  }

  get declaration(): CallDeclaration | undefined {
    return this.slot === NO_SLOT ? undefined : this.#group.entries[this.slot]?.declaration;
  }

  get wide(): boolean {
    const { id } = this;
    const wide = (id & SMC64) !== 0 || (this.slot !== NO_SLOT && this.#group.convention.narrow === 'by-caller');
    return wide && this.pe.state === 'a64';
  }
}
