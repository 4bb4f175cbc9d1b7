import { xenAbi } from '../../abi/hypercalls.js';
import { grantTableOperations } from '../../abi/operations/grant-table.js';
import { gnttabMapGrantRef, gnttabUnmapGrantRef } from '../../abi/structures/grant-table.js';
import { PAGE_SHIFT } from '../../memory/frames.js';
import type { Gate } from '../gate.js';

const GRANT_TABLE_OP = xenAbi.calls.grantTableOp.id;
const { mapGrantRef, unmapGrantRef } = grantTableOperations.operations;
const MAP = gnttabMapGrantRef.at;
const UNMAP = gnttabUnmapGrantRef.at;

/**
 * Mapping and unmapping one grant, by registers and words: nothing is allocated. Both give the hypercall's result, 0 or a
 * negated error; {@link status} and {@link handle} have what Xen wrote.
 */
export class MappingCalls {
  readonly #gate: Gate;
  #statusWord = 0;
  #statusShift = 0;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** GNTTABOP_map_grant_ref at a frame, with `GNTMAP` flags. */
  map(frame: number, flags: number, reference: number, domain: number): number {
    const { words } = this.#gate.operands;
    this.#address(MAP.host_addr >> 2, frame);
    words.store(MAP.flags >> 2, flags);
    words.store(MAP.ref >> 2, reference);
    // The status stands beside the domain.
    words.store(MAP.dom >> 2, domain);
    this.#statusWord = MAP.status >> 2;
    this.#statusShift = 8 * (MAP.status & 3);
    return this.#gate.list(GRANT_TABLE_OP, mapGrantRef.command, 1);
  }

  /** GNTTABOP_unmap_grant_ref of what is mapped at a frame. */
  unmap(frame: number, handle: number): number {
    const { words } = this.#gate.operands;
    this.#address(UNMAP.host_addr >> 2, frame);
    words.store(UNMAP.dev_bus_addr >> 2, 0);
    words.store((UNMAP.dev_bus_addr >> 2) + 1, 0);
    words.store(UNMAP.handle >> 2, handle);
    this.#statusWord = UNMAP.status >> 2;
    this.#statusShift = 8 * (UNMAP.status & 3);
    return this.#gate.list(GRANT_TABLE_OP, unmapGrantRef.command, 1);
  }

  /** The GNTST of the last one. */
  get status(): number {
    return (this.#gate.operands.words.load(this.#statusWord) << (16 - this.#statusShift)) >> 16;
  }

  /** The handle of the last mapping. */
  get handle(): number {
    return this.#gate.operands.words.load(MAP.handle >> 2);
  }

  #address(word: number, frame: number): void {
    const { words } = this.#gate.operands;
    words.store(word, frame << PAGE_SHIFT);
    words.store(word + 1, Math.floor(frame / (1 << (32 - PAGE_SHIFT))));
  }
}
