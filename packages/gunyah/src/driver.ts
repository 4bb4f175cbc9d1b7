import { CallFault, type ClientOf, type Conduit, createClient, type Driver } from '@trapline/core';
import { abi, FEATURE_DOORBELL } from './abi.js';

/** Compatible strings that the driver binds to. */
export const COMPATIBLE: readonly string[] = ['gunyah-hypervisor', 'gunyah-hypervisor-*'];

/** Gunyah, as a guest has found it. */
export interface Gunyah {
  readonly conduit: Conduit;
  readonly apiVersion: number;
  readonly variant: number;
  readonly hasDoorbells: boolean;
  readonly calls: ClientOf<typeof abi>;
}

/** Binds to Gunyah's node where HYPERVISOR_IDENTIFY answers. */
export const driver: Driver<Gunyah> = {
  name: 'gunyah',
  compatible: COMPATIBLE,
  needs: [],
  bind: (context, node) => {
    if (node === undefined) return undefined;
    const conduit = context.conduit('hvc');
    const calls = createClient(abi, conduit);
    try {
      const { apiInfo, flags0 } = calls.hypervisorIdentify();
      return {
        conduit,
        apiVersion: Number(apiInfo & 0x3fffn),
        variant: Number(apiInfo >> 56n),
        hasDoorbells: (Number(flags0 & 0xffn) & FEATURE_DOORBELL) !== 0,
        calls,
      };
    } catch (error) {
      if (error instanceof CallFault) return undefined;
      throw error;
    }
  },
};
