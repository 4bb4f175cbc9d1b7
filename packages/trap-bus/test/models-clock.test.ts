import { CompositionError, type Pe, RestoreError } from '@trapline/core';
import { AlarmLimitError, createVirtualClock, DEFAULT_FREQUENCY, MAX_ALARMS, MAX_FIRINGS } from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPes } from './models-fakes.js';

const [pe0, pe1] = createPes(2) as [Pe, Pe];

describe('a virtual clock', () => {
  it('moves only when it is told to', () => {
    const clock = createVirtualClock({ start: 5n, wall: 1_000n });
    expect([clock.now(), clock.wall()]).toEqual([5n, 1_000n]);
    clock.advance(10n);
    expect([clock.now(), clock.wall()]).toEqual([15n, 1_010n]);
    expect(() => clock.advance(-1n)).toThrow(RangeError);
  });

  it('counts ticks of its frequency', () => {
    const clock = createVirtualClock();
    expect(clock.frequency).toBe(DEFAULT_FREQUENCY);
    clock.advance(1_000_000_000n);
    expect(clock.counter()).toBe(62_500_000n);
    clock.advance(15n);
    expect(clock.counter()).toBe(62_500_000n);
    clock.advance(1n);
    expect(clock.counter()).toBe(62_500_001n);
  });

  it('knows the earliest time of every counter value', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffff_ffff }), fc.bigInt(0n, 2n ** 70n), (frequency, ticks) => {
        const clock = createVirtualClock({ frequency });
        const time = clock.timeOf(ticks);
        clock.advance(time);
        expect(clock.counter() >= ticks).toBe(true);
        if (time > 0n) {
          const earlier = createVirtualClock({ frequency });
          earlier.advance(time - 1n);
          expect(earlier.counter() < ticks).toBe(true);
        }
      }),
    );
  });

  it('refuses a frequency that CNTFRQ_EL0 cannot hold', () => {
    for (const frequency of [0, -1, 1.5, Number.NaN, 2 ** 32]) {
      expect(() => createVirtualClock({ frequency })).toThrow(CompositionError);
    }
  });

  it('has a wall clock that can be set, and time stolen from each PE', () => {
    const clock = createVirtualClock();
    clock.advance(100n);
    clock.setWall(-7n);
    clock.advance(10n);
    expect(clock.wall()).toBe(3n);
    clock.steal(pe1, 4n);
    clock.steal(pe1, 5n);
    expect([clock.stolen(pe0), clock.stolen(pe1)]).toEqual([0n, 9n]);
  });
});

