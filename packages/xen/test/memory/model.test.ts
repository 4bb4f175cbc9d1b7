import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FREE, HOLE, type Party, RAM_PAGES, rigOf } from './rig.js';
import { DOMID_SELF, XENMAPSPACE } from './structures.js';

/** One page of the model: what it holds, whose it is, and how many frames of others show it. */
interface ModelPage {
  content: number;
  readonly owner: number;
  readonly shared: boolean;
  allocated: boolean;
  foreign: number;
}

/** What the model says a frame holds. */
interface ModelFrame {
  readonly page: ModelPage;
  readonly foreign: boolean;
}

/** Frames that the commands use: eight of RAM, and four outside of it. */
const FRAMES = [...Array.from({ length: 8 }, (_, i) => FREE + i), HOLE, HOLE + 1, HOLE + 2, HOLE + 3];
const WHO = 2;

/** Memory of two domains as a list of pages and a table of frames each: domain 0 is the control domain. */
class Model {
  readonly frames: Map<number, ModelFrame>[] = [];
  readonly info: ModelPage[] = [];
  readonly total: number[] = [];
  readonly highest: number[] = [];
  /** What pages held that have been freed. */
  readonly #freed = new Set<number>();

  constructor() {
    for (let who = 0; who < WHO; who++) {
      this.frames.push(new Map(FRAMES.slice(0, 8).map((frame) => [frame, { page: this.#page(who), foreign: false }])));
      this.info.push({ content: 0, owner: who, shared: true, allocated: true, foreign: 0 });
      this.total.push(RAM_PAGES);
      this.highest.push(FREE - 8 + RAM_PAGES - 1);
    }
  }

  #page(owner: number): ModelPage {
    return { content: 0, owner, shared: false, allocated: true, foreign: 0 };
  }

  #isFree(page: ModelPage): boolean {
    return !page.allocated && page.foreign === 0;
  }

  #put(who: number, frame: number, what: ModelFrame | undefined): void {
    const old = this.frames[who]?.get(frame);
    if (what) this.frames[who]?.set(frame, what);
    else this.frames[who]?.delete(frame);
    if (what && frame > (this.highest[who] as number)) this.highest[who] = frame;
    if (what?.foreign) what.page.foreign++;
    if (!old?.foreign) return;
    old.page.foreign--;
    if (this.#isFree(old.page) && !old.page.shared) this.#free(old.page);
  }

  #free({ owner, content }: ModelPage): void {
    (this.total[owner] as number)--;
    this.#freed.add(content);
  }

  decrease(who: number, frame: number): number {
    const found = this.frames[who]?.get(frame);
    if (found === undefined || found.page.owner !== who || this.#isFree(found.page)) return 0;
    this.#put(who, frame, undefined);
    found.page.allocated = false;
    if (found.page.foreign === 0 && !found.page.shared) this.#free(found.page);
    return 1;
  }

  /** A page of the heap's, with what it held when it was freed, or zeros. */
  populate(who: number, frame: number, content: number): number {
    if (this.total[who] === RAM_PAGES) return 0;
    (this.total[who] as number)++;
    expect([0, ...this.#freed]).toContain(content);
    this.#put(who, frame, { page: { ...this.#page(who), content }, foreign: false });
    return 1;
  }

  remove(who: number, frame: number): number {
    const found = this.frames[who]?.get(frame);
    if (found === undefined || this.#isFree(found.page)) return -2;
    this.#put(who, frame, undefined);
    return 0;
  }

  addInfo(who: number, frame: number): number {
    const page = this.info[who] as ModelPage;
    for (const { page: shown, foreign } of this.frames[who]?.values() ?? []) if (shown === page && !foreign) return -16;
    this.#put(who, frame, { page, foreign: false });
    return 0;
  }

  mapForeign(who: number, of: number, index: number, frame: number): number {
    if (who !== 0) return -1;
    const found = this.frames[of]?.get(index);
    if (found === undefined || found.foreign || this.#isFree(found.page)) return -22;
    this.#put(who, frame, { page: found.page, foreign: true });
    return 0;
  }

  write(who: number, frame: number, value: number): void {
    const found = this.frames[who]?.get(frame);
    if (found) found.page.content = value;
  }

  see(who: number, frame: number): number | 'hole' {
    return this.frames[who]?.get(frame)?.page.content ?? 'hole';
  }
}

const command = fc.record({
  kind: fc.constantFrom('decrease', 'populate', 'remove', 'info', 'foreign', 'write', 'decreaseAll'),
  who: fc.nat(WHO - 1),
  frame: fc.constantFrom(...FRAMES),
  index: fc.constantFrom(...FRAMES),
  value: fc.integer({ min: 1, max: 255 }),
});
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** Does one command in both, and compares what it gave. */
function perform(model: Model, parties: readonly Party[], { kind, who, frame, index, value }: Command): void {
  const party = parties[who] as Party;
  const of = 1 - who;
  if (kind === 'decrease') expect(party.decrease(frame)).toBe(model.decrease(who, frame));
  else if (kind === 'populate') {
    const done = party.populate(frame);
    const content = party.see(frame);
    expect(done).toBe(model.populate(who, frame, content === 'hole' ? 0 : content));
  } else if (kind === 'remove') expect(party.remove(frame)).toBe(model.remove(who, frame));
  else if (kind === 'info') expect(party.add(XENMAPSPACE.sharedInfo, 0, frame)).toBe(model.addInfo(who, frame));
  else if (kind === 'foreign') {
    const u = { foreignDomid: parties[of]?.id };
    const [, [error]] = party.batch(XENMAPSPACE.gmfnForeign, [[index, frame]], { u });
    expect(error).toBe(model.mapForeign(who, of, index, frame));
  } else if (kind === 'write') {
    if (model.see(who, frame) !== 'hole') party.mark(frame, value);
    model.write(who, frame, value);
  } else {
    const done = FRAMES.slice(0, 4).findIndex((f) => model.decrease(who, f) === 0);
    expect(party.decrease(...FRAMES.slice(0, 4))).toBe(done < 0 ? 4 : done);
  }
}

function compare(model: Model, parties: readonly Party[]): void {
  parties.forEach((party, who) => {
    expect(FRAMES.map((frame) => party.see(frame))).toEqual(FRAMES.map((frame) => model.see(who, frame)));
    expect(party.current()).toBe(model.total[who]);
    expect(party.highest()).toBe(model.highest[who]);
  });
}

const world = () => rigOf([{ privileged: true, directMapped: false }, {}]);

describe('any sequence of changes by two domains', () => {
  it('keeps pages, counts and content as a list of pages would', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const parties = world();
        const model = new Model();
        for (const one of commands) perform(model, parties, one);
        compare(model, parties);
      }),
      { numRuns: 60 },
    );
  });

  it('goes on as it would have, saved and restored into a new machine at any step', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), fc.nat(30), (commands, at) => {
        let parties = world();
        const model = new Model();
        commands.forEach((one, i) => {
          perform(model, parties, one);
          if (i % 7 !== at % 7) return;
          const saved = JSON.parse(JSON.stringify(parties[0]?.machine.save()));
          parties = world();
          parties[0]?.machine.restore(saved);
          expect(parties[0]?.machine.save()).toEqual(saved);
          compare(model, parties);
        });
        compare(model, parties);
      }),
      { numRuns: 40 },
    );
  });

  it('comes back to an earlier state in the same machine', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 25 }), fc.array(command, { maxLength: 25 }), (before, after) => {
        const parties = world();
        const model = new Model();
        for (const one of before) perform(model, parties, one);
        const { machine } = parties[0] as Party;
        const saved = machine.save();
        for (const { who, frame, value, kind } of after) {
          const party = parties[who] as Party;
          if (kind === 'decrease') party.decrease(frame);
          else if (kind === 'populate') party.populate(frame);
          else if (kind === 'write' && party.see(frame) !== 'hole') party.mark(frame, value);
          else party.add(XENMAPSPACE.sharedInfo, 0, frame, DOMID_SELF);
        }
        machine.restore(saved);
        compare(model, parties);
      }),
      { numRuns: 40 },
    );
  });
});
