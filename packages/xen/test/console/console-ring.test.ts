import { ByteRing, CONSOLE_INTERFACE, CONSOLE_QUEUE_BYTES, ConsoleRing, decodeText, splitLines } from '@trapline/xen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestWords } from '../store/wire-guest.js';

function rig(): {
  words: TestWords;
  ring: ConsoleRing;
  input: ByteRing;
  output: ByteRing;
  signals: () => number;
  printed: number[];
} {
  const words = new TestWords();
  let signals = 0;
  const ring = new ConsoleRing(words, () => signals++);
  const printed: number[] = [];
  ring.output$.subscribe((bytes) => printed.push(...bytes));
  return {
    words,
    ring,
    input: new ByteRing(words, CONSOLE_INTERFACE.input),
    output: new ByteRing(words, CONSOLE_INTERFACE.output),
    signals: () => signals,
    printed,
  };
}

function bytes(length: number, seed: number = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff);
}

function read(input: ByteRing, most: number): Uint8Array {
  const target = new Uint8Array(most);
  return target.slice(0, input.consume(target, 0, most));
}

describe('the console ring', () => {
  it('lies where console.h says', () => {
    const { words, ring, output } = rig();
    output.produce(Uint8Array.of(0x41), 0, 1);
    expect([words.bytes[1024], words.words[3084 / 4]]).toEqual([0x41, 1]);
    ring.events();
    expect(words.words[3080 / 4]).toBe(1);
    ring.write('B');
    expect([words.bytes[0], words.words[3076 / 4]]).toEqual([0x42, 1]);
  });

  it('gives what a guest prints, all of it and in order, over any number of wraps', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2048), { maxLength: 20 }), fc.nat(0xffff_ffff), (lengths, start) => {
        const { words, ring, output, printed } = rig();
        words.store(CONSOLE_INTERFACE.output.consumer, start);
        words.store(CONSOLE_INTERFACE.output.producer, start);
        const all: number[] = [];
        for (const [i, length] of lengths.entries()) {
          const piece = bytes(length, i);
          expect(output.produce(piece, 0, length)).toBe(length);
          all.push(...piece);
          ring.events();
        }
        expect(printed).toEqual(all);
      }),
    );
  });

  it('signals the guest when it took something, and not else', () => {
    const { ring, output, signals } = rig();
    ring.events();
    expect(signals()).toBe(0);
    output.produce(bytes(3), 0, 3);
    ring.events();
    ring.events();
    expect(signals()).toBe(1);
  });

  it('lets input wait while the ring is full, in order, and tells when it is through', () => {
    const { ring, input, signals } = rig();
    let drained = 0;
    ring.drained$.subscribe(() => drained++);
    const all = bytes(5000);
    expect(ring.write(all.subarray(0, 3000)) && ring.write(all.subarray(3000))).toBe(true);
    expect([ring.queued, signals()]).toEqual([5000 - 1024, 1]);
    const got: number[] = [];
    for (const most of [100, 1024, 1, 1024, 1024, 1024, 1024]) {
      got.push(...read(input, most));
      ring.events();
    }
    expect([got, ring.queued, drained]).toEqual([[...all], 0, 1]);
  });

  it('refuses input beyond its queue, whole', () => {
    const { ring } = rig();
    expect(ring.write(bytes(CONSOLE_QUEUE_BYTES))).toBe(true);
    expect(ring.write(bytes(1025))).toBe(false);
    expect(ring.write(bytes(1024))).toBe(true);
    expect([ring.write(''), ring.write('x'), ring.queued]).toEqual([true, false, CONSOLE_QUEUE_BYTES]);
  });

  it('saves the input that waits', () => {
    const first = rig();
    first.ring.write(bytes(3000));
    const saved = first.ring.save();
    const second = rig();
    second.words.bytes.set(first.words.bytes);
    second.ring.restore(saved);
    expect(second.ring.queued).toBe(1976);
    const got: number[] = [];
    for (let i = 0; i < 3; i++) {
      got.push(...read(second.input, 1024));
      second.ring.events();
    }
    expect(got).toEqual([...bytes(3000)]);
    second.ring.restore('');
    expect(second.ring.queued).toBe(0);
    for (const garbage of [null, 1, 'x'.repeat(CONSOLE_QUEUE_BYTES + 1)]) {
      expect(() => second.ring.restore(garbage)).toThrow('the input of a console is a text');
    }
  });

  it('does not believe indices that cannot be, and goes on when they can', () => {
    const { words, ring, output, printed, signals } = rig();
    words.store(CONSOLE_INTERFACE.output.producer, 2049);
    words.store(CONSOLE_INTERFACE.input.consumer, 1);
    ring.write('lost?');
    ring.events();
    expect([printed.length, signals(), ring.queued]).toEqual([0, 0, 5]);
    words.store(CONSOLE_INTERFACE.output.producer, 0);
    words.store(CONSOLE_INTERFACE.input.consumer, 0);
    output.produce(bytes(2), 0, 2);
    ring.events();
    expect([printed.length, ring.queued]).toEqual([2, 0]);
  });

  it('survives any words: at most a ring full comes of one event, and what is the guest’s own is never changed', () => {
    const { input, output } = CONSOLE_INTERFACE;
    const own = (words: TestWords): Uint8Array => {
      const kept = words.bytes.slice();
      // The host's: the bytes of input, how far it has produced, how far it has consumed.
      kept.fill(0, input.bytes * 4, input.bytes * 4 + input.size);
      kept.fill(0, input.producer * 4, input.producer * 4 + 4);
      kept.fill(0, output.consumer * 4, output.consumer * 4 + 4);
      return kept;
    };
    const index = fc.oneof(fc.integer(), fc.nat(3000));
    const step = fc.record({
      indices: fc.option(fc.tuple(index, index, index, index), { freq: 3 }),
      typed: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { words, ring, printed } = rig();
        for (const { indices, typed } of steps) {
          for (const [i, value] of (indices ?? []).entries()) words.store(input.consumer + i, value);
          const before = own(words);
          const count = printed.length;
          ring.write(typed);
          ring.events();
          expect(printed.length - count).toBeLessThanOrEqual(output.size);
          expect(ring.queued).toBeLessThanOrEqual(CONSOLE_QUEUE_BYTES);
          expect(Buffer.compare(own(words), before)).toBe(0);
        }
      }),
    );
  });

  it('ends its streams when it is closed, and touches nothing more', () => {
    const { words, ring } = rig();
    let ended = 0;
    ring.output$.subscribe({ complete: () => ended++ });
    ring.drained$.subscribe({ complete: () => ended++ });
    ring.write(bytes(2000));
    ring.close();
    expect([ended, ring.queued]).toEqual([2, 0]);
    const before = words.bytes.slice();
    words.store(CONSOLE_INTERFACE.output.producer, 5);
    before.set(words.bytes.subarray(3084, 3088), 3084);
    ring.events();
    expect([ring.write('late'), words.bytes]).toEqual([false, before]);
  });
});

describe('console text', () => {
  it('is put together from pieces of UTF-8, and cut into lines', () => {
    const { ring, output } = rig();
    const text: string[] = [];
    const lines: string[] = [];
    decodeText(ring.output$).subscribe((piece) => text.push(piece));
    splitLines(decodeText(ring.output$), 8).subscribe((line) => lines.push(line));
    const all = new TextEncoder().encode('grüß\r\ndich\n\n0123456789abcdefX');
    for (let i = 0; i < all.length; i++) {
      output.produce(all, i, i + 1);
      ring.events();
    }
    output.produce(Uint8Array.of(0xc3), 0, 1);
    ring.events();
    ring.close();
    expect(text.join('')).toBe('grüß\r\ndich\n\n0123456789abcdefX\ufffd');
    expect(lines).toEqual(['grüß', 'dich', '', '01234567', '89abcdef', 'X\ufffd']);
  });
});
