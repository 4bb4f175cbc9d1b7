import { CompositionError, type Pe, RestoreError } from '@trapline/core';
import {
  ANY_PE,
  createGic,
  DEFAULT_PRIORITY,
  LOWEST_PRIORITY,
  MAX_INTID,
  SGI_COUNT,
  SPI_BASE,
  SPURIOUS_INTID,
} from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPes } from './models-fakes.js';

const [pe0, pe1, stranger] = createPes(3) as [Pe, Pe, Pe];

function enabled(...intids: number[]) {
  const gic = createGic({ pes: 2 });
  for (const intid of intids) for (const pe of [pe0, pe1]) gic.setEnabled(pe, intid, true);
  return gic;
}

describe('the interrupt controller', () => {
  it('signals an interrupt only while it is enabled and pending', () => {
    const gic = createGic({ pes: 2 });
    gic.setLevel(pe0, 27, true);
    expect(gic.pending(pe0)).toBe(false);
    gic.setEnabled(pe0, 27, true);
    expect([gic.pending(pe0), gic.pending(pe1)]).toEqual([true, false]);
    gic.setEnabled(pe0, 27, false);
    expect(gic.pending(pe0)).toBe(false);
  });

  it('has an interrupt in flight from its edge to the end of its handling, enabled or not', () => {
    const gic = createGic({ pes: 2 });
    expect(gic.inFlight(pe0, 31)).toBe(false);
    gic.pulse(pe0, 31);
    expect([gic.inFlight(pe0, 31), gic.inFlight(pe1, 31), gic.pending(pe0)]).toEqual([true, false, false]);
    gic.setEnabled(pe0, 31, true);
    expect(gic.acknowledge(pe0)).toBe(31);
    expect(gic.inFlight(pe0, 31)).toBe(true);
    gic.endOfInterrupt(pe0, 31);
    expect(gic.inFlight(pe0, 31)).toBe(false);
    expect(gic.inFlight(stranger, 31)).toBe(false);
  });

  it('keeps a level pending as long as it is asserted, through acknowledge and end', () => {
    const gic = enabled(27);
    gic.setLevel(pe0, 27, true);
    expect(gic.acknowledge(pe0)).toBe(27);
    expect(gic.inspect(pe0, 27)).toMatchObject({ pending: true, active: true });
    expect(gic.pending(pe0)).toBe(false);
    gic.endOfInterrupt(pe0, 27);
    expect(gic.pending(pe0)).toBe(true);
    gic.setLevel(pe0, 27, false);
    expect(gic.pending(pe0)).toBe(false);
    expect(gic.acknowledge(pe0)).toBe(SPURIOUS_INTID);
  });

  it('takes an edge once, whether or not the line stays up', () => {
    const gic = enabled(40);
    gic.configure(pe0, 40, 'edge');
    gic.setLevel(pe0, 40, true);
    expect(gic.acknowledge(pe0)).toBe(40);
    gic.setLevel(pe0, 40, true);
    gic.endOfInterrupt(pe0, 40);
    expect(gic.pending(pe0)).toBe(false);
    gic.setLevel(pe0, 40, false);
    gic.setLevel(pe0, 40, true);
    gic.setLevel(pe0, 40, false);
    expect(gic.acknowledge(pe0)).toBe(40);
  });

  it('makes an interrupt pending again that comes while it is handled', () => {
    const gic = enabled(3);
    gic.pulse(pe0, 3);
    gic.pulse(pe0, 3);
    expect(gic.acknowledge(pe0)).toBe(3);
    gic.pulse(pe0, 3);
    expect(gic.pending(pe0)).toBe(false);
    gic.endOfInterrupt(pe0, 3);
    expect(gic.acknowledge(pe0)).toBe(3);
  });

  it('keeps private interrupts apart, and sends shared ones where they are routed', () => {
    const gic = enabled(5, 50);
    gic.pulse(pe1, 5);
    expect([gic.pending(pe0), gic.pending(pe1)]).toEqual([false, true]);
    expect(gic.acknowledge(pe1)).toBe(5);
    gic.endOfInterrupt(pe1, 5);
    gic.pulse(pe1, 50);
    expect([gic.pending(pe0), gic.pending(pe1)]).toEqual([true, false]);
    gic.route(50, 1);
    expect([gic.pending(pe0), gic.pending(pe1)]).toEqual([false, true]);
    gic.route(50, ANY_PE);
    expect([gic.pending(pe0), gic.pending(pe1)]).toEqual([true, true]);
    expect(gic.acknowledge(pe1)).toBe(50);
    expect([gic.pending(pe0), gic.acknowledge(pe0)]).toEqual([false, SPURIOUS_INTID]);
    expect(gic.inspect(pe0, 50)?.target).toBe(ANY_PE);
  });

  it('is not concerned with what the PE masks, but with the priority mask', () => {
    const gic = enabled(27);
    gic.setLevel(pe0, 27, true);
    gic.setPriorityMask(pe0, DEFAULT_PRIORITY);
    expect(gic.pending(pe0)).toBe(false);
    gic.setPriorityMask(pe0, DEFAULT_PRIORITY + 1);
    expect(gic.pending(pe0)).toBe(true);
    gic.setPriority(pe0, 27, LOWEST_PRIORITY);
    gic.setPriorityMask(pe0, LOWEST_PRIORITY);
    expect(gic.pending(pe0)).toBe(false);
  });

  it('preempts only by a higher priority, and goes back in order', () => {
    const gic = enabled(1, 2, 3);
    gic.setPriority(pe0, 1, 0x80);
    gic.setPriority(pe0, 2, 0x80);
    gic.setPriority(pe0, 3, 0x20);
    gic.pulse(pe0, 1);
    expect(gic.acknowledge(pe0)).toBe(1);
    gic.pulse(pe0, 2);
    expect(gic.pending(pe0)).toBe(false);
    gic.pulse(pe0, 3);
    expect(gic.acknowledge(pe0)).toBe(3);
    expect(gic.endOfInterrupt(pe0, 3)).toBe(true);
    expect(gic.pending(pe0)).toBe(false);
    expect(gic.endOfInterrupt(pe0, 1)).toBe(true);
    expect(gic.acknowledge(pe0)).toBe(2);
  });

  it('ignores an end for what is not active', () => {
    const gic = enabled(1);
    expect([gic.endOfInterrupt(pe0, 1), gic.endOfInterrupt(pe0, SPURIOUS_INTID)]).toEqual([false, false]);
    gic.setActive(pe0, 1, true);
    gic.pulse(pe0, 1);
    expect(gic.pending(pe0)).toBe(false);
    expect(gic.endOfInterrupt(pe0, 1)).toBe(true);
    expect(gic.acknowledge(pe0)).toBe(1);
  });

  it('gives up a pending latch that software clears, but not a level', () => {
    const gic = enabled(2, 27);
    gic.pulse(pe0, 2);
    gic.setPending(pe0, 2, false);
    gic.setLevel(pe0, 27, true);
    gic.setPending(pe0, 27, false);
    expect(gic.acknowledge(pe0)).toBe(27);
    gic.configure(pe0, 2, 'level');
    expect(gic.inspect(pe0, 2)?.trigger).toBe('edge');
  });

  it('ignores PEs and INTIDs that do not exist', () => {
    const gic = createGic({ pes: 2, spis: 8 });
    let told = 0;
    gic.onChange(() => told++);
    for (const intid of [-1, 40, MAX_INTID, SPURIOUS_INTID, 8192, 1.5, Number.NaN]) {
      gic.setLevel(pe0, intid, true);
      gic.pulse(pe0, intid);
      gic.setEnabled(pe0, intid, true);
      gic.setPriority(pe0, intid, 0);
      gic.route(intid, 1);
      expect(gic.inspect(pe0, intid)).toBeUndefined();
    }
    gic.pulse(stranger, 1);
    gic.setPriorityMask(stranger, 0);
    gic.route(33, 2);
    expect([gic.pending(stranger), gic.acknowledge(stranger), told]).toEqual([false, SPURIOUS_INTID, 0]);
  });

  it('is made only within its limits', () => {
    for (const options of [
      { pes: 0 },
      { pes: 65_537 },
      { pes: 1, spis: MAX_INTID - SPI_BASE + 1 },
      { pes: 1, spis: -1 },
    ]) {
      expect(() => createGic(options)).toThrow(CompositionError);
    }
    expect(createGic({ pes: 1 }).end).toBe(MAX_INTID);
  });

  it('tells of every change that may wake a PE', () => {
    const gic = createGic({ pes: 2 });
    const told: string[] = [];
    gic.onChange((pe, intid) => told.push(`${pe}:${intid}`));
    gic.setEnabled(pe1, 7, true);
    gic.pulse(pe1, 7);
    gic.pulse(pe1, 7);
    gic.route(60, 1);
    gic.setLevel(pe0, 60, true);
    gic.setLevel(pe0, 60, true);
    gic.setPriority(pe0, 60, 1);
    gic.setPriorityMask(pe1, 9);
    gic.reset();
    expect(told).toEqual(['1:7', '1:7', '1:60', '1:60', '1:60', `1:${SPURIOUS_INTID}`, `${ANY_PE}:${SPURIOUS_INTID}`]);
  });
});

