import type { SharedWords } from '@trapline/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HeldPage } from '../../src/vcpu/held-page.js';
import { bindIpi, connect, expandArray, initControl, quiet } from './client.js';
import { InterleavedWords, Interleaving } from './interleaved-words.js';
import { RAM, rigOf, type Side } from './rig.js';

const UPCALL = 0;
const SELECTOR = 2;
const PENDING = 12;
const MASK = 140;
const INTERRUPT = 31;
const CONTROL: number = RAM + 0xc000;
const ARRAY: number = RAM + 0xd000;
const PORTS = 3;

/** How often a guest looks for an interrupt before it stops. */
const LOOKS = 6;

/** Takes the upcall's interrupt, if it is there. */
function takesInterrupt(side: Side): boolean {
  const vcpu = side.vcpu(0);
  if (side.gic.acknowledge(vcpu) !== INTERRUPT) return false;
  side.gic.endOfInterrupt(vcpu, INTERRUPT);
  return true;
}

/** A guest's upcall handler for the 2-level ABI, in its indivisible steps. */
function* handle2Level(side: Side, words: SharedWords, seen: number[], looks: number): Generator<void> {
  for (let i = 0; i < looks; i++) {
    yield;
    if (!takesInterrupt(side)) continue;
    words.and(UPCALL, ~0xff);
    yield;
    const selected = words.and(SELECTOR, 0);
    yield;
    if ((selected & 1) === 0) continue;
    const mask = words.load(MASK);
    yield;
    const due = words.load(PENDING) & ~mask;
    yield;
    for (let port = 1; port <= PORTS; port++) {
      if ((due & (1 << port)) === 0) continue;
      words.and(PENDING, ~(1 << port));
      seen[port] = (seen[port] ?? 0) + 1;
      yield;
    }
  }
}

/** A guest that masks a port and unmasks it again by hand, as Linux does: what came meanwhile it makes due itself. */
function* maskAndUnmask(side: Side, words: SharedWords, port: number): Generator<void> {
  words.or(MASK, 1 << port);
  yield;
  side.domain.events.unmask(port);
  yield;
}

function* both(one: Generator<void>, other: Generator<void>, order: readonly boolean[]): Generator<void> {
  for (let i = 0; ; i++) {
    const [first, second] = (order[i % Math.max(1, order.length)] ?? true) ? [one, other] : [other, one];
    if (first.next().done && second.next().done) return;
    yield;
  }
}

const schedule = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 24 });
const sends = fc.array(fc.integer({ min: 1, max: PORTS }), { minLength: 1, maxLength: 8 });

