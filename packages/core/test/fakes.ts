import {
  type Caller,
  createRegisters,
  type Dispatcher,
  type ExecutionState,
  type Outcome,
  type Pe,
} from '@trapline/core';

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

/** Guest software on a PE whose conduit instruction goes straight to a dispatcher. */
export function fakeCaller(pe: Pe, dispatcher: Dispatcher): Caller {
  return {
    x: pe.x,
    w: pe.w,
    index: pe.index,
    width: pe.state === 'a64' ? 64 : 32,
    execute: (conduit: string, immediate: number): Outcome => dispatcher.dispatch(pe, conduit, immediate),
  };
}
