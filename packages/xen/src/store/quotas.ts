/**
 * What an unprivileged domain may take of the store: xenstored's settings (`xenstored_core.c`, 4.17), where each is
 * compared as noted. Domain 0 and the host are not limited.
 */
export interface StoreQuotas {
  /** Nodes that a domain owns: creating one more when it has this many gives ENOSPC. */
  readonly nodes: number;
  /** Watches: another one is E2BIG when it has more than this. */
  readonly watches: number;
  /** Transactions at a time: another one is ENOSPC when it has more than this. */
  readonly transactions: number;
  /** Nodes that one transaction touches: touching one more gives ENOSPC, and the transaction cannot be committed. */
  readonly transactionNodes: number;
  /** Bytes of a node's record ({@link recordBytes}): ENOSPC from this on. */
  readonly nodeBytes: number;
  /** Permission entries that SET_PERMS may give: more are ENOSPC. */
  readonly permissions: number;
  /** Characters of a path after `/local/domain/<domid>/`: longer ones are EINVAL. */
  readonly pathLength: number;
  /** Requests whose answers, or whose events to others, are not delivered yet: at this many no more are taken. */
  readonly outstanding: number;
  /** Bytes of nodes, transactions, watches and messages; from this on no request is taken, and growth is refused. */
  readonly memory: number;
}

/** xenstored 4.17's own settings. */
export const DEFAULT_QUOTAS: StoreQuotas = {
  nodes: 1000,
  watches: 128,
  transactions: 10,
  transactionNodes: 1024,
  nodeBytes: 2048,
  permissions: 5,
  pathLength: 2048,
  outstanding: 20,
  memory: 2.5 * 1024 * 1024,
};

/** The quotas' names, as CONTROL's `quota` command knows them. */
export const QUOTA_NAMES: readonly (readonly [name: string, quota: keyof StoreQuotas, description: string])[] = [
  ['nodes', 'nodes', 'Nodes per domain'],
  ['watches', 'watches', 'Watches per domain'],
  ['transactions', 'transactions', 'Transactions per domain'],
  ['outstanding', 'outstanding', 'Outstanding requests per domain'],
  ['transaction-nodes', 'transactionNodes', 'Accessed nodes per transaction'],
  ['memory', 'memory', 'Bytes of memory per domain'],
  ['node-size', 'nodeBytes', 'Bytes of a node'],
  ['path-max', 'pathLength', 'Characters of a path'],
  ['permissions', 'permissions', 'Permissions per node'],
];
