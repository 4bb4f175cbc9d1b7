/** What a driver says of the nodes it binds to. */
export interface DriverMatch {
  readonly name: string;
  /** Compatible strings; a trailing `*` stands for any ending. */
  readonly compatible: readonly string[];
}

/**
 * The drivers that bind to a node with these compatible strings, the best first: the one that knows the most specific
 * string; of two that know the same one, the one that spells it out before the one with a wildcard; else the one that
 * comes first in the list.
 */
export function driversFor<D extends DriverMatch>(compatible: readonly string[], drivers: readonly D[]): D[] {
  const ranked: { readonly driver: D; readonly rank: number }[] = [];
  for (const driver of drivers) {
    const at = compatible.findIndex((name) => driver.compatible.some((pattern) => matches(name, pattern)));
    if (at < 0) continue;
    const spelt = driver.compatible.includes(compatible[at] as string);
    ranked.push({ driver, rank: 2 * at + (spelt ? 0 : 1) });
  }
  return ranked.sort((a, b) => a.rank - b.rank).map(({ driver }) => driver);
}

/** The driver that binds best, where there is one. */
export function driverFor<D extends DriverMatch>(compatible: readonly string[], drivers: readonly D[]): D | undefined {
  return driversFor(compatible, drivers)[0];
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
