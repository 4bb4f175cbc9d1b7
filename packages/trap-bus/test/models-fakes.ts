import { affinityOf, createRegisters, type Pe } from '@trapline/core';

/** PEs that do nothing: models look only at their numbers and fields. */
export function createPes(count: number): Pe[] {
  return Array.from({ length: count }, (_, index) => ({
    ...createRegisters(),
    index,
    mpidr: BigInt(index),
    affinity: affinityOf(BigInt(index)),
    el: 1,
    state: 'a64',
    secure: false,
    pstate: 0,
    hcr: 0,
    scr: 0,
    sctlr: 0,
  }));
}
