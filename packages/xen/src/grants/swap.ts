import { GNTST } from '../abi/grant-status.js';
import { gnttabSwapGrantRef } from '../abi/structures/grant-table.js';
import type { Hypercall } from '../calls/hypercall.js';
import type { ListOperation } from './list.js';
import type { SharedTable } from './shared-table.js';

const { at, size } = gnttabSwapGrantRef;

/** GNTTABOP_swap_grant_ref: two entries of the caller's own change their places. */
export const swapGrantRef: ListOperation = {
  size,
  writtenAt: at.status,
  writtenBytes: 2,
  one: (call) => {
    const { words, halves } = call.operand;
    halves[at.status / 2] = swap(call, words[at.ref_a / 4] as number, words[at.ref_b / 4] as number);
  },
};

function swap(call: Hypercall, a: number, b: number): number {
  const { grants } = call.domain;
  const { shared } = grants;
  if (a >= shared.entries || b >= shared.entries) return GNTST.bad_gntref;
  if (a === b) return GNTST.okay;
  if (grants.inUse(a) !== undefined || grants.inUse(b) !== undefined) return GNTST.eagain;
  swapEntries(shared, a, b);
  if (shared.version === 2) {
    const status = shared.readStatus(a);
    shared.writeStatus(a, shared.readStatus(b));
    shared.writeStatus(b, status);
  }
  return GNTST.okay;
}

function swapEntries(shared: SharedTable, a: number, b: number): void {
  const wordsA = shared.words(a);
  const wordsB = shared.words(b);
  const count = shared.version === 1 ? 2 : 4;
  for (let i = 0; i < count; i++) {
    const word = wordsA.load(shared.at(a) + i);
    wordsA.store(shared.at(a) + i, wordsB.load(shared.at(b) + i));
    wordsB.store(shared.at(b) + i, word);
  }
}
