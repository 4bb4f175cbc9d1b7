import type { GuestPhysical, GuestVirtual, MemoryPort, Pe, SharedWords } from '@trapline/core';
import type { MemoryBytes, PortTraffic } from '@trapline/recordings';
import { createMemory, type MemoryRegion } from '@trapline/trap-bus';
import { physical } from '../compare/memory.js';
import { ByteMap } from '../tap/byte-map.js';
import { contentOf } from '../tap/memory-entries.js';
import { PageTranslations } from '../tap/page-translations.js';
import { TappedMemory } from '../tap/tapped-memory.js';

/** Memory that holds what a trace says, translates as it says, and keeps what is written. */
export class PlayedMemory implements MemoryPort {
  readonly regions: readonly MemoryRegion[];
  /** Written since a step began. */
  readonly written: ByteMap = new ByteMap();
  readonly #memory: MemoryPort;
  readonly #tapped: TappedMemory;
  readonly #pages = new PageTranslations();
  /** What other CPUs write while the step is answered. */
  #late: readonly MemoryBytes[] = [];
  #looks = 0;

  constructor(regions: readonly MemoryRegion[]) {
    this.regions = regions;
    this.#memory = createMemory(regions);
    this.#tapped = new TappedMemory(this.#memory, {
      looking: () => this.#look(),
      found: () => {},
      put: (address, bytes) => this.written.put(address, bytes),
      translated: () => {},
    });
  }

  /** A step begins: gives the entry that no memory is there for. */
  begin({ memIn = [], translations = [] }: PortTraffic): MemoryBytes | undefined {
    this.written.clear();
    this.#looks = 0;
    for (const one of translations) this.#pages.put(one);
    this.#late = memIn.filter(({ access }) => access !== undefined);
    return memIn.filter(({ access }) => access === undefined).find((entry) => !this.#put(entry));
  }

  read(address: GuestPhysical, target: Uint8Array): boolean {
    return this.#tapped.read(address, target);
  }

  write(address: GuestPhysical, source: Uint8Array): boolean {
    return this.#tapped.write(address, source);
  }

  has(address: GuestPhysical, length: number): boolean {
    return this.#memory.has(address, length);
  }

  translate(_pe: Pe, address: GuestVirtual, access: 'read' | 'write'): number {
    return this.#pages.find(address, access);
  }

  sharedWords(address: GuestPhysical, length: number): SharedWords | undefined {
    return this.#tapped.sharedWords(address, length);
  }

  #look(): void {
    this.#looks++;
    for (const entry of this.#late) if (entry.access === this.#looks) this.#put(entry);
  }

  #put(entry: MemoryBytes): boolean {
    return this.#memory.write(physical(entry.addr), contentOf(entry));
  }
}
