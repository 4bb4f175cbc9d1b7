import {
  type Attachment,
  type Call,
  defineInterface,
  defineStatus,
  implement,
  perGuest,
  returnInt,
  type Service,
  setResult,
  status,
  u32,
} from '@trapline/core';
import { type ContractOptions, contractChecks, describeService } from '@trapline/testkit';
import { expect, test } from 'vitest';

const codes = defineStatus('counter', 'this test', { OK: 0, NOT_SUPPORTED: -1, FULL: -2 });
const abi = defineInterface({
  name: 'counter',
  title: 'Counts',
  source: 'this test',
  calls: {
    add: {
      id: 0x8600_0010,
      id64: 0xc600_0010,
      since: '1.0',
      clause: '1',
      summary: 'Adds to the counter.',
      arguments: { amount: u32 },
      returns: status(codes),
      errors: ['FULL'],
    },
  },
});

/** A service that is right, with places to put a fault. */
function counter(
  fault: {
    add?: (call: Call) => void;
    unknown?: (call: Call) => void;
    save?: () => number;
    reset?: () => void;
    amount?: (call: Call) => number;
  } = {},
): ContractOptions {
  const attach = (): Attachment => {
    let count = 0;
    const implementation = implement(
      abi,
      {
        add: (call) => {
          fault.add?.(call);
          const amount = fault.amount?.(call) ?? (call.w[0] as number);
          if (count + amount > 1000) return returnInt(call, codes.FULL.code);
          count += amount;
          return returnInt(call, codes.OK.code);
        },
      },
      {
        ranges: [
          {
            from: 0,
            to: 0xffff_ffff,
            fallback: true,
            handler: (call) => {
              fault.unknown?.(call);
              return returnInt(call, codes.NOT_SUPPORTED.code);
            },
          },
        ],
        ...(fault.amount ? { convention: { narrow: 'never' } } : {}),
      },
    );
    return {
      implementations: [implementation],
      reset: () => {
        if (fault.reset) fault.reset();
        else count = 0;
      },
      save: () => fault.save?.() ?? count,
      restore: (saved) => {
        count = saved as number;
      },
    };
  };
  const service: Service = perGuest({ name: 'counter', levels: ['el3'], needs: [], attach });
  return { service, interfaces: [abi], calls: 2000, valid: { amount: [1000n] } };
}

describeService(counter());

/** The rules that a subject breaks. */
function broken(options: ContractOptions): string[] {
  return contractChecks(options)
    .filter(({ check }) => {
      try {
        check();
        return false;
      } catch {
        return true;
      }
    })
    .map(({ rule }) => rule);
}

test.each([
  ['a clobbered register', { add: (call: Call) => setResult(call, 3, 1, 2) }, 'any call with any arguments'],
  [
    'a handler that throws',
    {
      add: () => {
        throw new Error('guest said so');
      },
    },
    'any call with any arguments',
  ],
  ['an unknown number that clobbers', { unknown: (call: Call) => setResult(call, 5, 1, 1) }, 'a number that nobody'],
  ['state that is not saved', { save: () => 0 }, 'saved and restored'],
  ['state that survives a reset', { reset: () => {} }, 'reset brings back'],
  ['high halves that count', { amount: (call: Call) => call.w[1] as number }, 'an SMC32 call answers'],
])('%s is found', (_, fault, rule) => {
  expect(broken(counter(fault)).some((name) => name.startsWith(rule))).toBe(true);
});
