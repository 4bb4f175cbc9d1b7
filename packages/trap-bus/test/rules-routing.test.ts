import { type Circumstances, type Route, reasons, route, routingKey, routingTable } from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

// Bits as DDI 0487 numbers them, written out here on their own.
const HCD = 1 << 29;
const TSC = 1 << 19;
const TGE = 1 << 27;
const SMD = 1 << 7;
const HCE = 1 << 8;
const EEL2 = 1 << 18;

const base: Circumstances = {
  conduit: 'hvc',
  el: 1,
  aarch32: false,
  secure: false,
  hasEl2: true,
  hasEl3: true,
  hcr: 0,
  scr: HCE,
};

/** The architecture's statements, one a row: what differs from EL1, Non-secure, EL2 and EL3 there, HCE set. */
const statements: readonly [statement: string, change: Partial<Circumstances>, taken: Route][] = [
  ['HVC at EL1 is taken to EL2', {}, 'el2'],
  ['HVC at EL2 is taken to EL2', { el: 2 }, 'el2'],
  ['HVC at EL3 is taken to EL3', { el: 3 }, 'el3'],
  ['HVC at EL0 is undefined', { el: 0 }, 'undefined-el1'],
  ['HVC without EL2 is undefined at EL1', { hasEl2: false }, 'undefined-el1'],
  ['HVC without EL2 is undefined at EL3', { hasEl2: false, el: 3 }, 'undefined-el3'],
  ['HVC with HCE clear is undefined at EL1', { scr: 0 }, 'undefined-el1'],
  ['HVC with HCE clear is undefined at EL2', { scr: 0, el: 2 }, 'undefined-el2'],
  ['HVC with HCE clear is undefined at EL3', { scr: 0, el: 3 }, 'undefined-el3'],
  ['HCE does not count without EL3', { hasEl3: false, scr: 0 }, 'el2'],
  ['HCD disables HVC at EL1 without EL3', { hasEl3: false, hcr: HCD }, 'undefined-el1'],
  ['HCD disables HVC at EL2 without EL3', { hasEl3: false, hcr: HCD, el: 2 }, 'undefined-el2'],
  ['HCD does not count with EL3', { hcr: HCD }, 'el2'],
  ['HVC at Secure EL1 without Secure EL2 is undefined', { secure: true }, 'undefined-el1'],
  ['HVC at Secure EL1 with Secure EL2 is taken to EL2', { secure: true, scr: HCE | EEL2 }, 'el2'],
  ['HVC from AArch32 EL1 is taken to EL2', { aarch32: true }, 'el2'],
  ['HVC in Monitor mode is undefined', { aarch32: true, el: 3, secure: true }, 'undefined-el3'],
  ['an undefined HVC at EL0 goes to EL2 under TGE', { el: 0, hcr: TGE }, 'undefined-el2'],
  ['TGE does not count at EL1', { hcr: TGE, scr: 0 }, 'undefined-el1'],
  ['TGE does not count without EL2', { el: 0, hcr: TGE, hasEl2: false }, 'undefined-el1'],
  ['TGE does not count in a Secure state without EL2', { el: 0, hcr: TGE, secure: true }, 'undefined-el1'],
  ['SMC at EL1 is taken to EL3', { conduit: 'smc' }, 'el3'],
  ['SMC at EL2 is taken to EL3', { conduit: 'smc', el: 2 }, 'el3'],
  ['SMC at EL3 is taken to EL3', { conduit: 'smc', el: 3 }, 'el3'],
  ['SMC at Secure EL1 is taken to EL3', { conduit: 'smc', secure: true }, 'el3'],
  ['SMC at EL0 is undefined', { conduit: 'smc', el: 0 }, 'undefined-el1'],
  ['SMC at EL0 is undefined also under TSC', { conduit: 'smc', el: 0, hcr: TSC }, 'undefined-el1'],
  ['SMC at EL0 goes to EL2 as undefined under TGE', { conduit: 'smc', el: 0, hcr: TGE }, 'undefined-el2'],
  ['SMD disables SMC at EL1', { conduit: 'smc', scr: SMD }, 'undefined-el1'],
  ['SMD disables SMC at EL2', { conduit: 'smc', scr: SMD, el: 2 }, 'undefined-el2'],
  ['SMD disables SMC at EL3', { conduit: 'smc', scr: SMD, el: 3 }, 'undefined-el3'],
  ['TSC traps SMC at EL1 to EL2', { conduit: 'smc', hcr: TSC }, 'el2-trap'],
  ['TSC is looked at before SMD', { conduit: 'smc', hcr: TSC, scr: SMD }, 'el2-trap'],
  ['TSC does not trap EL2 itself', { conduit: 'smc', hcr: TSC, el: 2 }, 'el3'],
  ['TSC traps without EL3 too', { conduit: 'smc', hcr: TSC, hasEl3: false }, 'el2-trap'],
  ['TSC does not count without EL2', { conduit: 'smc', hcr: TSC, hasEl2: false }, 'el3'],
  ['TSC does not count at Secure EL1 without Secure EL2', { conduit: 'smc', hcr: TSC, secure: true }, 'el3'],
  ['TSC traps Secure EL1 with Secure EL2', { conduit: 'smc', hcr: TSC, secure: true, scr: EEL2 }, 'el2-trap'],
  ['TSC traps AArch32 EL1', { conduit: 'smc', hcr: TSC, aarch32: true }, 'el2-trap'],
  ['SMC without EL3 is undefined at EL1', { conduit: 'smc', hasEl3: false }, 'undefined-el1'],
  ['SMC without EL3 is undefined at EL2', { conduit: 'smc', hasEl3: false, el: 2 }, 'undefined-el2'],
  ['SMC from Monitor mode is taken to EL3', { conduit: 'smc', aarch32: true, el: 3, secure: true }, 'el3'],
];