const PRIVATE = [0, 15, 27, 31];
const SHARED = [32, 63, 64, 95, 1019];
const operation = fc.record({
  verb: fc.constantFrom('level', 'pulse', 'enable', 'clear', 'active', 'trigger', 'priority', 'route', 'take', 'end'),
  pe: fc.integer({ min: 0, max: 1 }),
  intid: fc.constantFrom(...PRIVATE, ...SHARED),
  on: fc.boolean(),
  number: fc.constantFrom(0, 1, 0x7f, 0x80, 0xfe, 0xff),
});

/** One interrupt of the reference: plain fields, and rules as sentences of IHI 0069. */
interface Reference {
  enabled: boolean;
  latched: boolean;
  asserted: boolean;
  active: boolean;
  edge: boolean;
  priority: number;
  target: number;
}

function run(operations: readonly (typeof operation extends fc.Arbitrary<infer T> ? T : never)[]) {
  const gic = createGic({ pes: 2 });
  const pes = [pe0, pe1] as const;
  const table = new Map<string, Reference>();
  const running: number[][] = [[], []];
  const of = (pe: number, intid: number): Reference => {
    const key = intid < SPI_BASE ? `${pe}/${intid}` : `${intid}`;
    const edge = intid < SGI_COUNT;
    const fresh = { enabled: false, latched: false, asserted: false, active: false, edge, priority: 0xa0 };
    const found = table.get(key) ?? { ...fresh, target: intid < SPI_BASE ? pe : 0 };
    table.set(key, found);
    return found;
  };
  const best = (pe: number): number => {
    let result: number = SPURIOUS_INTID;
    let least = Math.min(0xff, ...(running[pe] as number[]));
    for (const intid of [...PRIVATE, ...SHARED]) {
      const one = of(pe, intid);
      const pending = one.latched || (one.asserted && !one.edge);
      const mine = one.target === pe || one.target === ANY_PE;
      if (one.enabled && pending && !one.active && mine && one.priority < least) {
        result = intid;
        least = one.priority;
      }
    }
    return result;
  };
  for (const { verb, pe: index, intid, on, number } of operations) {
    const pe = pes[index] as Pe;
    const one = of(index, intid);
    if (verb === 'level') {
      if (one.edge && on && !one.asserted) one.latched = true;
      one.asserted = on;
      gic.setLevel(pe, intid, on);
    } else if (verb === 'pulse') {
      one.latched = true;
      gic.pulse(pe, intid);
    } else if (verb === 'enable') {
      one.enabled = on;
      gic.setEnabled(pe, intid, on);
    } else if (verb === 'clear') {
      one.latched = false;
      gic.setPending(pe, intid, false);
    } else if (verb === 'active') {
      one.active = on;
      gic.setActive(pe, intid, on);
    } else if (verb === 'trigger') {
      if (intid >= SGI_COUNT) one.edge = on;
      gic.configure(pe, intid, on ? 'edge' : 'level');
    } else if (verb === 'priority') {
      one.priority = number;
      gic.setPriority(pe, intid, number);
    } else if (verb === 'route') {
      const target = number > 1 ? ANY_PE : number;
      if (intid >= SPI_BASE) one.target = target;
      gic.route(intid, target);
    } else if (verb === 'take') {
      const expected = best(index);
      expect(gic.acknowledge(pe)).toBe(expected);
      if (expected !== SPURIOUS_INTID) {
        const taken = of(index, expected);
        taken.active = true;
        taken.latched = false;
        (running[index] as number[]).push(taken.priority);
      }
    } else {
      expect(gic.endOfInterrupt(pe, intid)).toBe(one.active);
      if (one.active) {
        one.active = false;
        const stack = running[index] as number[];
        const least = Math.min(...stack);
        running[index] = stack.filter((priority) => priority !== least);
      }
    }
    for (const i of [0, 1]) {
      expect(gic.highestPending(pes[i] as Pe)).toBe(best(i));
      expect(gic.pending(pes[i] as Pe)).toBe(best(i) !== SPURIOUS_INTID);
    }
  }
  return gic;
}

