import type { ConduitKind, ExceptionLevel, Pe } from '@trapline/core';
import { ROUTES, route } from './routing.js';

/** Bits of a key: conduit 0, el 2:1, aarch32 3, secure 4, TSC 5, TGE 6, EEL2 7, HCD 8, SMD 9, HCE 10, neither 11. */
const KEYS = 1 << 11;
/** The bit of a key that says AArch32. */
export const A32_KEY = 8;
/** Keys of instructions other than HVC and SMC lie above: the table holds {@link NO_ROUTE} for them. */
const OTHER = KEYS;
/** What the table holds for an instruction of which the rules for HVC and SMC say nothing. */
const NO_ROUTE = ROUTES.length;

/**
 * The routing rule of one machine as a table, so that a trap costs one look-up: a byte per combination of everything
 * that {@link route} looks at, holding the route's place in {@link ROUTES}. All machines read it; nobody writes it.
 */
export function routingTable(hasEl2: boolean, hasEl3: boolean): Uint8Array {
  return TABLES[(hasEl2 ? 1 : 0) | (hasEl3 ? 2 : 0)] as Uint8Array;
}

/** One for each set of levels: the rule is the architecture's, no machine changes it. */
const TABLES: readonly Uint8Array[] = /* @__PURE__ */ Array.from({ length: 4 }, (_, set) =>
  tabulate((set & 1) !== 0, (set & 2) !== 0),
);

function tabulate(hasEl2: boolean, hasEl3: boolean): Uint8Array {
  return Uint8Array.from({ length: 2 * KEYS }, (_, key) =>
    key >= OTHER
      ? NO_ROUTE
      : ROUTES.indexOf(
          route({
            conduit: key & 1 ? 'smc' : 'hvc',
            el: ((key >>> 1) & 3) as ExceptionLevel,
            aarch32: (key & 8) !== 0,
            secure: (key & 16) !== 0,
            hasEl2,
            hasEl3,
            hcr: (((key >>> 5) & 1) << 19) | (((key >>> 6) & 1) << 27) | (((key >>> 8) & 1) << 29),
            scr: (((key >>> 9) & 3) << 7) | (((key >>> 7) & 1) << 18),
          }),
        ),
  );
}

/** What of a PE the rules look at. */
export type RoutedPe = Pick<Pe, 'el' | 'state' | 'secure' | 'hcr' | 'scr'>;

/** The table's key for a PE that executes HVC or SMC now. */
export function routingKey(pe: RoutedPe, conduit: ConduitKind): number {
  return circumstancesKey(pe) | conduitKey(conduit);
}

/** The conduit's part of a key. */
export function conduitKey(conduit: ConduitKind): number {
  return conduit === 'hvc' ? 0 : conduit === 'smc' ? 1 : OTHER;
}

/** The part of a key that changes only when the PE's state does. */
export function circumstancesKey(pe: RoutedPe): number {
  const { hcr, scr } = pe;
  return (
    (pe.el << 1) |
    (pe.state === 'a64' ? 0 : A32_KEY) |
    (pe.secure ? 16 : 0) |
    ((hcr >>> 14) & 0x20) |
    ((hcr >>> 21) & 0x140) |
    ((scr >>> 11) & 0x80) |
    ((scr << 2) & 0x600)
  );
}
