import type { Driver, GuestProgram } from '@trapline/core';
import { Discovery, type DiscoveryEvent, type DiscoveryOptions } from '@trapline/core/discovery';
import { type DeviceTree, writeDtb } from '@trapline/devicetree';
import { type Guest, Scheduler, type Vcpu } from '@trapline/trap-bus';
import type { MemoryRegion } from './region.js';

/** How a guest's drivers are found. */
export interface DiscoverOptions extends DiscoveryOptions {
  /** Hears everything that happens, from the first node found. */
  readonly heard?: (event: DiscoveryEvent) => void;
}

/** One guest of a stack: its CPUs, the tree it reads, and the code that runs on it. */
export class StackGuest {
  readonly name: string;
  /** The tree as the guest reads it. It is live: what is added or removed is discovered. */
  readonly deviceTree: DeviceTree;
  /** The guest on its trap bus: ports, power, the points of each CPU's life. */
  readonly bus: Guest;
  /** Its memory, as it was composed. */
  readonly memory: readonly MemoryRegion[];
  /** Runs its programs; {@link Stack.run} drives it. */
  readonly scheduler: Scheduler;
  readonly #discoveries: Discovery[] = [];

  constructor(bus: Guest, deviceTree: DeviceTree, memory: readonly MemoryRegion[]) {
    this.name = bus.name;
    this.bus = bus;
    this.deviceTree = deviceTree;
    this.memory = memory;
    this.scheduler = new Scheduler(bus);
  }

  get vcpus(): readonly Vcpu[] {
    return this.bus.vcpus;
  }

  /** {@link deviceTree} as a blob, as a boot loader hands it over. */
  dtb(): Uint8Array {
    return writeDtb(this.deviceTree);
  }

  /**
   * Reads the tree as a kernel would and binds the drivers, with this guest's conduits, memory and randomness. The
   * result goes on following the tree: at its `settle()`, or by itself where `schedule` says when.
   *
   * Throws `CompositionError` for two drivers of one name.
   */
  discover(drivers: readonly Driver[], options: DiscoverOptions = {}): Discovery {
    const { memory, random } = this.bus.ports;
    const context = { conduit: (kind: string) => this.bus.conduit(kind), memory, random };
    const discovery = new Discovery(this.deviceTree, drivers, context, options);
    this.#discoveries.push(discovery);
    const { heard } = options;
    if (heard !== undefined) discovery.events$.subscribe(heard);
    discovery.settle();
    return discovery;
  }

  /**
   * Puts a program on a CPU that runs: the first one where nobody says. It begins when the stack runs.
   *
   * Throws `CompositionError` for a CPU that does not run.
   */
  spawn(program: GuestProgram, cpu = 0): void {
    this.scheduler.spawn(cpu, program);
  }

  /** Puts a program at an address: a CPU that starts or resumes there runs it. */
  at(entry: number, program: GuestProgram): void {
    this.scheduler.at(entry, program);
  }

  /** Unbinds all drivers. */
  dispose(): void {
    for (const discovery of this.#discoveries.splice(0)) discovery.dispose();
  }
}
