import type { Driver } from '../guest/driver.js';
import { cycleOf } from './cycles.js';
import type { Slot } from './slot.js';

/** Why a driver is not bound, in words; undefined where nothing keeps it. */
export function reasonToWait(
  driver: Driver,
  drivers: ReadonlyMap<string, Driver>,
  slots: readonly Slot[],
): string | undefined {
  const { name } = driver;
  const added = drivers.get(name);
  if (added === undefined) return `driver ${name} has not been added`;
  const circle = cycleOf(added, drivers);
  if (circle !== undefined) return `${circle.join(', ')} need one another`;
  const own = slots.filter(({ candidates }) => candidates.some((candidate) => candidate.name === name));
  if (own.length === 0) return `the tree has no usable node for ${name}`;
  const failed = own.find(({ state }) => state === 'failed');
  if (failed !== undefined) return `${name} failed: ${failed.error?.message}`;
  if (own.every(({ state }) => state === 'absent')) return `${name} did not find what it looks for`;
  const missing = added.needs.filter((needed) => !slots.some(({ bond }) => bond?.driver.name === needed.name));
  if (missing.length > 0) return `${name} waits for ${missing.map((needed) => needed.name).join(', ')}`;
  const taken = own.find(({ bond }) => bond !== undefined);
  return taken === undefined ? undefined : `${taken.path} is bound to ${taken.bond?.driver.name}`;
}
