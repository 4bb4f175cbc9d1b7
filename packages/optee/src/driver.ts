import { BindError, type ClientOf, type Conduit, createClient, type Driver, isStatus } from '@trapline/core';
import type { DeviceTreeNode } from '@trapline/devicetree';
import { OWNER_TRUSTED_OS_QUERIES, QUERY_ABIS, type QueryAbi } from '@trapline/smccc';
import { abi, NSEC_UNIPROCESSOR, SEC_DYNAMIC_SHM, SEC_RESERVED_SHM } from './abi.js';
import { status } from './status.js';
import { INTERFACE_UUID, uuidWords } from './uuid.js';

/** Compatible strings that the driver binds to. */
export const COMPATIBLE: readonly string[] = ['linaro,optee-tz'];

/** OP-TEE, as the normal world has found it. */
export interface Optee {
  readonly conduit: Conduit;
  readonly revision: { readonly major: number; readonly minor: number; readonly build: number };
  readonly capabilities: number;
  readonly maxNotification: number;
  /** Undefined where OP-TEE does not tell. */
  readonly threads: number | undefined;
  /** The reserved memory, where there is some. */
  readonly sharedMemory: { readonly start: number; readonly size: number } | undefined;
  readonly calls: ClientOf<typeof abi>;
}

/**
 * Binds as Linux does: the interface's UID, its revision 2, capabilities with some kind of shared memory. Undefined where
 * another trusted operating system answers, or none. Throws {@link BindError} for a `method` that is neither `smc` nor `hvc`.
 */
export const driver: Driver<Optee> = {
  name: 'optee',
  compatible: COMPATIBLE,
  needs: [],
  bind: (context, node) => {
    if (node === undefined) return undefined;
    const conduit = context.conduit(methodOf(node));
    const calls = createClient(abi, conduit);
    if (!isOptee(conduit)) return undefined;
    const { result, capabilities, maxNotification } = calls.exchangeCapabilities({
      capabilities: context.tree.root.child('cpus')?.children.length === 1 ? NSEC_UNIPROCESSOR : 0,
    });
    const shared = capabilities & (SEC_RESERVED_SHM | SEC_DYNAMIC_SHM);
    if (result !== status.OK || shared === 0) return undefined;
    const { result: counted, threads } = calls.getThreadCount();
    const { result: reserved, start, size } = calls.getShmConfig();
    return {
      conduit,
      revision: calls.getOsRevision(),
      capabilities,
      maxNotification,
      threads: counted === status.OK ? threads : undefined,
      sharedMemory: reserved === status.OK ? { start, size } : undefined,
      calls,
    };
  },
};

function isOptee(conduit: Conduit): boolean {
  const query = createClient(QUERY_ABIS.get(OWNER_TRUSTED_OS_QUERIES) as QueryAbi, conduit);
  const words = Object.values(query.callUid());
  const uid = uuidWords(INTERFACE_UUID);
  if (!uid.every((word, i) => !isStatus(words[i]) && words[i] === word)) return false;
  const [major] = Object.values(query.revision());
  return major === 2;
}

function methodOf(node: DeviceTreeNode): 'smc' | 'hvc' {
  const property = node.property('method');
  const method = property?.isStrings ? property.strings()[0] : undefined;
  if (method === 'smc' || method === 'hvc') return method;
  throw new BindError(node.path, 'method is neither "smc" nor "hvc"');
}
