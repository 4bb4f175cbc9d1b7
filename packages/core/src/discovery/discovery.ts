import type { DeviceTree } from '@trapline/devicetree';
import { type Observable, Subject } from 'rxjs';
import { CompositionError } from '../errors.js';
import type { Driver } from '../guest/driver.js';
import { contextFor, type DiscoveryContext } from './context.js';
import { cycleOf } from './cycles.js';
import { type DiscoveryEvent, DriverCycleError } from './events.js';
import { needs, newSlot, type Place, placesIn, reset, type Slot } from './slot.js';
import { TreeChanges } from './tree-changes.js';
import { reasonToWait } from './waiting.js';

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
  #slots: readonly Slot[] = [];
  /** Bound slots in the order of their binding. */
  readonly #bound: Slot[] = [];
  #newDrivers = false;
  #settling = false;
  #disposed = false;

  /** Throws {@link CompositionError} for two drivers of one name. */
  constructor(
    tree: DeviceTree,
    drivers: readonly Driver[],
    context: DiscoveryContext,
    { schedule }: DiscoveryOptions = {},
  ) {
    this.tree = tree;
    this.events$ = this.#events.asObservable();
    this.#context = context;
    this.add(...drivers);
    this.#changes = new TreeChanges(tree, () => {
      if (!this.#settling) schedule?.(() => this.settle());
    });
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
          'name one of them otherwise, or leave it out',
        );
      }
      this.#drivers.set(driver.name, driver);
      this.#newDrivers = true;
    }
  }

  /**
   * Acts on every change since the last time. From within (called by a driver or a subscriber) it does nothing: what
   * they changed is acted on before the outer call returns, up to {@link MAX_SETTLE_PASSES}; what is left then is
   * `pending` until the next call.
   */
  settle(): void {
    if (this.#settling) return;
    this.#settling = true;
    try {
      for (let pass = 0; this.pending && !this.#disposed && pass < MAX_SETTLE_PASSES; pass++) this.#pass();
    } finally {
      this.#settling = false;
      this.#changes.rearm();
    }
  }

  /** What a driver is bound to: its first binding. Throws {@link CompositionError} with the reason where there is none. */
  get<Bound>(driver: Driver<Bound>): Bound {
    const bond = this.#first(driver)?.bond;
    if (bond !== undefined) return bond.value as Bound;
    const reason = reasonToWait(driver, this.#drivers, this.#slots) ?? 'it was not tried yet; call settle() first';
    throw new CompositionError(`driver ${driver.name} is not bound`, reason);
  }

  /** As {@link get}, undefined where the driver is not bound. */
  find<Bound>(driver: Driver<Bound>): Bound | undefined {
    return this.#first(driver)?.bond?.value as Bound | undefined;
  }

  /** Everything a driver is bound to, in the order of binding. */
  all<Bound>(driver: Driver<Bound>): readonly Bound[] {
    return this.#bound.filter((slot) => isBoundTo(slot, driver)).map((slot) => slot.bond?.value as Bound);
  }

  /** Unbinds everything, what is needed last, and forgets the tree; `events$` completes. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#changes.dispose();
    for (let last = this.#bound.at(-1); last !== undefined; last = this.#bound.at(-1)) {
      this.#release(last, 'the discovery was disposed of');
    }
    this.#slots = [];
    this.#events.complete();
  }

  #pass(): void {
    const changed = this.#changes.take();
    this.#newDrivers = false;
    const withNodes = [...this.#drivers.values()].filter(({ compatible }) => compatible.length > 0);
    const places = new Map(placesIn(this.tree, withNodes).map((place) => [place.node, place]));
    const kept = this.#slots.filter((slot) => {
      if (slot.node === undefined) return true;
      const there = places.get(slot.node)?.path === slot.path;
      if (!there) this.#forget(slot);
      else if (changed.has(slot.node)) this.#restart(slot, 'the node changed');
      return there;
    });
    this.#arrange([...places.values()], kept);
    while (this.#slots.some((slot) => this.#tryToBind(slot)));
    for (const slot of this.#slots) this.#reportWaiting(slot);
  }

  /** Slots in the order of the tree, then drivers without a node. */
  #arrange(places: readonly Place[], kept: readonly Slot[]): void {
    const existing = new Map(kept.map((slot) => [slot.node ?? slot.candidates[0], slot]));
    const slots = places.map((place) => {
      const slot = existing.get(place.node) ?? this.#found(place);
      const before = slot.candidates;
      slot.candidates = place.candidates;
      if (slot.bond === undefined) {
        if (place.candidates.some((driver) => !before.includes(driver))) reset(slot);
      } else if (!place.candidates.includes(slot.bond.driver))
        this.#restart(slot, 'the node is not to be used any more');
      return slot;
    });
    for (const driver of this.#drivers.values()) {
      if (driver.compatible.length > 0) continue;
      slots.push(existing.get(driver) ?? newSlot({ node: undefined, path: undefined, candidates: [driver] }));
    }
    this.#slots = slots;
  }

  #found(place: Place): Slot {
    const { node, path, candidates } = place;
    const drivers = candidates.map(({ name }) => name);
    this.#events.next({ type: 'found', node, path, interface: place.interface, drivers });
    return newSlot(place);
  }

  /** Says whether something was bound, so that those who wait for it can be tried. */
  #tryToBind(slot: Slot): boolean {
    if (this.#disposed || slot.state !== 'waiting' || slot.candidates.length === 0) return false;
    for (const driver of slot.candidates) {
      if (slot.asked.has(driver)) continue;
      const circle = cycleOf(driver, this.#drivers);
      if (circle !== undefined) {
        this.#fail(slot, driver, new DriverCycleError(circle));
        return false;
      }
      if (driver.needs.some((needed) => this.#first(needed) === undefined)) return false;
      if (this.#bind(slot, driver)) return true;
      if (slot.state !== 'waiting') return false;
      slot.asked.add(driver);
    }
    slot.state = 'absent';
    const { node, path } = slot;
    this.#events.next({ type: 'absent', node, path, drivers: slot.candidates.map(({ name }) => name) });
    return false;
  }

  #bind(slot: Slot, driver: Driver): boolean {
    const { node, path } = slot;
    const uses = new Set(driver.needs.map((needed) => this.#first(needed) as Slot));
    let value: unknown;
    this.#changes.binding = node;
    try {
      value = driver.bind(contextFor(driver, this, this.#context), node);
    } catch (error) {
      this.#fail(slot, driver, errorOf(error));
      return false;
    } finally {
      this.#changes.binding = undefined;
    }
    if (value === undefined) return false;
    slot.state = 'bound';
    slot.bond = { driver, value, uses };
    this.#bound.push(slot);
    if (this.#disposed) this.#release(slot, 'the discovery was disposed of');
    else this.#events.next({ type: 'bound', node, path, driver, value });
    return true;
  }

  #fail(slot: Slot, driver: Driver, error: Error): void {
    slot.state = 'failed';
    slot.error = error;
    this.#events.next({ type: 'failed', node: slot.node, path: slot.path, driver, error });
  }

  #reportWaiting(slot: Slot): void {
    const driver = slot.candidates.find((candidate) => !slot.asked.has(candidate));
    if (slot.state !== 'waiting' || driver === undefined) return;
    const missing = driver.needs.filter((needed) => this.#first(needed) === undefined);
    const reason = missing.map((needed) => reasonToWait(needed, this.#drivers, this.#slots)).join('; ');
    if (reason === slot.reason) return;
    slot.reason = reason;
    const { node, path } = slot;
    this.#events.next({ type: 'deferred', node, path, driver, reason, missing: missing.map(({ name }) => name) });
  }

  #forget(slot: Slot): void {
    this.#release(slot, 'the node is gone');
    this.#events.next({ type: 'gone', node: slot.node, path: slot.path });
  }

  #restart(slot: Slot, reason: string): void {
    this.#release(slot, reason);
    reset(slot);
  }

  /** Unbinds a slot after all that use it; who failed or found nothing with it is to be tried again. */
  #release(slot: Slot, reason: string): void {
    const { bond, node, path } = slot;
    if (bond === undefined) return;
    const { driver, value } = bond;
    for (const user of [...this.#bound].reverse()) {
      if (user.bond?.uses.has(slot)) this.#release(user, `${driver.name}, which it needs, is unbound`);
    }
    this.#bound.splice(this.#bound.indexOf(slot), 1);
    reset(slot);
    for (const other of this.#slots) {
      if (other.bond === undefined && other.candidates.some((user) => needs(user, driver))) reset(other);
    }
    let error: Error | undefined;
    try {
      driver.unbind?.(value);
    } catch (thrown) {
      error = errorOf(thrown);
    }
    this.#events.next({ type: 'unbound', node, path, driver, reason, ...(error && { error }) });
  }

  #first(driver: Driver): Slot | undefined {
    return this.#bound.find((slot) => isBoundTo(slot, driver));
  }
}

/** Binds drivers to a tree: a discovery after its first pass. It goes on following the tree until disposed of. */
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

/** By name: a driver made twice (with other options) is the same driver to those who need it. */
function isBoundTo({ bond }: Slot, driver: Driver): boolean {
  return bond?.driver.name === driver.name;
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
