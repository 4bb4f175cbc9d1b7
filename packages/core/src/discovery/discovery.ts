import type { DeviceTree } from '@trapline/devicetree';
import { type Observable, Subject } from 'rxjs';
import { CompositionError } from '../errors.js';
import type { BindContext, Driver } from '../guest/driver.js';
import { cycleOf } from './cycles.js';
import { type DiscoveryEvent, DriverCycleError } from './events.js';
import { newSlot, type Place, placesIn, type Slot } from './slot.js';
import { TreeChanges } from './tree-changes.js';
import { reasonToWait } from './waiting.js';

/** What drivers get when they bind, beside the tree and one another. */
export type DiscoveryContext = Omit<BindContext, 'tree' | 'get'>;

/** How a discovery follows its tree. */
export interface DiscoveryOptions {
  /**
   * Called with {@link Discovery.settle} at the first change after everything was settled: `queueMicrotask`, or what a
   * simulator does between two steps. Where absent nothing happens before somebody calls `settle`.
   */
  readonly schedule?: (settle: () => void) => void;
}

/** Most passes of one {@link Discovery.settle}: drivers that edit the tree when they bind cause another one each. */
export const MAX_SETTLE_PASSES = 16;

/**
 * Binds drivers to the nodes of a live tree, and keeps them bound to what the tree says.
 *
 * Changes are collected and acted on by {@link settle} alone, so that an overlay of many edits is one step, and a driver
 * never sees a node that is half written. One pass unbinds what went or changed, each after the drivers that need it,
 * and then binds until nothing more can be bound. A node goes to the driver that knows its most specific compatible
 * string; where that one finds nothing (gives undefined) the next one is asked. No driver's failure reaches another
 * driver, other than by its absence.
 */
export class Discovery {
  readonly tree: DeviceTree;
  /** All that happens, from the moment of subscribing; subscribe before the first {@link settle} to hear it all. */
  readonly events$: Observable<DiscoveryEvent>;
  readonly #events = new Subject<DiscoveryEvent>();
  readonly #context: DiscoveryContext;
  readonly #changes: TreeChanges;
  readonly #drivers = new Map<string, Driver>();
  #slots: Slot[] = [];
  /** Bound slots in the order of their binding. */
  #bound: Slot[] = [];
  #newDrivers = false;
  #settling = false;
  #disposed = false;

