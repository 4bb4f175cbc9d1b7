import { xenAbi } from '../abi/hypercalls.js';
import { memoryOperations } from '../abi/operations/memory.js';
import { xenMemoryReservation } from '../abi/structures/memory.js';
import { DOMID_SELF } from '../domain/xen.js';
import type { Gate } from './gate.js';
import { MAX_OPERAND } from './operand-area.js';
import { createOperations, type OperationClient } from './operations.js';

const MEMORY_OP = xenAbi.calls.memoryOp.id;

/** Extents that one call takes here: their frames stand in one page. */
export const MAX_EXTENTS: number = MAX_OPERAND / 8;

type Reservation = 'increaseReservation' | 'decreaseReservation' | 'populatePhysmap';

/** The calls of memory_op; those that take lists of extents take them as lists. */
export type MemoryCalls = Omit<OperationClient<typeof memoryOperations.all, 'operation'>, Reservation> & {
  /** Gives how many extents were done, or a negated error. */
  readonly [R in Reservation]: (frames: readonly number[], order?: number) => number;
};

/** The client of memory_op. */
export function memoryCalls(gate: Gate): MemoryCalls {
  const calls = createOperations(memoryOperations, gate, MEMORY_OP, 'operation');
  const reservation =
    (name: Reservation) =>
    (frames: readonly number[], order = 0): number => {
      if (frames.length > MAX_EXTENTS) throw new RangeError(`${frames.length} extents; one call takes ${MAX_EXTENTS}`);
      gate.operands.putList(new Uint8Array(BigUint64Array.from(frames, BigInt).buffer));
      gate.operands.put(
        xenMemoryReservation.encode({
          extentStart: gate.operands.list,
          nrExtents: frames.length,
          extentOrder: order,
          domid: DOMID_SELF,
        }),
      );
      return gate.operation(MEMORY_OP, memoryOperations.operations[name].command);
    };
  return Object.freeze(
    Object.assign(Object.create(calls), {
      increaseReservation: reservation('increaseReservation'),
      decreaseReservation: reservation('decreaseReservation'),
      populatePhysmap: reservation('populatePhysmap'),
    }),
  );
}
