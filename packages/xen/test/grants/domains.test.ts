import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GTF } from '../../src/abi/grant-flags.js';
import { destroyDomain } from '../../src/domain/death.js';
import { DOMID_SELF } from '../../src/domain/xen.js';
import type { Page } from '../../src/memory/page.js';
import { DATA_FRAME, HOLE_FRAME, type Party, RAM, RAM_FRAME, rigOf } from './rig.js';

/** References, frames and places that actions choose from: few, so that they meet. */
const REFS = [0, 7, 8, 9, 255, 256, 511, 512, 700, 0xffff_ffff];
const FRAMES = [
  DATA_FRAME,
  DATA_FRAME + 1,
  DATA_FRAME,
  DATA_FRAME + 2,
  HOLE_FRAME,
  HOLE_FRAME + 1,
  RAM_FRAME + 2,
  0xffff_ffff,
];
const PLACES = [HOLE_FRAME, HOLE_FRAME + 1, HOLE_FRAME + 2, HOLE_FRAME + 3, DATA_FRAME + 3];
const KINDS = [
  GTF.permit_access,
  GTF.permit_access,
  GTF.permit_access,
  GTF.permit_access | GTF.readonly,
  GTF.permit_access | GTF.sub_page,
  GTF.transitive,
  0,
  0x19,
];

const pick = fc.nat(1000);
const action = fc.record({
  who: pick,
  kind: fc.constantFrom(
    ...(['grant', 'grant', 'grant', 'map', 'map', 'map', 'unmap', 'unmap', 'copy', 'copy'] as const),
    ...(['swap', 'version', 'setup', 'remove', 'place', 'flush', 'raw', 'die'] as const),
  ),
  a: pick,
  b: pick,
  c: pick,
  d: pick,
});
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

const of = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** Up to four domains that do to one another whatever they can, and what has ever been given to each. */
class Crowd {
  readonly parties: readonly Party[];
  readonly dead = new Set<Party>();
  /** Pages that an entry has ever given to a domain, by the domain. */
  readonly given = new Map<Party, Set<Page>>();

  readonly #granted: { readonly granter: Party; readonly ref: number }[] = [];

  constructor(count: number) {
    this.parties = rigOf(
      Array.from({ length: count }, (_, i) => ({ privileged: i === 3 })),
      { grantVersion: 2 },
    );
    for (const party of this.parties) {
      this.given.set(party, new Set());
      // Every page is known from the beginning, so that it can be compared.
      for (const frame of FRAMES) party.domain.memory.page(frame);
    }
  }

  /** How many grants are known, for a crowd that goes back. */
  get known(): number {
    return this.#granted.length;
  }

  set known(count: number) {
    this.#granted.length = count;
  }

  do(step: Action): void {
    const me = of(this.parties, step.who);
    if (this.dead.has(me)) return;
    // Mostly at what somebody has granted, or nearly nothing would succeed.
    const aim = step.a % 5 === 0 ? undefined : this.#granted[step.b % Math.max(1, this.#granted.length)];
    const peer = aim?.granter ?? of(this.parties, step.a);
    const ref = aim?.ref ?? of(REFS, step.b);
    const place = of(PLACES, step.c);
    switch (step.kind) {
      case 'grant':
        this.#grant(me, of(this.parties, step.a), of(REFS, step.b), of(FRAMES, step.c), of(KINDS, step.d));
        break;
      case 'map':
        me.one('mapGrantRef', {
          host_addr: BigInt(place) << 12n,
          flags: of([2, 6, 2, 6, 3, 0x12, 0x8002], step.d),
          ref,
          dom: step.d % 19 === 0 ? DOMID_SELF : peer.id,
        });
        break;
      case 'unmap':
        me.unmap(step.b % 12, step.d % 3 ? of(PLACES, step.b) : place);
        break;
      case 'copy':
        this.#copy(me, peer, ref, step);
        break;
      case 'swap':
        me.one('swapGrantRef', { ref_a: ref, ref_b: of(REFS, step.c) });
        break;
      case 'version':
        me.one('setVersion', { version: step.b % 4 });
        break;
      case 'setup':
        me.one('setupTable', { dom: step.c % 2 ? DOMID_SELF : peer.id, nr_frames: step.b % 5, frame_list: RAM + 4096 });
        break;
      case 'remove':
        me.domain.memory.map.clear(of(FRAMES, step.b));
        break;
      case 'place':
        me.domain.memory.map.set(place, 'ram', me.domain.grants.frames(step.b % 3));
        break;
      case 'flush':
        me.one('cacheFlush', { a: { dev_bus_addr: BigInt(step.b) << 12n }, offset: 0, length: step.c, op: step.d % 5 });
        break;
      case 'raw':
        me.op([step.a % 14, RAM, step.b % 40]);
        break;
      case 'die':
        if (step.b % 8 === 0) this.die(me);
        break;
    }
    this.#learn();
  }

  die(party: Party): void {
    destroyDomain(party.domain);
    this.dead.add(party);
  }

