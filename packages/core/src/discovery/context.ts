import type { DeviceTree } from '@trapline/devicetree';
import { CompositionError } from '../errors.js';
import type { BindContext, Driver } from '../guest/driver.js';
import { needs } from './slot.js';

/** What drivers get when they bind, beside the tree and one another. */
export type DiscoveryContext = Omit<BindContext, 'tree' | 'get'>;

/** Where a driver's needs are found. */
interface BoundDrivers {
  readonly tree: DeviceTree;
  get<Bound>(driver: Driver<Bound>): Bound;
}

/** What one driver gets when it binds: of the others, only those it says it needs. */
export function contextFor(driver: Driver, bound: BoundDrivers, given: DiscoveryContext): BindContext {
  return {
    ...given,
    tree: bound.tree,
    get: <Bound>(needed: Driver<Bound>): Bound => {
      if (needs(driver, needed)) return bound.get(needed);
      throw new CompositionError(
        `driver ${driver.name} asks for ${needed.name} without needing it`,
        `add it to the needs of ${driver.name}`,
      );
    },
  };
}
