import type { DeviceTreeNode } from '@trapline/devicetree';
import type { Driver } from '../guest/driver.js';
import type { InspectedInterface } from './inspect.js';

/** The node an event is about; both are undefined for a driver without a node. */
export interface DiscoveryPlace {
  readonly node: DeviceTreeNode | undefined;
  /** The node's path when the event happened. */
  readonly path: string | undefined;
}

/**
 * What happens while drivers are bound:
 * - `found`: a node that is a known interface, or that a driver matches; `drivers` may bind to it, the best first
 * - `bound`: a driver took the node; `value` is what `Discovery.get` gives from now on
 * - `deferred`: a driver waits for others, named in `missing`; said again only when the reason changes
 * - `absent`: no driver found behind the node what it looks for
 * - `failed`: a driver refused the node (`BindError`), broke on it (any other error), or needs itself
 *   ({@link DriverCycleError})
 * - `unbound`: the node changed or went, or a driver that this one needs did; `error` is what `unbind` threw
 * - `gone`: a found node is no longer there
 */
export type DiscoveryEvent =
  | (DiscoveryPlace & {
      readonly type: 'found';
      readonly interface: InspectedInterface | undefined;
      readonly drivers: readonly string[];
    })
  | (DiscoveryPlace & { readonly type: 'bound'; readonly driver: Driver; readonly value: unknown })
  | (DiscoveryPlace & {
      readonly type: 'deferred';
      readonly driver: Driver;
      readonly reason: string;
      readonly missing: readonly string[];
    })
  | (DiscoveryPlace & { readonly type: 'absent'; readonly drivers: readonly string[] })
  | (DiscoveryPlace & { readonly type: 'failed'; readonly driver: Driver; readonly error: Error })
  | (DiscoveryPlace & {
      readonly type: 'unbound';
      readonly driver: Driver;
      readonly reason: string;
      readonly error?: Error;
    })
  | (DiscoveryPlace & { readonly type: 'gone' });

/** Drivers that need one another in a circle, so that none of them can be first. */
export class DriverCycleError extends Error {
  override readonly name = 'DriverCycleError';
  /** The circle, beginning with the driver that reports it. */
  readonly drivers: readonly string[];

  constructor(drivers: readonly string[]) {
    super(`${[...drivers, drivers[0]].join(' needs ')}: take one of these needs away`);
    this.drivers = drivers;
  }
}
