import { defineInterface, u32, u64, word } from '@trapline/core';
import type { DeclaredInterface } from '@trapline/wrappers';

const since = '1';
const clause = 'x';

/** A number in X16 (R12), arguments from X0 on, one immediate: as Xen's hypercalls are. */
const selected = defineInterface({
  name: 'selected',
  title: 'Selected by another register',
  source: 'none',
  convention: {
    name: 'selected',
    conduits: ['hvc'],
    immediates: [[0xea1, 0xea1]],
    selector: { a64: 16, a32: 12 },
    firstArgument: 0,
    firstResult: 0,
    narrow: 'by-caller',
    ignoredBits: 0,
  },
  calls: {
    version: { id: 17, since, clause, summary: 'Version.', arguments: { command: u32, argument: word }, returns: word },
    five: {
      id: 18,
      since,
      clause,
      summary: 'Five arguments.',
      arguments: { a: word, b: word, c: word, d: word, e: word },
      returns: word,
    },
    nothing: { id: 19, since, clause, summary: 'Nothing comes back.', returns: {} },
  },
});

/** The number in the immediate: as Gunyah's hypercalls are. */
const immediate = defineInterface({
  name: 'immediate',
  title: 'Selected by the immediate',
  source: 'none',
  convention: {
    name: 'immediate',
    conduits: ['hvc'],
    immediates: [[0x6000, 0x607f]],
    selector: 'immediate',
    firstArgument: 0,
    firstResult: 0,
    narrow: 'by-caller',
    ignoredBits: 0,
  },
  calls: {
    identify: { id: 0x6000, since, clause, summary: 'Four words.', returns: { a: u64, b: u64, c: u64, d: u64 } },
    eight: {
      id: 0x6007,
      since,
      clause,
      summary: 'All registers of AArch32.',
      arguments: { a: word, b: word, c: word, d: word, e: word, f: word, g: word, h: u32 },
      returns: { error: u32, value: word },
    },
  },
});

/** Interfaces that select calls in other ways than SMCCC does. */
export const VENDOR: readonly DeclaredInterface[] = [selected, immediate];
