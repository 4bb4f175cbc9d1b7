import {
  type Attachment,
  type Call,
  CompositionError,
  type Convention,
  type Handler,
  type Handlers,
  type Implementation,
  implement,
  perGuest,
  RETURNED,
  type Returned,
  returnInt,
  type Service,
  setResult,
} from '@trapline/core';
import { statelessAttachment } from '../attachments.js';
import { QUERY_ABIS, type QueryAbi } from './abi.js';
import { uuidRegisters } from './uid.js';

/** What an owner's general queries answer. What is absent is an unknown number. */
export interface OwnerQueries {
  /** How many calls it has. */
  readonly count?: number;
  /** Who implements it, as a UUID in the usual notation. */
  readonly uid?: string;
  readonly revision?: { readonly major: number; readonly minor: number };
}

/** General queries by owner, and how registers are read. */
export interface QueryOptions {
  readonly owners: Readonly<Record<number, OwnerQueries>>;
  readonly convention?: Partial<Convention>;
}

/**
 * The general queries of several owners (DEN0028 1.5 F, 6.2). What a composing service takes in.
 *
 * Throws {@link CompositionError} for an owner that has no such queries.
 */
export function ownerQueries(options: QueryOptions): readonly Implementation[] {
  return Object.entries(options.owners).map(([owner, answers]) => {
    const abi = QUERY_ABIS.get(Number(owner));
    if (!abi) {
      throw new CompositionError(
        `owner ${owner} has no general queries`,
        `give one of ${[...QUERY_ABIS.keys()].join(', ')}`,
      );
    }
    return implement(abi, handlersOf(answers), options.convention ? { convention: options.convention } : {});
  });
}

/** {@link ownerQueries} as a service by itself. */
export function queryService(options: QueryOptions): Service {
  return perGuest({
    name: 'owner-queries',
    levels: ['el3', 'el2', 'outside'],
    needs: [],
    attach: (): Attachment => statelessAttachment('owner-queries', ownerQueries(options)),
  });
}

function handlersOf({ count, uid, revision }: OwnerQueries): Handlers<QueryAbi> {
  const handlers: { -readonly [N in keyof Handlers<QueryAbi>]: Handler } = {};
  if (count !== undefined) handlers.callCount = (call) => returnInt(call, count);
  if (uid !== undefined) {
    const registers = uuidRegisters(uid);
    handlers.callUid = (call) => returnUuid(call, registers);
  }
  if (revision !== undefined) {
    const { major, minor } = revision;
    handlers.revision = (call) => {
      setResult(call, 1, minor, 0);
      return returnInt(call, major);
    };
  }
  return handlers;
}

/** Returns a UUID in the first four result registers, each zero-extended. */
export function returnUuid(call: Call, registers: Int32Array): Returned {
  for (let i = 0; i < 4; i++) setResult(call, i, registers[i] as number, 0);
  return RETURNED;
}
