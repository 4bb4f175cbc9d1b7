import type { Driver } from '../guest/driver.js';

/** The circle of needs that a driver is part of, beginning with it; undefined where there is none. */
export function cycleOf(driver: Driver, drivers: ReadonlyMap<string, Driver>): readonly string[] | undefined {
  const visited = new Set<string>();
  const search = (at: Driver, path: readonly string[]): readonly string[] | undefined => {
    for (const { name } of at.needs) {
      if (name === driver.name) return path;
      const next = drivers.get(name);
      if (next === undefined || visited.has(name)) continue;
      visited.add(name);
      const circle = search(next, [...path, name]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  return search(driver, [driver.name]);
}