describe('who takes a call', () => {
  test.each(statements)('%s', (_, change, taken) => {
    expect(route({ ...base, ...change })).toBe(taken);
  });
});

const circumstances = fc.record({
  conduit: fc.constantFrom('hvc' as const, 'smc' as const),
  el: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
  aarch32: fc.boolean(),
  secure: fc.boolean(),
  hasEl2: fc.boolean(),
  hasEl3: fc.boolean(),
  hcr: fc.integer(),
  scr: fc.integer(),
});

const NAMES: readonly Route[] = ['el2', 'el2-trap', 'el3', 'undefined-el1', 'undefined-el2', 'undefined-el3'];

test('the table answers as the rule does, whatever other bits hold', () => {
  const tables = [false, true].map((el3) => [false, true].map((el2) => routingTable(el2, el3)));
  fc.assert(
    fc.property(circumstances, (c) => {
      const table = tables[c.hasEl3 ? 1 : 0]?.[c.hasEl2 ? 1 : 0] as Uint8Array;
      const { el, secure, hcr, scr } = c;
      const key = routingKey({ el, secure, hcr, scr, state: c.aarch32 ? 't32' : 'a64' }, c.conduit);
      expect(NAMES[table[key] as number]).toBe(route(c));
    }),
    { numRuns: 2000 },
  );
});

test('an instruction of a vendor’s own has no route', () => {
  const key = routingKey({ el: 1, secure: false, hcr: 0, scr: 0, state: 'a64' }, 'mrs');
  expect(NAMES[routingTable(true, true)[key] as number]).toBeUndefined();
});

test('the reasons end where the rule does', () => {
  fc.assert(
    fc.property(circumstances, (c) => {
      const taken = route(c);
      const last = reasons(c).at(-1);
      const words = { el2: 'EL2', 'el2-trap': 'EL2', el3: 'EL3' } as Record<string, string>;
      expect(last).toBe(words[taken] ?? `undefined at ${taken.slice(-3).toUpperCase()}`);
    }),
  );
});

test('the reasons name the bits that were looked at, in their order', () => {
  expect(reasons({ ...base, conduit: 'smc', scr: SMD })).toEqual([
    'HCR_EL2.TSC? no',
    'SCR_EL3.SMD? yes',
    'undefined at EL1',
  ]);
  expect(reasons({ ...base, hasEl3: false })).toEqual(['HCR_EL2.HCD? no', 'EL2']);
  expect(reasons({ ...base, el: 0, hcr: TGE })).toEqual(['never from EL0', 'HCR_EL2.TGE? yes', 'undefined at EL2']);
});
