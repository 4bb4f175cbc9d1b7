import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ending, POWER_OFF_TIMEOUT_MS } from '../src/boot/ending.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function ending(guest: { readonly isStored: boolean; readonly listens: boolean }) {
  const happened: string[] = [];
  const one = new Ending(
    { stop: () => Promise.resolve(void happened.push('stopped') as never) },
    {
      isStored: guest.isStored,
      powerOff: () => {
        happened.push('asked');
        return guest.listens;
      },
    },
    { phase: (words) => void happened.push(words) },
  );
  return { one, happened };
}

describe('a guest is ended from outside', () => {
  it('that listens: asked first, stopped the second time', () => {
    const { one, happened } = ending({ isStored: true, listens: true });
    one.interrupt();
    expect(happened).toEqual(['asked', 'the guest was asked to power off']);
    one.interrupt();
    expect(happened.slice(2)).toEqual(['stopped']);
  });

  it('that listens and does nothing: stopped when its time is up', () => {
    const { one, happened } = ending({ isStored: true, listens: true });
    one.interrupt();
    vi.advanceTimersByTime(POWER_OFF_TIMEOUT_MS - 1);
    expect(happened).not.toContain('stopped');
    vi.advanceTimersByTime(1);
    expect(happened).toContain('stopped');
  });

  it.each([
    [{ isStored: true, listens: false }, ['asked', 'the guest does not hear that it is to power off', 'stopped']],
    [{ isStored: false, listens: false }, ['stopped']],
  ])('that does not listen: stopped at once (%o)', (guest, expected) => {
    const { one, happened } = ending(guest);
    one.interrupt();
    expect(happened).toEqual(expected);
  });

  it('when it has ended by itself nothing is left to happen', () => {
    const { one, happened } = ending({ isStored: true, listens: true });
    one.stopAfter(5);
    one.powerOff();
    one.close();
    vi.advanceTimersByTime(10 * POWER_OFF_TIMEOUT_MS);
    expect(happened).not.toContain('stopped');
  });
});
