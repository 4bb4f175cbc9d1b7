import { createRegisters, type ExecutionState, type Pe } from '@trapline/core';

/** A PE without a machine around it. */
export function fakePe(index = 0, state: ExecutionState = 'a64'): Pe {
  return {
    ...createRegisters(),
    index,
    mpidr: BigInt(index),
    affinity: index,
    el: 1,
    state,
    secure: false,
    pstate: 0x3c5,
    hcr: 0,
    scr: 0,
    sctlr: 0,
  };
}
