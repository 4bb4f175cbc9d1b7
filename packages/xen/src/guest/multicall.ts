import { xenAbi } from '../abi/hypercalls.js';
import { multicallEntry } from '../abi/structures/multicall.js';
import type { Gate } from './gate.js';
import { MAX_OPERAND } from './operand-area.js';
import { errorOf, type XenError } from './operations.js';

/** One call of a multicall: its number and arguments. Pointers are addresses of what the caller has put there. */
export interface MulticallEntry {
  readonly op: number;
  readonly args: readonly (number | bigint)[];
}

/** Calls that one multicall makes here: they stand in one page. */
export const MAX_MULTICALL: number = MAX_OPERAND / multicallEntry.size;

/** Makes several hypercalls at once, and gives what each of them returned: a value from 0, or a negated error. */
export function multicall(gate: Gate, entries: readonly MulticallEntry[]): readonly bigint[] | XenError {
  const { size, at } = multicallEntry;
  if (entries.length > MAX_MULTICALL)
    throw new RangeError(`${entries.length} calls; a multicall makes ${MAX_MULTICALL}`);
  const bytes = new Uint8Array(entries.length * size);
  entries.forEach(({ op, args }, i) => {
    multicallEntry.encode({ op, args }, bytes.subarray(i * size));
  });
  gate.operands.put(bytes);
  const result = gate.singles(xenAbi.calls.multicall.id, entries.length);
  if (result < 0) return errorOf(result);
  gate.operands.take(bytes);
  const view = new DataView(bytes.buffer);
  return entries.map((_, i) => view.getBigInt64(i * size + at.result, true));
}
