import { CompositionError, RestoreError } from '@trapline/core';
import { createLog, createVirtualClock, MAX_LOG_CAPACITY, MAX_LOG_MESSAGE } from '@trapline/trap-bus';
import { describe, expect, it } from 'vitest';

const messages = (log: ReturnType<typeof createLog>): string[] => log.entries.map(({ message }) => message);

describe('a log', () => {
  it('keeps the last messages, in order, and counts those that went', () => {
    const log = createLog({ capacity: 3 });
    for (const word of ['a', 'b', 'c', 'd', 'e']) log.log('info', 'test', word);
    expect(messages(log)).toEqual(['c', 'd', 'e']);
    expect(log.overwritten).toBe(2);
    log.clear();
    expect([log.entries, log.overwritten]).toEqual([[], 0]);
  });

  it('lets a burst pass in each interval and severity, and says how many it dropped', () => {
    const clock = createVirtualClock();
    const log = createLog({ burst: 2, interval: 100n, clock });
    for (let i = 0; i < 5; i++) log.log('debug', 'noisy', `${i}`);
    log.log('error', 'quiet', 'still heard');
    expect(messages(log)).toEqual(['0', '1', 'still heard']);
    expect(log.limited).toEqual({ debug: 3, info: 0, warning: 0, error: 0 });
    clock.advance(99n);
    log.log('debug', 'noisy', 'too early');
    clock.advance(1n);
    log.log('debug', 'noisy', 'again');
    log.log('debug', 'noisy', 'and again');
    log.log('debug', 'noisy', 'too much');
    expect(log.entries.slice(3)).toEqual([
      { time: 100n, severity: 'debug', source: 'log', message: '4 messages (debug) were dropped' },
      { time: 100n, severity: 'debug', source: 'noisy', message: 'again' },
      { time: 100n, severity: 'debug', source: 'noisy', message: 'and again' },
    ]);
  });

  it('opens a new interval where time has gone back, as after a reset', () => {
    const clock = createVirtualClock();
    const log = createLog({ burst: 1, interval: 100n, clock });
    clock.advance(1000n);
    log.log('info', 's', 'late');
    clock.reset();
    log.log('info', 's', 'early');
    expect(messages(log)).toEqual(['late', 'early']);
  });

  it('does not limit the rate without a clock', () => {
    const log = createLog({ burst: 1 });
    log.log('info', 's', 'a');
    log.log('info', 's', 'b');
    expect(log.entries.map(({ time }) => time)).toEqual([0n, 0n]);
  });

  it('cuts long messages, and shows control characters instead of passing them on', () => {
    const log = createLog();
    log.log('info', 'x'.repeat(9999), `\u001b[2J${'é'.repeat(9999)}`);
    const [entry] = log.entries;
    expect(entry?.source).toHaveLength(MAX_LOG_MESSAGE / 4 + 1);
    expect(entry?.message.startsWith('\\x1b[2Jéé')).toBe(true);
    expect(entry?.message.endsWith('…')).toBe(true);
    expect(entry?.message.length).toBeLessThan(MAX_LOG_MESSAGE + 8);
    log.log('info', 's', 'a\nb\u0085\u2028');
    expect(messages(log)[1]).toBe('a\\x0ab\\x85\\x2028');
  });

  it('is a stream too', () => {
    const log = createLog();
    const seen: string[] = [];
    let done = false;
    log.entries$.subscribe({
      next: ({ message }) => void seen.push(message),
      complete: () => {
        done = true;
      },
    });
    log.log('info', 's', 'one');
    log.dispose();
    expect([seen, done]).toEqual([['one'], true]);
  });

  it('is made only within its limits', () => {
    for (const options of [{ capacity: 0 }, { capacity: MAX_LOG_CAPACITY + 1 }, { burst: 0 }, { interval: 0n }]) {
      expect(() => createLog(options)).toThrow(CompositionError);
    }
  });

  it('goes on from where it was saved', () => {
    const clock = createVirtualClock();
    const log = createLog({ capacity: 2, burst: 3, clock });
    for (const word of ['a', 'b', 'c', 'd']) log.log('warning', 's', word);
    const saved = JSON.parse(JSON.stringify(log.save()));
    const other = createLog({ capacity: 2, burst: 3, clock });
    other.restore(saved);
    expect([messages(other), other.overwritten, other.limited.warning]).toEqual([['b', 'c'], 1, 1]);
    expect(other.save()).toEqual(saved);
    other.log('warning', 's', 'e');
    expect(other.limited.warning).toBe(2);
    clock.advance(10n ** 9n);
    other.log('warning', 's', 'f');
    expect(messages(other)).toEqual(['2 messages (warning) were dropped', 'f']);
  });

  it('refuses saved state that is not its own', () => {
    const log = createLog({ capacity: 1 });
    log.log('info', 's', 'kept');
    const good = JSON.parse(JSON.stringify(log.save()));
    const [entry] = good.entries;
    for (const wrong of [
      { ...good, format: 'x' },
      { ...good, entries: [entry, entry] },
      { ...good, entries: [{ ...entry, severity: 'fatal' }] },
      { ...good, windows: good.windows.slice(1) },
      { ...good, lost: -1 },
    ]) {
      expect(() => log.restore(wrong)).toThrow(RestoreError);
    }
    expect(messages(log)).toEqual(['kept']);
  });
});
