import { defineStatus, type StatusNamespace } from '@trapline/core';
import { ERRNO, type ErrnoName } from './errno.js';

const CODES = Object.fromEntries(Object.entries(ERRNO).map(([name, code]) => [name, -code])) as Readonly<
  Record<ErrnoName, number>
>;

/** What a hypercall that fails returns: one of Xen's own error numbers, negated in all 64 bits. */
export const xenStatus: StatusNamespace<'xen', ErrnoName> = defineStatus('xen', 'public/errno.h, Xen 4.17', CODES);
