import { type CallStep, parseRecording, type Recording, RecordingError, type Step } from '@trapline/recordings';
import { OTHER_WORK, TraceRecorder } from '@trapline/replay';
import { createGic, createMachine, createMemory, createRandom, createVirtualClock } from '@trapline/trap-bus';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALL, CALLS, COUNTS } from './busy.js';
import { type Chance, type Happening, record, replayed } from './busy-world.js';

const QUIET: Chance = { words: [], dry: false };
const call = (number: number, ...args: readonly (number | bigint)[]): Happening => ({
  kind: 'call',
  cpu: 0,
  number,
  args: args.map(BigInt),
});
const { look: LOOK, put: PUT, change: CHANGE, follow: FOLLOW, clocks: CLOCKS, draw: DRAW, pulse: PULSE } = CALL;
const { alarm: ALARM, sleep: SLEEP, nap: NAP, start: START, disk: DISK, refuse: REFUSE, copy: COPY } = CALL;
const { wake: WAKE, again: AGAIN, suspend: SUSPEND, end: END } = CALL;
const AT = 0x4000_2000;

function steps(text: string): readonly Step[] {
  return parseRecording(text).scenarios[0]?.steps ?? [];
}

function traced(...happenings: readonly Happening[]): readonly Step[] {
  return steps(record(happenings, QUIET));
}