describe('a send to an unmasked bound port is always seen', () => {
  test('in the 2-level ABI, wherever the guest gets ahead in the middle of it', () => {
    fc.assert(
      fc.property(
        schedule,
        sends,
        fc.array(fc.boolean()),
        fc.integer({ min: 1, max: PORTS }),
        (steps, list, order, port) => {
          const side = rigOf([{}]).sides[0] as Side;
          for (let i = 0; i < PORTS; i++) bindIpi(side);
          const interleaving = new Interleaving(steps);
          const plain = side.shared;
          side.domain.memory.sharedInfo.adopt(new InterleavedWords(plain, interleaving.point));
          const seen: number[] = [];
          for (const one of list) {
            interleaving.program ??= both(
              handle2Level(side, plain, seen, LOOKS),
              maskAndUnmask(side, plain, port),
              order,
            );
            expect(side.domain.events.send(one)).toBe(0);
          }
          interleaving.finish();
          interleaving.program = handle2Level(side, plain, seen, LOOKS);
          interleaving.finish();
          // Only the handler takes a pending bit away: what was sent last has been seen after it was sent.
          expect(plain.load(PENDING)).toBe(0);
          for (const one of list) expect(seen[one]).toBeGreaterThan(0);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('in the FIFO ABI, wherever the guest gets ahead in the middle of it', () => {
    fc.assert(
      fc.property(
        schedule,
        sends,
        fc.array(fc.boolean()),
        fc.integer({ min: 1, max: PORTS }),
        (steps, list, order, port) => {
          const { side, plain, array, interleaving } = fifoWorld(steps);
          const seen: number[] = [];
          const queue = { head: 0 };
          const handler = (): Generator<void> => handleFifo(side, plain, array, queue, seen, LOOKS);
          for (const one of list) {
            interleaving.program ??= both(handler(), maskInArray(side, array, port), order);
            expect(side.domain.events.send(one)).toBe(0);
          }
          interleaving.finish();
          interleaving.program = handler();
          interleaving.finish();
          for (const one of list) {
            expect(array.load(one) & EVENT_PENDING).toBe(0);
            expect(seen[one]).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

/** A domain with the FIFO ABI whose words somebody changes between the service's operations. */
function fifoWorld(steps: readonly number[]): {
  side: Side;
  plain: SharedWords;
  array: SharedWords;
  interleaving: Interleaving;
} {
  const side = rigOf([{}]).sides[0] as Side;
  initControl(side, CONTROL);
  expandArray(side, ARRAY);
  for (let i = 0; i < PORTS; i++) bindIpi(side);
  const { fifo } = side.domain.events;
  const interleaving = new Interleaving(steps);
  const control = fifo?.controls[0]?.page.words as SharedWords;
  const array = fifo?.array.pages[0]?.words as SharedWords;
  const over = (words: SharedWords): HeldPage =>
    ({ words: new InterleavedWords(words, interleaving.point), release: () => {} }) as unknown as HeldPage;
  if (fifo === undefined) throw new Error('no FIFO');
  fifo.controls[0] = { page: over(control), offset: 0 };
  fifo.array.pages[0] = over(array);
  return { side, plain: control, array, interleaving };
}

const [EVENT_PENDING, EVENT_MASKED, EVENT_LINKED, LINK] = [1 << 31, 1 << 30, 1 << 29, 0x1_ffff];

/** A guest's upcall handler for the FIFO ABI: the consumer that the ABI's document describes. */
function* handleFifo(
  side: Side,
  control: SharedWords,
  array: SharedWords,
  queue: { head: number },
  seen: number[],
  looks: number,
): Generator<void> {
  for (let i = 0; i < looks; i++) {
    yield;
    if (!takesInterrupt(side)) continue;
    side.shared.and(UPCALL, ~0xff);
    yield;
    let ready = control.and(0, 0);
    yield;
    while (ready !== 0) {
      if (queue.head === 0) queue.head = control.load(2 + 7);
      yield;
      const port = queue.head;
      for (let word = array.load(port); ; ) {
        yield;
        const found = array.compareExchange(port, word, word & ~(EVENT_LINKED | LINK));
        if (found === word) {
          queue.head = word & LINK;
          break;
        }
        word = found;
      }
      yield;
      const word = array.load(port);
      if ((word & EVENT_PENDING) !== 0 && (word & EVENT_MASKED) === 0) {
        array.and(port, ~EVENT_PENDING);
        seen[port] = (seen[port] ?? 0) + 1;
      }
      yield;
      if (queue.head === 0) ready = control.and(0, 0);
      yield;
    }
  }
}

function* maskInArray(side: Side, array: SharedWords, port: number): Generator<void> {
  array.or(port, EVENT_MASKED);
  yield;
  side.domain.events.unmask(port);
  yield;
}

describe('a guest that breaks the protocol', () => {
  const write = fc.tuple(fc.integer({ min: 0, max: 1023 }), fc.integer());

  test('loses its own events at most: every send ends, and other domains see nothing of it', () => {
    fc.assert(
      fc.property(fc.array(write, { minLength: 1, maxLength: 64 }), fc.boolean(), (writes, withFifo) => {
        const [from, to] = rigOf([{}, {}]).sides as [Side, Side];
        if (withFifo) {
          initControl(to, CONTROL);
          expandArray(to, ARRAY);
        }
        const ports = [connect(from, to), connect(from, to), connect(from, to)];
        quiet(from);
        let at = 0;
        const plain = to.shared;
        const pages = to.domain.events.fifo?.array.pages ?? [];
        const scribble = (words: SharedWords): InterleavedWords =>
          new InterleavedWords(words, () => {
            const [index, value] = writes[at++ % writes.length] as [number, number];
            words.store(index, value);
          });
        to.domain.memory.sharedInfo.adopt(scribble(plain));
        for (let i = 0; i < pages.length; i++) {
          pages[i] = { words: scribble((pages[i] as HeldPage).words), release: () => {} } as unknown as HeldPage;
        }
        for (let i = 0; i < 30; i++) {
          const [ours, theirs] = ports[i % 3] as [number, number];
          expect(from.domain.events.send(ours)).toBe(0);
          to.domain.events.unmask(theirs);
          if (i % 7 === 6) to.domain.events.close(theirs);
        }
        expect(from.shared.load(UPCALL)).toBe(0);
        expect(at).toBeLessThan(30 * 40);
        to.domain.memory.sharedInfo.release();
        to.domain.events.reset();
        expect(to.domain.events.active).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