describe('alarms', () => {
  it('fire once each, in order of time, and in the order set where times are equal', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ set: fc.integer({ min: 0, max: 30 }) }),
        fc.record({ cancel: fc.nat(20) }),
        fc.record({ advance: fc.nat(8) }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const clock = createVirtualClock();
        const fired: string[] = [];
        const cancels: (() => void)[] = [];
        // The reference: a plain list, searched for the least each time.
        const waiting: { time: number; number: number }[] = [];
        const expected: string[] = [];
        for (const step of list) {
          if ('set' in step) {
            const number = cancels.length;
            const time = step.set;
            cancels.push(clock.at(BigInt(time), () => fired.push(`${number}@${clock.now()}`)));
            waiting.push({ time, number });
          } else if ('cancel' in step) {
            cancels[step.cancel]?.();
            const place = waiting.findIndex(({ number }) => number === step.cancel);
            if (place >= 0) waiting.splice(place, 1);
          } else {
            const start = Number(clock.now());
            const end = start + step.advance;
            clock.advance(BigInt(step.advance));
            const due = waiting.filter(({ time }) => time <= end);
            due.sort((a, b) => a.time - b.time || a.number - b.number);
            for (const { time, number } of due) {
              expected.push(`${number}@${Math.max(time, start)}`);
              waiting.splice(
                waiting.findIndex((one) => one.number === number),
                1,
              );
            }
          }
          const least = Math.min(...waiting.map(({ time }) => time));
          expect(clock.next).toBe(waiting.length === 0 ? undefined : BigInt(least));
        }
        expect(fired).toEqual(expected);
      }),
    );
  });

  it('that an alarm sets count within the same advance', () => {
    const clock = createVirtualClock();
    const times: bigint[] = [];
    const again = (): void => {
      times.push(clock.now());
      clock.at(clock.now() + 3n, again);
    };
    clock.at(1n, again);
    clock.advance(8n);
    expect(times).toEqual([1n, 4n, 7n]);
    expect(clock.now()).toBe(8n);
  });

  it('may move time on themselves', () => {
    const clock = createVirtualClock();
    const times: bigint[] = [];
    clock.at(2n, () => clock.advance(10n));
    clock.at(5n, () => times.push(clock.now()));
    clock.advance(4n);
    expect(times).toEqual([5n]);
    expect(clock.now()).toBe(12n);
  });

  it('are reached one time after the other by advanceToNext', () => {
    const clock = createVirtualClock({ start: 10n });
    const fired: string[] = [];
    clock.at(20n, () => fired.push('a'));
    clock.at(20n, () => fired.push('b'));
    clock.at(3n, () => fired.push('late'));
    expect(clock.advanceToNext()).toBe(true);
    expect([clock.now(), fired]).toEqual([10n, ['late']]);
    expect(clock.advanceToNext()).toBe(true);
    expect([clock.now(), fired]).toEqual([20n, ['late', 'a', 'b']]);
    expect(clock.advanceToNext()).toBe(false);
  });

  it('are limited in number', () => {
    const clock = createVirtualClock();
    for (let i = 0; i < MAX_ALARMS; i++) clock.at(1n, () => {});
    expect(() => clock.at(1n, () => {})).toThrow(AlarmLimitError);
    clock.reset();
    expect(clock.next).toBeUndefined();
  });

  it('that set themselves again for now do not hang the clock', () => {
    const clock = createVirtualClock();
    let count = 0;
    const again = (): void => {
      count++;
      clock.at(1n, again);
    };
    clock.at(1n, again);
    expect(() => clock.advance(5n)).toThrow(AlarmLimitError);
    expect(count).toBe(MAX_FIRINGS);
    expect(clock.now()).toBe(1n);
  });
});

describe('a saved clock', () => {
  it('is plain data, and forgets alarms', () => {
    const clock = createVirtualClock({ frequency: 1000, wall: 77n });
    clock.advance(1_234_567_890_123_456_789n);
    clock.steal(pe1, 42n);
    clock.setWall(-5n);
    const saved = JSON.parse(JSON.stringify(clock.save()));
    const other = createVirtualClock({ frequency: 1000 });
    let fired = false;
    const cancel = other.at(1n, () => {
      fired = true;
    });
    other.restore(saved);
    cancel();
    other.advance(1n);
    expect(fired).toBe(false);
    expect([other.now(), other.wall(), other.stolen(pe1), other.stolen(pe0)]).toEqual([
      1_234_567_890_123_456_790n,
      -4n,
      42n,
      0n,
    ]);
  });

  it('is refused, without a change, where it is damaged', () => {
    const clock = createVirtualClock();
    clock.advance(9n);
    const good = JSON.parse(JSON.stringify(clock.save()));
    const wrong = [
      { ...good, format: 'trapline.gic/1' },
      { ...good, now: 9 },
      { ...good, now: '9' },
      { ...good, wall: undefined },
      { ...good, stolen: [{ pe: -1, time: '0x1' }] },
      { ...good, frequency: 1 },
    ];
    clock.advance(1n);
    for (const saved of wrong) expect(() => clock.restore(saved)).toThrow(RestoreError);
    expect(clock.now()).toBe(10n);
  });

  it('resets to its beginning', () => {
    const clock = createVirtualClock({ start: 3n, wall: 8n });
    clock.advance(5n);
    clock.setWall(0n);
    clock.steal(pe0, 1n);
    clock.reset();
    expect([clock.now(), clock.wall(), clock.stolen(pe0)]).toEqual([3n, 8n, 0n]);
  });
});