describe('what a trace says of a step', () => {
  it('memory that was read, once', () => {
    const [first, second, third] = traced(call(LOOK, AT), call(LOOK, AT), call(LOOK, AT + 4)) as CallStep[];
    expect(first).toMatchObject({
      memIn: [{ addr: '0x40002000', hex: '5a'.repeat(8) }],
      out: { x0: '0x5a5a5a5a5a5a5a5a' },
    });
    expect(second).not.toHaveProperty('memIn');
    expect(third).toMatchObject({ memIn: [{ addr: '0x40002008', hex: '5a5a5a5a' }] });
  });

  it('memory that another CPU wrote in between, and of that only what is new', () => {
    const [, second] = traced(
      call(LOOK, AT),
      { kind: 'store', address: AT + 3, byte: 1 },
      call(LOOK, AT),
    ) as CallStep[];
    expect(second?.memIn).toEqual([{ addr: '0x40002003', hex: '01' }]);
  });

  it('memory that was written, all of it', () => {
    const [step] = traced(call(PUT, AT, 0x1234)) as CallStep[];
    expect(step?.memOut).toEqual([{ addr: '0x40002000', hex: '3412000000000000' }]);
  });

  it('long runs of a byte, once with how often', () => {
    const [step] = traced(call(COPY, AT, AT + 0x2000)) as CallStep[];
    expect(step?.memIn).toEqual([{ addr: '0x40002000', hex: '5a', times: 100 }]);
    expect(step?.memOut).toEqual([{ addr: '0x40004000', hex: '5a', times: 100 }]);
  });

  it('what another CPU wrote during the call, with the look before which it did', () => {
    const [, step] = steps(
      record([call(LOOK, AT), call(CHANGE, AT, 2, 5)], { words: [3, 3, 0x11], dry: false }),
    ) as CallStep[];
    expect(step?.memIn).toEqual([{ addr: '0x40002000', hex: '11', access: 2 }]);
  });

  it('where a virtual page lies, until it lies elsewhere', () => {
    const pointer = 0xffff_8000_0000_2010n;
    const [first, second, third, lost] = traced(
      call(FOLLOW, pointer),
      call(FOLLOW, pointer + 8n),
      { kind: 'move', pages: 1 },
      call(FOLLOW, pointer),
      call(FOLLOW, 0xffff_8000_0000_0000n, 1),
    ) as CallStep[];
    const va = '0xffff800000002000';
    expect(first?.translations).toEqual([{ va, pa: '0x40002000', access: 'read' }]);
    expect(second).not.toHaveProperty('translations');
    expect(third?.translations).toEqual([{ va, pa: '0x40003000', access: 'read' }]);
    expect(lost).toMatchObject({ out: { x0: '0xfffffffffffffff2' } });
    expect(lost).not.toHaveProperty('translations');
  });

  it('clocks that were read: they stood still', () => {
    const [step] = traced(call(CLOCKS)) as CallStep[];
    const { now, counter, wall, stolen } = step?.time ?? {};
    expect(step?.out).toEqual({ x0: now, x1: counter, x2: wall, x3: stolen?.[0] });
    expect(traced(call(LOOK, AT))[0]).not.toHaveProperty('time');
  });

  it('entropy that was drawn, and that there was none', () => {
    const [step] = traced(call(DRAW)) as CallStep[];
    expect(step?.random).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
    expect(steps(record([call(DRAW)], { words: [], dry: true }))[0]).toMatchObject({ random: [null] });
  });

  it('interrupts that were driven, and that one was pending', () => {
    expect(traced(call(PULSE, 8))[0]).toMatchObject({
      interrupts: [{ cpu: 0, intid: 8, change: 'pulsed' }],
      pending: [0],
      inFlight: [{ cpu: 0, intid: 8, is: true }],
      out: { x0: '0x5' },
    });
    expect(traced(call(PULSE, 7))[0]).toMatchObject({ interrupts: [{ cpu: 0, intid: 7, change: 'deasserted' }] });
  });

  it('an alarm that goes off, and what the service did then', () => {
    const [set, rings] = traced(call(ALARM, 1000), { kind: 'time', ns: 5000 });
    expect(set).toMatchObject({ op: 'call', time: { now: expect.anything() } });
    expect(rings).toMatchObject({ op: 'alarm', memOut: [{ addr: '0x4000f008', hex: '0100000000000000' }] });
    expect(BigInt((rings as { at: string }).at)).toBe(BigInt((set as CallStep).time?.now ?? 0) + 1000n);
  });

  it('a wait, and the interrupt that ends it', () => {
    const [sleeps, wakes] = traced(call(SLEEP), { kind: 'interrupt', cpu: 0, intid: 5 });
    expect(sleeps).toMatchObject({ returns: 'later' });
    expect(wakes).toMatchObject({
      op: 'return',
      cpu: 0,
      out: { x0: '0x7' },
      pending: [0],
      memOut: [expect.anything()],
    });
  });

  it('a wait that ends because of another CPU’s call, after that call', () => {
    const start = call(START, 1, 0x4000_8000, 9);
    const [, entry, naps, wakes, back] = traced(start, { kind: 'enter', cpu: 1 }, call(SLEEP), {
      ...call(WAKE, 0),
      cpu: 1,
    } as Happening);
    expect(entry).toMatchObject({ op: 'entry', cpu: 1, state: { pc: '0x40008000', x0: '0x9' } });
    expect(naps).toMatchObject({ returns: 'later', cpu: 0 });
    expect(wakes).toMatchObject({ op: 'call', cpu: 1, memOut: [{ addr: `0x${(COUNTS + 24).toString(16)}` }] });
    expect(back).toEqual({ op: 'return', cpu: 0, out: { x0: '0x7' } });
  });

  it('a wait that ends at an entry point', () => {
    const [suspends, resumes] = traced(call(SUSPEND, 0x4000_9000, 5), { kind: 'interrupt', cpu: 0, intid: 5 });
    expect(suspends).toMatchObject({ returns: 'later' });
    expect(resumes).toMatchObject({ op: 'entry', cpu: 0, state: { pc: '0x40009000', x0: '0x5' }, pending: [0] });
  });

  it('work of the host’s that nobody announced', () => {
    const [other, step] = traced({ kind: 'stray' }, call(LOOK, AT));
    expect(other).toMatchObject({ op: 'vmm', action: OTHER_WORK, memOut: [{ addr: '0x4000f000' }] });
    expect(step).not.toHaveProperty('memOut');
  });

  it('bytes of shared words that were copied at once', () => {
    const [step] = traced(call(CHANGE, AT, 4)) as CallStep[];
    expect(step).toMatchObject({
      memIn: [{ addr: '0x40002002', hex: '5a5a5a5a5a' }],
      memOut: [{ addr: '0x40002001', hex: '5a5a5a5a5a000000' }],
    });
  });

  it('masks that a call has changed, and those of a caller where they are not what they were', () => {
    const masks = record([call(PULSE, 3), call(PULSE, 3), call(LOOK, AT)], QUIET);
    expect(steps(masks)).toMatchObject([
      { daif: '0x180', daifAfter: '0x100' },
      { daif: '0x180', daifAfter: '0x100' },
      { daif: '0x0' },
    ]);
    expect(replayed(masks).details).toEqual([]);
  });

  it('a wait that ends by its time', () => {
    expect(traced(call(NAP, 100), { kind: 'time', ns: 1000 }).map(({ op }) => op)).toEqual(['call', 'alarm', 'return']);
  });

  it('what was found on a disk, once', () => {
    const [first, second] = traced(call(DISK, 256), call(DISK, 256)) as CallStep[];
    expect(first?.media).toEqual([{ medium: 0, addr: '0x100', hex: '05060708090a0b0c' }]);
    expect(second).not.toHaveProperty('media');
  });

  it('an exception, a preempted call, the machine’s end', () => {
    expect(traced(call(REFUSE))[0]).toMatchObject({
      exception: { kind: 'sync', esr: '0x2000000', vector: '0x200', elrMinusInsn: '0x0' },
    });
    expect(traced(call(AGAIN, 8))[0]).toMatchObject({ returns: false, out: { x1: '0x4' } });
    expect(traced(call(END), call(LOOK, AT))).toEqual([
      expect.objectContaining({
        machine: { events: [{ event: 'shutdown', reason: 'guest-shutdown' }], stillRunning: false },
      }),
    ]);
  });

  it('nothing after its end: ports and clocks are as they were', () => {
    const kept: string[] = [];
    const recorder = new TraceRecorder((text) => kept.push(text), {
      subject: { package: 'busy', profile: 'right', options: {} },
      oracle: 'this test',
      recorded: '2026-01-01',
    });
    const clock = createVirtualClock();
    const memory = createMemory([{ base: 0, size: 4096 }]);
    const ports = recorder.ports({ memory, interrupts: createGic({ pes: 1 }), clock, random: createRandom() });
    const machine = createMachine({ guests: [{ name: 'guest', vcpus: 1, ports }] });
    recorder.connect(machine, machine.guest('guest'));
    recorder.start();
    recorder.act({ action: 'look' }, () => ports.memory.write(AT as never, new Uint8Array(1)));
    const began = ports.clock.now();
    clock.advance(5n);
    expect(ports.clock.now()).toBe(began);
    recorder.close();
    expect(ports.clock.now()).toBe(began + 5n);
    recorder.act({ action: 'more' }, () => clock.advance(1n));
    recorder.close();
    expect(ports.clock.now()).toBe(began + 6n);
    expect(kept.join('')).toMatch(/"steps":\[\n\{"op":"vmm","action":"look"\}\n\]\}\]\}\n$/);
  });

  it('nothing of what the loader put', () => {
    expect(record([], QUIET)).not.toContain('5a5a');
  });
});

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      cpu: fc.nat(1),
      number: fc.nat(CALLS - 1),
      args: fc.array(
        fc.oneof(
          fc.nat(200).map(BigInt),
          fc.nat(0x200).map((n) => BigInt(AT + 0xf00 + 4 * n)),
          fc.nat(0x2000).map((n) => 0xffff_8000_0000_0000n + BigInt(4 * n)),
          fc.bigInt(0n, 2n ** 64n - 1n),
        ),
        { minLength: 3, maxLength: 4 },
      ),
    }),
  },
  fc.record({ kind: fc.constant('store' as const), address: fc.nat(0x3000).map((n) => AT + n), byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('time' as const), ns: fc.nat(300) }),
  fc.record({ kind: fc.constant('interrupt' as const), cpu: fc.nat(1), intid: fc.nat(31) }),
  fc.record({ kind: fc.constant('move' as const), pages: fc.nat(2) }),
  fc.record({ kind: fc.constant('enter' as const), cpu: fc.constant(1) }),
  fc.constant({ kind: 'tick' as const }),
);
const chance: fc.Arbitrary<Chance> = fc.record({ words: fc.array(fc.nat(255), { maxLength: 9 }), dry: fc.boolean() });

