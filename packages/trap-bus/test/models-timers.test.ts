import { type InterruptPort, type Pe, RestoreError } from '@trapline/core';
import {
  createGic,
  createTimers,
  createVirtualClock,
  type PeTimers,
  PPI_HYPERVISOR,
  PPI_PHYSICAL,
  PPI_VIRTUAL,
  TIMER_ENABLE,
  TIMER_MASK,
  TIMER_STATUS,
} from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPes } from './models-fakes.js';

const MILLISECOND = 1_000_000n;

/** Timers at 1 MHz whose lines are written down. */
function setUp() {
  const pes = createPes(2) as [Pe, Pe];
  const clock = createVirtualClock({ frequency: 1_000_000 });
  const lines: string[] = [];
  const interrupts: InterruptPort = {
    setLevel: (pe, intid, asserted) => lines.push(`${pe.index}:${intid}:${asserted ? 'high' : 'low'}@${clock.now()}`),
    pulse: () => {
      throw new Error('timers drive levels');
    },
    pending: () => false,
  };
  const timers = createTimers({ clock, interrupts, pes });
  return { clock, lines, timers, pes, of0: timers.of(pes[0]), of1: timers.of(pes[1]) };
}

describe('generic timers', () => {
  it.each<[keyof PeTimers, number]>([
    ['physical', PPI_PHYSICAL],
    ['virtual', PPI_VIRTUAL],
    ['hypervisor', PPI_HYPERVISOR],
  ])('raise the line of the %s timer, PPI %i, when the counter reaches CVAL', (name, ppi) => {
    const { clock, lines, of1 } = setUp();
    of1[name].compare = 1000n;
    of1[name].control = TIMER_ENABLE;
    clock.advance(MILLISECOND - 1n);
    expect([lines, of1[name].control]).toEqual([[], TIMER_ENABLE]);
    clock.advance(1n);
    expect([lines, of1[name].control]).toEqual([[`1:${ppi}:high@1000000`], TIMER_ENABLE | TIMER_STATUS]);
    of1[name].value = 10;
    expect(lines[1]).toBe(`1:${ppi}:low@1000000`);
    clock.advance(MILLISECOND);
    expect(lines[2]).toBe(`1:${ppi}:high@1010000`);
  });

  it('under a hypervisor that takes the interrupt are masked when they fire, and interrupt once', () => {
    const pes = createPes(1) as [Pe];
    const clock = createVirtualClock({ frequency: 1_000_000 });
    const pulses: string[] = [];
    const interrupts: InterruptPort = {
      setLevel: () => {
        throw new Error('a masked timer drives no level');
      },
      pulse: (pe, intid) => pulses.push(`${pe.index}:${intid}@${clock.now()}`),
      pending: () => false,
    };
    const { virtual } = createTimers({ clock, interrupts, pes, fires: 'masked' }).of(pes[0]);
    virtual.compare = 1000n;
    virtual.control = TIMER_ENABLE;
    clock.advance(10n * MILLISECOND);
    expect(pulses).toEqual([`0:${PPI_VIRTUAL}@1000000`]);
    expect(virtual.control).toBe(TIMER_ENABLE | TIMER_MASK | TIMER_STATUS);
    virtual.control = TIMER_ENABLE;
    expect(pulses).toHaveLength(2);
    virtual.value = 5;
    expect(virtual.control).toBe(TIMER_ENABLE | TIMER_MASK);
  });

  it('have a TVAL that is the signed distance to CVAL', () => {
    const { clock, of0 } = setUp();
    of0.physical.value = -5;
    expect(of0.physical.compare).toBe(2n ** 64n - 5n);
    of0.physical.compare = 100n;
    expect(of0.physical.value).toBe(100);
    clock.advance(MILLISECOND);
    expect(of0.physical.value).toBe(-900);
    of0.physical.compare = 2n ** 32n + 1000n;
    expect(of0.physical.value).toBe(0);
  });

  it('say in ISTATUS that the condition holds, also masked, but not while disabled', () => {
    const { clock, lines, of0 } = setUp();
    of0.virtual.compare = 5n;
    of0.virtual.control = TIMER_ENABLE | TIMER_MASK;
    clock.advance(MILLISECOND);
    expect([of0.virtual.control, lines]).toEqual([7, []]);
    of0.virtual.control = TIMER_ENABLE;
    expect(lines).toEqual(['0:27:high@1000000']);
    of0.virtual.control = TIMER_MASK;
    expect([of0.virtual.control, lines.length]).toEqual([TIMER_MASK, 2]);
    of0.virtual.control = 0xff;
    expect(of0.virtual.control).toBe(7);
  });

  it('compare the virtual count, which is the counter less CNTVOFF', () => {
    const { clock, lines, of0 } = setUp();
    clock.advance(10n * MILLISECOND);
    of0.virtual.offset = 10_000n;
    expect(of0.virtual.count).toBe(0n);
    of0.virtual.compare = 50n;
    of0.virtual.control = TIMER_ENABLE;
    expect(lines).toEqual([]);
    of0.virtual.offset = 9_960n;
    clock.advance(10_000n);
    expect(lines).toEqual(['0:27:high@10010000']);
    of0.virtual.offset = 10_011n;
    expect(of0.virtual.count).toBe(2n ** 64n - 1n);
    expect(lines).toHaveLength(1);
  });

  it('set no alarm that cannot matter', () => {
    const { clock, of0 } = setUp();
    of0.physical.compare = 5n;
    of0.physical.control = TIMER_ENABLE;
    of0.physical.compare = 7n;
    expect(clock.next).toBe(7000n);
    of0.physical.control = TIMER_ENABLE | TIMER_MASK;
    expect(clock.next).toBeUndefined();
    of0.physical.control = 0;
    of0.physical.compare = 0n;
    of0.physical.control = TIMER_ENABLE;
    expect(clock.next).toBeUndefined();
  });

  it('have the line high exactly while enabled, unmasked and due', () => {
    const operation = fc.oneof(
      fc.record({ control: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ compare: fc.bigInt(0n, 60n) }),
      fc.record({ value: fc.integer({ min: -20, max: 20 }) }),
      fc.record({ offset: fc.bigInt(0n, 10n) }),
      fc.record({ advance: fc.bigInt(0n, 12_000n) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const pes = createPes(1) as [Pe];
        const clock = createVirtualClock({ frequency: 1_000_000, start: MILLISECOND });
        const gic = createGic({ pes: 1, spis: 0 });
        const { virtual } = createTimers({ clock, interrupts: gic, pes }).of(pes[0]);
        for (const step of operations) {
          if ('advance' in step) clock.advance(step.advance);
          else Object.assign(virtual, step);
          const due = (virtual.control & 3) === TIMER_ENABLE && clock.counter() - virtual.offset >= virtual.compare;
          expect(gic.inspect(pes[0], PPI_VIRTUAL)?.asserted).toBe(due);
        }
      }),
    );
  });

  it('belong to the PEs of their guest', () => {
    const { timers } = setUp();
    expect(() => timers.of(createPes(3)[2] as Pe)).toThrow(RangeError);
  });

  it('survive save and restore with their alarms and lines', () => {
    const { clock, of0, of1, timers } = setUp();
    of0.physical.compare = 3000n;
    of0.physical.control = TIMER_ENABLE;
    of1.virtual.control = TIMER_ENABLE;
    of1.virtual.offset = 1n;
    of1.hypervisor.compare = 2n ** 64n - 1n;
    clock.advance(MILLISECOND);
    const [savedClock, savedTimers] = JSON.parse(JSON.stringify([clock.save(), timers.save()]));

    const other = setUp();
    other.clock.restore(savedClock);
    other.timers.restore(savedTimers);
    expect(other.lines).toContain('1:27:high@1000000');
    expect(other.of1.hypervisor.compare).toBe(2n ** 64n - 1n);
    other.clock.advance(2n * MILLISECOND);
    expect(other.lines).toContain('0:30:high@3000000');
    expect(other.timers.save()).toEqual(savedTimers);
  });

  it('refuse saved state that is not theirs', () => {
    const { timers } = setUp();
    const good = JSON.parse(JSON.stringify(timers.save()));
    for (const wrong of [
      { ...good, format: 'x' },
      { ...good, pes: [{ pe: 0, timers: good.pes[0].timers.slice(1) }] },
      { ...good, pes: [{ ...good.pes[0], pe: 2 }] },
      { ...good, pes: [{ pe: 0, timers: [{ control: 4, compare: '0x0', offset: '0x0' }] }] },
    ]) {
      expect(() => timers.restore(wrong)).toThrow(RestoreError);
    }
  });

  it('of a PE that has none in the saved state are off', () => {
    const { clock, of0, timers, lines } = setUp();
    const fresh = createTimers({
      clock,
      interrupts: { setLevel: () => {}, pulse: () => {}, pending: () => false },
      pes: createPes(2),
    });
    of0.physical.control = TIMER_ENABLE;
    timers.restore(JSON.parse(JSON.stringify(fresh.save())));
    expect([of0.physical.control, lines.at(-1)]).toEqual([0, expect.stringContaining('low')]);
  });

  it('are all off after a reset', () => {
    const { clock, lines, of0, timers } = setUp();
    of0.physical.control = TIMER_ENABLE;
    of0.virtual.compare = 9n;
    of0.virtual.control = TIMER_ENABLE;
    timers.reset();
    expect(of0.physical.control).toBe(0);
    expect(lines.filter((line) => line.startsWith('0:30'))).toEqual(['0:30:high@0', '0:30:low@0']);
    expect(clock.next).toBeUndefined();
  });
});
