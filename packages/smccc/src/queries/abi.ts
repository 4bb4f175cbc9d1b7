import { defineInterface, defineStatus, i32, type StatusNamespace, u32, valueOr } from '@trapline/core';
import { valueUnless } from '../exact-status.js';
import { encodeFunctionId } from '../function-id.js';
import {
  OWNER_ARCH,
  OWNER_CPU,
  OWNER_OEM,
  OWNER_SIP,
  OWNER_STANDARD_HYPERVISOR,
  OWNER_STANDARD_SECURE,
  OWNER_TRUSTED_OS_QUERIES,
  OWNER_VENDOR_EL3,
  OWNER_VENDOR_HYPERVISOR,
  ownerOf,
} from '../owners.js';

/**
 * General service queries: the same three for every owner (DEN0028 1.5 F, 6.2).
 */

/** Function numbers of the queries, the same under each owner. */
export const CALL_COUNT = 0xff00;
export const CALL_UID = 0xff01;
export const REVISION = 0xff03;

/** The only code that a query may give in place of an answer (DEN0028 1.5 F, 5.2). */
export const queryStatus: StatusNamespace<'query', 'NOT_SUPPORTED'> = defineStatus('query', 'DEN0028 1.5 F, 5.2', {
  NOT_SUPPORTED: -1,
});

/** Declares the general queries of one owner. */
export function declareQueries(owner: number) {
  const title = ownerOf(owner).name;
  return defineInterface({
    name: `queries-${owner}`,
    title: `General queries: ${title}`,
    source: 'DEN0028 1.5 F, SMC Calling Convention',
    calls: {
      callCount: {
        id: encodeFunctionId({ owner, number: CALL_COUNT }),
        since: '1.0',
        clause: '6.2',
        summary: `How many calls there are: ${title}.`,
        returns: valueOr(i32, queryStatus),
        errors: ['NOT_SUPPORTED'],
      },
      callUid: {
        id: encodeFunctionId({ owner, number: CALL_UID }),
        since: '1.0',
        clause: '6.2, 5.3',
        summary: `Which implementation answers, as a UUID: ${title}.`,
        returns: { uid0: valueUnless(u32, queryStatus), uid1: u32, uid2: u32, uid3: u32 },
        errors: ['NOT_SUPPORTED'],
      },
      revision: {
        id: encodeFunctionId({ owner, number: REVISION }),
        since: '1.0',
        clause: '6.2, 5.4',
        summary: `Major and minor revision of the service: ${title}.`,
        returns: { major: valueOr(i32, queryStatus), minor: u32 },
        errors: ['NOT_SUPPORTED'],
      },
    },
  });
}

/** The interface of {@link declareQueries}. */
export type QueryAbi = ReturnType<typeof declareQueries>;

/** The general queries of every owner that can have them. */
export const QUERY_ABIS: ReadonlyMap<number, QueryAbi> = new Map(
  [
    OWNER_ARCH,
    OWNER_CPU,
    OWNER_SIP,
    OWNER_OEM,
    OWNER_STANDARD_SECURE,
    OWNER_STANDARD_HYPERVISOR,
    OWNER_VENDOR_HYPERVISOR,
    OWNER_VENDOR_EL3,
    OWNER_TRUSTED_OS_QUERIES,
  ].map((owner) => [owner, declareQueries(owner)]),
);
