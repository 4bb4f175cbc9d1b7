import { CallFault, type ClientOf, type Conduit, createClient, type Driver, isStatus } from '@trapline/core';
import { abi } from './abi.js';

/** Jailhouse, as a cell has found it. */
export interface Jailhouse {
  readonly conduit: Conduit;
  readonly calls: ClientOf<typeof abi>;
  readonly cells: number;
  /** Prints on the debug console; says whether the cell may. */
  print(text: string): boolean;
}

/**
 * The driver of Jailhouse's calls. No node on Arm tells that it is there, so this driver needs to be asked for: where
 * nothing takes its HVC the call is an undefined instruction, and the driver is not bound. (The real one stops a cell that
 * executes any other HVC.)
 */
export const driver: Driver<Jailhouse> = {
  name: 'jailhouse',
  compatible: [],
  needs: [],
  bind: (context) => {
    const conduit = context.conduit('hvc');
    const calls = createClient(abi, conduit);
    const cells = probe(() => calls.hypervisorGetInfo({ type: 'NUM_CELLS' }));
    if (typeof cells !== 'number') return undefined;
    const print = (text: string): boolean =>
      [...new TextEncoder().encode(text)].every(
        (character) => calls.debugConsolePutc({ character }).toString() === 'SUCCESS',
      );
    return { conduit, calls, cells, print };
  },
};

function probe(ask: () => unknown): unknown {
  try {
    const answer = ask();
    return isStatus(answer) ? undefined : answer;
  } catch (error) {
    if (error instanceof CallFault) return undefined;
    throw error;
  }
}
