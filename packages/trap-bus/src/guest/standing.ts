import {
  type Attachment,
  type CallDeclaration,
  type Claim,
  CompositionError,
  type ConduitKind,
  type Convention,
  Dispatcher,
  type Entry,
  type Handler,
  type Level,
  type Pe,
  type RangeHandler,
  type Service,
} from '@trapline/core';

/** A service that serves a guest, as the machine knows it. */
export interface AttachedService {
  readonly level: Level;
  readonly service: Service;
  readonly attachment: Attachment;
}

/** Who answers a call: for explanations, events and filters. */
export interface Answerer {
  readonly level: Level;
  readonly service: string;
  readonly interface: string;
  readonly convention: Convention;
  /** The call; undefined for a number that only a range takes. */
  readonly declaration: CallDeclaration | undefined;
}

/** All services that stand at one level for one guest. */
export class Standing {
  readonly level: Level;
  readonly services: readonly AttachedService[];
  readonly dispatcher: Dispatcher;
  readonly #answerers = new Map<Entry | RangeHandler, Answerer>();
  readonly #claims: readonly Claim[];
  readonly #pes: readonly Pe[];

  constructor(level: Level, services: readonly AttachedService[], pes: readonly Pe[]) {
    this.level = level;
    this.services = services;
    const claims: Claim[] = [];
    for (const { service, attachment } of services) {
      for (const implementation of attachment.implementations) {
        claims.push({ owner: service.name, implementation });
        const { convention } = implementation;
        const base = { level, service: service.name, interface: implementation.interface.name, convention };
        for (const entry of implementation.entries) {
          this.#answerers.set(entry, { ...base, declaration: entry.declaration });
        }
        for (const range of implementation.ranges) this.#answerers.set(range, { ...base, declaration: undefined });
      }
    }
    refuseSharedImmediates(claims);
    this.dispatcher = new Dispatcher(claims, pes);
    this.#claims = claims;
    this.#pes = pes;
  }

  /** A dispatcher like the level's own, with something around every handler: for interception. */
  around(wrap: (handler: Handler, answerer: Answerer) => Handler): Dispatcher {
    const wrapped = <T extends Entry | RangeHandler>(part: T): T => ({
      ...part,
      handler: wrap(part.handler, this.#answerers.get(part) as Answerer),
    });
    const claims = this.#claims.map(({ owner, implementation }) => ({
      owner,
      implementation: {
        ...implementation,
        entries: implementation.entries.map(wrapped),
        ranges: implementation.ranges.map(wrapped),
      },
    }));
    return new Dispatcher(claims, this.#pes);
  }

  /** Whether one of the services wants EL1's SMC trapped to it. */
  get trapsSmc(): boolean {
    return this.services.some(({ attachment }) => attachment.trapsSmc === true);
  }

  /** Who would answer the call that `pe` makes, without calling it. */
  who(pe: Pe, conduit: ConduitKind, immediate: number): Answerer | undefined {
    const found = this.dispatcher.find(pe, conduit, immediate);
    return found && this.#answerers.get(found);
  }
}

/**
 * Two interfaces that read calls by different rules cannot share an immediate: a register's value would mean two
 * things. Interfaces of one convention are told apart by their numbers.
 */
function refuseSharedImmediates(claims: readonly Claim[]): void {
  claims.forEach((claim, i) => {
    const a = claim.implementation.convention;
    for (const other of claims.slice(0, i)) {
      const b = other.implementation.convention;
      if (JSON.stringify(a.selector) === JSON.stringify(b.selector)) continue;
      const conduit = a.conduits.find((kind) => b.conduits.includes(kind));
      if (conduit === undefined) continue;
      const shared = a.immediates.find(([from, to]) => b.immediates.some(([f, t]) => from <= t && f <= to));
      if (!shared) continue;
      throw new CompositionError(
        `${other.owner} (${other.implementation.interface.name}) and ${claim.owner} (${claim.implementation.interface.name}) both own the immediate 0x${shared[0].toString(16)} of ${conduit}, and read the call's number from different registers`,
        'leave one of them out, or stand them at different levels',
      );
    }
  });
}