/** A service's answers that a trace has, as places where it can be made wrong. */
function* lies(recording: Recording): Generator<() => void> {
  for (const step of recording.scenarios[0]?.steps ?? []) {
    const { out, memOut, interrupts } = step as CallStep & { out?: Record<string, string> };
    if (out?.x0 !== undefined)
      yield () => Object.assign(out, { x0: `0x${(BigInt(out.x0 as string) ^ 1n).toString(16)}` });
    for (const entry of memOut ?? []) {
      const { hex = '' } = entry;
      yield () => Object.assign(entry, { hex: (hex.startsWith('0') ? '1' : '0') + hex.slice(1) });
      yield () => void (memOut as unknown[]).pop();
    }
    for (const drive of interrupts ?? []) yield () => Object.assign(drive, { intid: drive.intid + 1 });
  }
}

type Place = readonly [holder: Record<string, unknown>, key: string];

/** Every field of a value, however deep. */
function* placesOf(value: unknown): Generator<Place> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield [value as Record<string, unknown>, key];
    yield* placesOf(inner);
  }
}

describe('traces', () => {
  it('of whatever happens replay with equal answers', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), chance, (happenings, luck) => {
        const report = replayed(record(happenings, luck));
        expect(report.details).toEqual([]);
        expect(report.equal).toBe(report.calls);
      }),
      { numRuns: 300 },
    );
  });

  it('with one answer changed do not', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 3, maxLength: 20 }), chance, fc.nat(), (happenings, luck, which) => {
        const recording = parseRecording(record(happenings, luck));
        const all = [...lies(recording)];
        fc.pre(all.length > 0);
        all[which % all.length]?.();
        expect(replayed(recording).different).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });

  it('name what was written too much, too little, otherwise', () => {
    const recording = parseRecording(record([call(PUT, AT, 0x1234)], QUIET));
    const [step] = recording.scenarios[0]?.steps ?? [];
    Object.assign(step as Step, { memOut: [{ addr: '0x40001ffe', hex: '00003512000000' }] });
    expect(replayed(recording).details.map(({ what, expected, got }) => [what, expected, got])).toEqual([
      ['mem:0x40001ffe', '0000', 'not written'],
      ['mem:0x40002000', '35', '34'],
      ['mem:0x40002005', 'not written', '000000'],
    ]);
  });

  it('with host work that nobody announced say so', () => {
    const text = record([{ kind: 'tick' }, call(LOOK, AT)], QUIET).replace('"tick"', `"${OTHER_WORK}"`);
    const { details } = replayed(text);
    expect(details[0]).toMatchObject({ verdict: 'skipped', reason: "the host's 'other' is not known here" });
  });

  it('with an alarm that nobody set say so', () => {
    const text = record([call(ALARM, 1000), { kind: 'time', ns: 5000 }], QUIET).replace(/"at":"0x\w+"/, '"at":"0x3"');
    expect(replayed(text).details.map(({ what }) => what)).toContain('alarm');
  });

  it('that end early are no recordings', () => {
    const text = record([call(LOOK, AT), call(CLOCKS), call(DRAW)], QUIET);
    fc.assert(
      fc.property(fc.nat(text.trimEnd().length - 1), (length) => {
        expect(() => parseRecording(text.slice(0, length))).toThrow(/is not whole|is not JSON/);
      }),
    );
  });

  it('whatever they hold are refused by the place, or played: nothing is thrown', () => {
    const trace = JSON.parse(
      record(
        [call(LOOK, AT), call(CHANGE, AT, 2, 5), call(ALARM, 9), { kind: 'time', ns: 99 }, call(DISK, 3), call(END)],
        QUIET,
      ),
    );
    const value = fc.oneof(
      fc.constantFrom(
        '0x0',
        '0xffffffffffffffff',
        '0x40000000',
        '00',
        'ffff',
        -1,
        0,
        2 ** 53,
        0.5,
        null,
        [],
        {},
        'pulsed',
      ),
      fc.jsonValue({ maxDepth: 2 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), value), { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = structuredClone(trace);
        for (const [which, to] of changes) {
          const places = [...placesOf(changed.environment), ...placesOf(changed.scenarios)];
          const [holder, key] = places[which % places.length] as Place;
          holder[key] = to;
        }
        try {
          replayed(JSON.stringify(changed));
        } catch (error) {
          expect(error).toBeInstanceOf(RecordingError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('without the machine they are of cannot be played', () => {
    const { environment, ...rest } = parseRecording(record([call(LOOK, AT)], QUIET));
    const { traced: _, ...less } = environment;
    expect(replayed({ ...rest, environment: less }).details[0]?.reason).toBe('environment.traced: is missing');
    const { mpidr: __, ...fewer } = environment;
    expect(replayed({ ...rest, environment: fewer }).details[0]?.reason).toBe('environment.mpidr: is missing');
  });
});
