import { defineStatus, type Status, type StatusNamespace, type UnknownStatus } from '@trapline/core';
import { GNTST, type GrantStatusName } from '../../abi/grant-status.js';

/** What a grant operation answers for one entry: a namespace of its own beside the errors of hypercalls. */
export const grantStatus: StatusNamespace<'grant', GrantStatusName> = defineStatus(
  'grant',
  'public/grant_table.h, Xen 4.17',
  GNTST,
);

/** A status that is not okay. */
export type GrantFailure = Status<'grant', GrantStatusName> | UnknownStatus<'grant'>;
