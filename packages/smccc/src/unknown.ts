import {
  type Convention,
  defineInterface,
  type Implementation,
  implement,
  perGuest,
  returnInt,
  type Service,
} from '@trapline/core';
import { smcccStatus } from './arch/abi.js';
import { statelessAttachment } from './attachments.js';

const unknownAbi = defineInterface({
  name: 'unknown',
  title: 'Unknown function ids',
  source: 'DEN0028 1.5 F, 5.2',
  calls: {},
});

const NOT_SUPPORTED = smcccStatus.NOT_SUPPORTED.code;

/**
 * Answers every number that nobody else takes with NOT_SUPPORTED, sign-extended (DEN0028 1.5 F, 5.2).
 *
 * A composing service gives it the convention of its other parts; several may bring one.
 */
export function unknownCalls(convention: Partial<Convention> = {}): Implementation {
  return implement(
    unknownAbi,
    {},
    {
      convention,
      ranges: [{ from: 0, to: 0xffff_ffff, handler: (call) => returnInt(call, NOT_SUPPORTED), fallback: true }],
    },
  );
}

/** {@link unknownCalls} as a service by itself. */
export function unknownService(convention: Partial<Convention> = {}): Service {
  return perGuest({
    name: 'unknown-calls',
    levels: ['el3', 'el2', 'outside'],
    needs: [],
    attach: () => statelessAttachment('unknown-calls', [unknownCalls(convention)]),
  });
}