describe('under any sequence of operations, the interrupt controller', () => {
  it('agrees with a plain table of interrupts', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 50 }), (operations) => void run(operations)),
      {
        numRuns: 150,
      },
    );
  });

  it('survives save and restore as plain data', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 50 }), (operations) => {
        const gic = run(operations);
        const saved = JSON.parse(JSON.stringify(gic.save()));
        const other = createGic({ pes: 2 });
        other.pulse(pe0, 9);
        other.restore(saved);
        expect(other.save()).toEqual(saved);
        for (const pe of [pe0, pe1]) {
          for (;;) {
            const next = gic.acknowledge(pe);
            expect(other.acknowledge(pe)).toBe(next);
            if (next === SPURIOUS_INTID) break;
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is again as made after a reset', () => {
    const fresh = createGic({ pes: 2 }).save();
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const gic = run(operations);
        gic.setPriorityMask(pe1, 3);
        gic.reset();
        expect(gic.save()).toEqual(fresh);
        expect(gic.pending(pe0)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });
});

describe('saved interrupts', () => {
  it('are taken back without telling anybody', () => {
    const gic = enabled(4);
    gic.pulse(pe0, 4);
    const saved = gic.save();
    gic.reset();
    let told = 0;
    gic.onChange(() => told++);
    gic.restore(saved);
    expect([told, gic.pending(pe0)]).toEqual([0, true]);
  });

  it('are refused, without a change, where they are damaged', () => {
    const gic = createGic({ pes: 2, spis: 40 });
    gic.setEnabled(pe0, 3, true);
    const good = JSON.parse(JSON.stringify(gic.save()));
    gic.pulse(pe0, 3);
    for (const wrong of [
      { ...good, format: 'trapline.gic/9' },
      { ...good, pes: 1 },
      { ...good, spis: 41 },
      { ...good, masks: [255, 1] },
      { ...good, masks: [255, 2_000_000_000] },
      { ...good, masks: [256, 2] },
      { ...good, active: [0, 8, 1] },
      { ...good, flags: [32, 104] },
      { ...good, flags: 'x' },
      { ...good, targets: [2, 40] },
      { ...good, targets: [-2, 40] },
    ]) {
      expect(() => gic.restore(wrong)).toThrow(RestoreError);
    }
    expect(gic.acknowledge(pe0)).toBe(3);
  });
});