  /** No domain sees a page of another's that no entry has ever given it. */
  expectNothingStolen(): void {
    for (const party of this.parties) {
      const { memory } = party.domain;
      for (const [, type, page] of memory.map.changed()) {
        if (page === undefined || page.owner === memory) continue;
        expect(type).toMatch(/^grant/);
        expect(this.given.get(party)?.has(page)).toBe(true);
      }
    }
  }

  /** Tables, handles, and what each domain sees at its frames. */
  picture(): unknown {
    return this.parties.map((party) => ({
      grants: party.domain.grants.save(),
      table: Array.from({ length: 1024 }, (_, i) => party.table.load(i)),
      frames: [...PLACES, ...FRAMES].map((frame) => party.see(frame, 64)),
    }));
  }

  /** Ends all mappings and looks for what is left. */
  expectNothingLeft(): void {
    for (const party of this.parties) {
      if (this.dead.has(party)) continue;
      const { maptrack } = party.domain.grants;
      // At a hole every handle can be given back.
      for (let handle = 0; handle < maptrack.limit; handle++) party.unmap(handle, 0x7_0000);
      expect(maptrack.free(0).length).toBe(maptrack.limit);
    }
    for (const party of this.parties) {
      const { grants, memory, xen } = party.domain;
      expect(grants.nextInUse(0, grants.shared.most)).toBe(-1);
      for (const page of [...memory.reservation.pages, ...memory.reservation.shared]) expect(page.references).toBe(0);
      expect(xen.domain(party.id)).toBe(this.dead.has(party) ? undefined : party.domain);
    }
  }

  #grant(me: Party, peer: Party, ref: number, frame: number, kind: number): void {
    const { shared } = me.domain.grants;
    if (ref >= shared.entries) return;
    const behind = this.#granted[frame % Math.max(1, this.#granted.length)];
    this.#granted.push({ granter: me, ref });
    if (shared.version === 1) me.grant(ref, peer, frame, kind);
    else if (kind === GTF.transitive) {
      me.grant2(ref, (peer.id << 16) | kind, behind?.granter.id ?? 9, behind?.ref ?? 8);
    } else me.grant2(ref, (peer.id << 16) | kind, kind & GTF.sub_page ? 0x0100_0010 : 0, frame);
    this.#learn();
  }

  #copy(me: Party, peer: Party, ref: number, step: Action): void {
    const own = { u: { gmfn: BigInt(of(FRAMES, step.c)) }, domid: DOMID_SELF, offset: 0 };
    const other = { u: { gmfn: BigInt(ref) }, domid: peer.id, offset: step.d % 2 ? 16 : 0 };
    const third = { u: { gmfn: BigInt(of(REFS, step.c)) }, domid: of(this.parties, step.d).id, offset: 16 };
    me.list('copy', [
      { source: other, dest: own, flags: 1, len: 8 },
      { source: own, dest: other, flags: 2, len: 8 },
      { source: other, dest: third, flags: step.d % 4, len: 8 },
    ]);
  }

  /** Takes down what all entries give at the moment. */
  #learn(): void {
    for (const granter of this.parties) {
      const { grants, memory } = granter.domain;
      const { shared } = grants;
      for (const ref of REFS) {
        if (ref >= shared.entries || (shared.header(ref) & GTF.type) !== GTF.permit_access) continue;
        const user = this.parties.find(({ id }) => id === shared.header(ref) >>> 16);
        const page = memory.page(shared.frame(ref));
        if (user !== undefined && page !== undefined) this.given.get(user)?.add(page);
      }
    }
  }
}

describe('up to four hostile domains', () => {
  it('reach no page that was not granted, and leave no reference when everything is unmapped or dead', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(action, { maxLength: 120 }), (count, steps) => {
        const crowd = new Crowd(count);
        for (const step of steps) crowd.do(step);
        crowd.expectNothingStolen();
        crowd.expectNothingLeft();
      }),
      { numRuns: 120 },
    );
  });

  it('that all die, in any order, leave no domain behind', () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 60 }),
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        (steps, order) => {
          const crowd = new Crowd(4);
          for (const step of steps) crowd.do(step);
          for (const i of order) crowd.die(crowd.parties[i] as Party);
          expect([...(crowd.parties[0] as Party).domain.xen.domains]).toEqual([]);
          crowd.expectNothingLeft();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('that are saved and restored in between do as those that are not', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), fc.array(action, { maxLength: 40 }), (before, after) => {
        const living = after.filter(({ kind }) => kind !== 'die');
        const crowd = new Crowd(3);
        for (const step of before) if (step.kind !== 'die') crowd.do(step);
        const machine = (crowd.parties[0] as Party).machine;
        const saved = machine.save();
        const { known } = crowd;
        for (const step of living) crowd.do(step);
        const once = crowd.picture();
        machine.restore(saved);
        crowd.known = known;
        for (const step of living) crowd.do(step);
        expect(crowd.picture()).toEqual(once);
        crowd.expectNothingLeft();
      }),
      { numRuns: 60 },
    );
  });
});