  constructor(
    tree: DeviceTree,
    drivers: readonly Driver[],
    context: DiscoveryContext,
    { schedule }: DiscoveryOptions = {},
  ) {
    this.tree = tree;
    this.events$ = this.#events.asObservable();
    this.#context = context;
    this.#changes = new TreeChanges(tree, () => {
      if (!this.#settling) schedule?.(() => this.settle());
    });
    this.add(...drivers);
  }

  /** Whether there is something that {@link settle} has not acted on. */
  get pending(): boolean {
    return this.#newDrivers || this.#changes.any;
  }

  /**
   * Adds drivers, to be bound by the next {@link settle}. A driver that is there already is left as it is.
   *
   * Throws {@link CompositionError} for another driver of the same name.
   */
  add(...drivers: readonly Driver[]): void {
    for (const driver of drivers) {
      const other = this.#drivers.get(driver.name);
      if (other === driver) continue;
      if (other !== undefined) {
        throw new CompositionError(
          `two drivers are called ${driver.name}`,
          'give one of them another name, or one only',
        );
      }
      this.#drivers.set(driver.name, driver);
      this.#newDrivers = true;
    }
  }

  /** Acts on every change since the last time. Called again from within (by a driver, a subscriber) it does nothing. */
  settle(): void {
    if (this.#settling || this.#disposed) return;
    this.#settling = true;
    try {
      for (let passes = 0; this.pending && passes < MAX_SETTLE_PASSES; passes++) this.#pass();
    } finally {
      this.#settling = false;
    }
  }

  /** What a driver is bound to: its first binding. Throws {@link CompositionError} with the reason where there is none. */
  get<Bound>(driver: Driver<Bound>): Bound {
    const slot = this.#first(driver.name);
    if (slot === undefined) {
      throw new CompositionError(
        `driver ${driver.name} is not bound`,
        reasonToWait(driver, this.#drivers, this.#slots) ?? 'call settle() first',
      );
    }
    return slot.bond?.value as Bound;
  }

  /** As {@link get}, undefined where the driver is not bound. */
  find<Bound>(driver: Driver<Bound>): Bound | undefined {
    return this.#first(driver.name)?.bond?.value as Bound | undefined;
  }

  /** Everything a driver is bound to, in the order of binding. */
  all<Bound>(driver: Driver<Bound>): readonly Bound[] {
    return this.#bound
      .filter((slot) => slot.bond?.driver.name === driver.name)
      .map((slot) => slot.bond?.value as Bound);
  }

  /** Unbinds everything, what is needed last, and forgets the tree; `events$` completes. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#changes.dispose();
    while (this.#bound.length > 0) this.#release(this.#bound.at(-1) as Slot, 'the discovery was disposed of');
    this.#slots = [];
    this.#events.complete();
  }

  #pass(): void {
    const changed = this.#changes.take();
    this.#newDrivers = false;
    const places = placesIn(
      this.tree,
      [...this.#drivers.values()].filter(({ compatible }) => compatible.length > 0),
    );
    const byNode = new Map(places.map((place) => [place.node, place]));
    for (const slot of [...this.#slots]) {
      if (slot.node === undefined) continue;
      const place = byNode.get(slot.node);
      if (place === undefined || place.path !== slot.path) this.#drop(slot);
      else if (changed.has(slot.node)) this.#retry(slot, 'the node changed');
    }
    this.#arrange(places);
    while (this.#slots.some((slot) => this.#tryToBind(slot)));
    for (const slot of this.#slots) this.#reportWaiting(slot);
  }

  /** Slots in the order of the tree, then drivers without a node. */
  #arrange(places: readonly Place[]): void {
    const existing = new Map(this.#slots.map((slot) => [slot.node ?? slot.candidates[0]?.name, slot]));
    const slots: Slot[] = [];
    for (const place of places) {
      const { node, path, candidates } = place;
      let slot = existing.get(node);
      if (slot === undefined) {
        slot = newSlot(place);
        const drivers = candidates.map(({ name }) => name);
        this.#events.next({ type: 'found', node, path, interface: place.interface, drivers });
      }
      if (slot.bond !== undefined && !candidates.includes(slot.bond.driver))
        this.#retry(slot, 'the node is not available');
      if (slot.state !== 'bound' && candidates.length > slot.candidates.length) slot.state = 'waiting';
      slot.candidates = candidates;
      slots.push(slot);
    }
    for (const driver of this.#drivers.values()) {
      if (driver.compatible.length > 0) continue;
      slots.push(existing.get(driver.name) ?? newSlot({ node: undefined, path: undefined, candidates: [driver] }));
    }
    this.#slots = slots;
  }

  /** Says whether something was bound, so that those who wait for it can be tried. */
  #tryToBind(slot: Slot): boolean {
    if (slot.state !== 'waiting' || slot.candidates.length === 0) return false;
    for (const driver of slot.candidates) {
      const circle = cycleOf(driver, this.#drivers);
      if (circle !== undefined) {
        this.#fail(slot, driver, new DriverCycleError(circle));
        return false;
      }
      if (driver.needs.some(({ name }) => this.#first(name) === undefined)) return false;
      const { node, path } = slot;
      try {
        const uses = new Set(driver.needs.map(({ name }) => this.#first(name) as Slot));
        this.#changes.binding = node;
        const value = driver.bind(this.#contextOf(driver), node);
        if (value === undefined) continue;
        Object.assign(slot, { state: 'bound', bond: { driver, value, uses }, reason: undefined, error: undefined });
        this.#bound.push(slot);
        this.#events.next({ type: 'bound', node, path, driver, value });
        return true;
      } catch (error) {
        this.#fail(slot, driver, errorOf(error));
        return false;
      } finally {
        this.#changes.binding = undefined;
      }
    }
    slot.state = 'absent';
    const { node, path } = slot;
    this.#events.next({ type: 'absent', node, path, drivers: slot.candidates.map(({ name }) => name) });
    return false;
  }

  #contextOf(driver: Driver): BindContext {
    return {
      ...this.#context,
      tree: this.tree,
      get: <Bound>(needed: Driver<Bound>): Bound => {
        if (!driver.needs.some(({ name }) => name === needed.name)) {
          throw new CompositionError(
            `driver ${driver.name} asks for ${needed.name} without needing it`,
            `add it to the needs of ${driver.name}`,
          );
        }
        return this.get(needed);
      },
    };
  }

  #fail(slot: Slot, driver: Driver, error: Error): void {
    slot.state = 'failed';
    slot.error = error;
    this.#events.next({ type: 'failed', node: slot.node, path: slot.path, driver, error });
  }

  #reportWaiting(slot: Slot): void {
    const driver = slot.candidates[0];
    if (slot.state !== 'waiting' || driver === undefined) return;
    const missing = driver.needs.filter(({ name }) => this.#first(name) === undefined);
    const reason = missing.map((needed) => reasonToWait(needed, this.#drivers, this.#slots)).join('; ');
    if (reason === slot.reason) return;
    slot.reason = reason;
    const { node, path } = slot;
    this.#events.next({ type: 'deferred', node, path, driver, reason, missing: missing.map(({ name }) => name) });
  }

  #drop(slot: Slot): void {
    if (slot.bond !== undefined) this.#release(slot, 'the node is gone');
    this.#slots.splice(this.#slots.indexOf(slot), 1);
    this.#events.next({ type: 'gone', node: slot.node, path: slot.path });
  }

  #retry(slot: Slot, reason: string): void {
    if (slot.bond !== undefined) this.#release(slot, reason);
    Object.assign(slot, { state: 'waiting', reason: undefined, error: undefined });
  }

  /** Unbinds a slot after all that use it; who failed or found nothing with it is to be tried again. */
  #release(slot: Slot, reason: string): void {
    const { bond, node, path } = slot;
    if (bond === undefined) return;
    const { driver } = bond;
    for (const user of [...this.#bound].reverse()) {
      if (user.bond?.uses.has(slot)) this.#release(user, `${driver.name}, which it needs, is unbound`);
    }
    for (const other of this.#slots) {
      if (
        other.state !== 'bound' &&
        other.candidates.some(({ needs }) => needs.some(({ name }) => name === driver.name))
      ) {
        other.state = 'waiting';
      }
    }
    this.#bound.splice(this.#bound.indexOf(slot), 1);
    Object.assign(slot, { state: 'waiting', bond: undefined, reason: undefined });
    let error: Error | undefined;
    try {
      driver.unbind?.(bond.value);
    } catch (thrown) {
      error = errorOf(thrown);
    }
    this.#events.next({ type: 'unbound', node, path, driver, reason, ...(error && { error }) });
  }

  #first(name: string): Slot | undefined {
    return this.#bound.find((slot) => slot.bond?.driver.name === name);
  }
}

/** Binds drivers to a tree once: the discovery after its first pass. It goes on following the tree until disposed of. */
export function discover(
  tree: DeviceTree,
  drivers: readonly Driver[],
  context: DiscoveryContext,
  options: DiscoveryOptions = {},
): Discovery {
  const discovery = new Discovery(tree, drivers, context, options);
  discovery.settle();
  return discovery;
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
