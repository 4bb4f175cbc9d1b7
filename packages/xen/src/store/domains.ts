import type { StoreClient } from './client.js';
import type { StoreQuotas } from './quotas.js';

/** What the store keeps of a domain that owns a node, is named in permissions, or talks to it. */
export class StoreDomain {
  readonly id: number;
  /** The store's generation when the domain came: permissions written before are not for it. */
  generation: number;
  nodes = 0;
  memory = 0;
  watches = 0;
  outstanding = 0;
  /** Its connection, from its introduction to its release. */
  client: StoreClient | undefined;
  /** Whether its shutdown was told already. */
  shutdown = false;
  /** Whether its connection is in the error state: its memory is not refused any more, for it takes none. */
  ignored = false;

  constructor(id: number, generation: number) {
    this.id = id;
    this.generation = generation;
  }

  get privileged(): boolean {
    return this.id === 0;
  }
}

/** The domains that the store knows, and what they take of it. */
export class StoreDomains {
  readonly #domains = new Map<number, StoreDomain>();
  readonly #exists: (domid: number) => boolean;
  readonly #generation: () => number;
  readonly #quotas: () => StoreQuotas;

  constructor(exists: (domid: number) => boolean, generation: () => number, quotas: () => StoreQuotas) {
    this.#exists = exists;
    this.#generation = generation;
    this.#quotas = quotas;
  }

  get all(): IterableIterator<StoreDomain> {
    return this.#domains.values();
  }

  find(id: number): StoreDomain | undefined {
    return this.#domains.get(id);
  }

  /** Finds it, or begins to know it, whether there is such a domain or not. */
  know(id: number): StoreDomain {
    const known = this.#domains.get(id);
    if (known !== undefined) return known;
    const domain = new StoreDomain(id, this.#generation());
    this.#domains.set(id, domain);
    return domain;
  }

  /** Finds it, or begins to know it where there is such a domain. */
  knowExisting(id: number): StoreDomain | undefined {
    return this.#domains.get(id) ?? (this.#exists(id) ? this.know(id) : undefined);
  }

  /** Knows nobody but who is connected, and nothing of what they take. */
  clear(): void {
    for (const domain of this.#domains.values()) {
      if (domain.client === undefined && domain.id !== 0) this.#domains.delete(domain.id);
      Object.assign(domain, {
        generation: 0,
        nodes: 0,
        memory: 0,
        watches: 0,
        outstanding: 0,
        shutdown: false,
        ignored: false,
      });
    }
  }

  forget(domain: StoreDomain): void {
    this.#domains.delete(domain.id);
  }

  /** Counts memory; false, and nothing counted, where that is refused. What shrinks is never refused. */
  takeMemory(id: number, bytes: number, checked: boolean): boolean {
    const domain = this.#domains.get(id);
    if (domain === undefined) return true;
    const total = domain.memory + bytes;
    if (checked && !domain.privileged && !domain.ignored && total >= this.#quotas().memory) return false;
    domain.memory = total;
    return true;
  }
}
