import type { CallStep, Step } from '@trapline/recordings';
import { bareMachine, type FileReport, replay } from '@trapline/replay';
import { describe, expect, it } from 'vitest';
import { type Faults, firmware, subjects } from './firmware.js';
import { ARRIVAL, AT_ENTRY, call, entry, recordingOf, START, VERSION } from './recordings.js';

function play(steps: readonly Step[], faults: Faults = {}, more: object = {}): FileReport {
  return replay(recordingOf([steps], more), { subjects: subjects(faults), file: 'f.json' });
}

const UID = call('0x8400ff01', { x0: '0x11111111', x1: '0x22222222', x2: '0x33333333', x3: '0x44444444' });
const PENDING: Step[] = [
  { ...START, burst: true },
  call('0xc4000004', { x0: '0x2' }, { in: { x1: '0x1' }, burst: true }),
  ARRIVAL,
  call('0xc4000004', { x0: '0x0' }, { in: { x1: '0x1' } }),
];
const OFF: Step[] = [
  START,
  ARRIVAL,
  call('0x84000002', null, { cpu: 1, returns: false, waitedMs: 200 }),
  { ...call('0xc4000004', { x0: '0x1' }, { in: { x1: '0x1' } }), op: 'poll', until: { x0: '0x1' } } as unknown as Step,
  START,
  ARRIVAL,
];
const STANDBY = call('0xc4000001', { x0: '0x0' }, { in: { x1: '0x0' }, wake: { cntpTimerMs: 20 } });
const POWERDOWN: Step[] = [
  START,
  ARRIVAL,
  call('0xc4000001', null, {
    cpu: 1,
    in: { x1: '0x1', x2: AT_ENTRY, x3: '0xabc' },
    wake: { cntpTimerMs: 20 },
    returns: false,
    resumedAtEntry: true,
  }),
  entry(1, { x0: '0xabc', x5: '0x0', el: '0x1', sctlr: '0xc50838' }),
  call('0x84000000', { x0: '0x10001' }, { cpu: 1 }),
];
const UNDEFINED = call(
  '0x86000002',
  { x0: '0x86000002' },
  { exception: { kind: 'sync', vector: '0x200', elrMinusInsn: '0x0', spsr: '0x3c5', esr: '0x2000000' } },
);
const SHUTDOWN = call('0x84000008', null, {
  returns: false,
  machine: { events: [{ event: 'SHUTDOWN', reason: 'guest-shutdown' }], stillRunning: false },
});
const NOT_RUN = call('0x84000000', null, { returns: false, notRun: true });
const STORE = call(
  '0xc6000001',
  { x0: '0x0' },
  {
    in: { x1: '0x40001000', x2: '0x5a' },
    memIn: [{ at: 'x1', addr: '0x40001000', hex: '00000000' }],
    memOut: [{ at: 'x1', addr: '0x40001000', hex: '5aee0000' }],
  },
);

describe('a recording that the answering side agrees with', () => {
  it.each<[string, readonly Step[], number]>([
    ['registers, changed and unchanged', [VERSION, UID, call('0xdeadbeef', { x0: '0xffffffffffffffff' })], 3],
    ['a CPU that is pending while nothing else runs, and then arrives', PENDING, 3],
    ['a CPU that goes and comes again', OFF, 3],
    ['a timer that ends a standby', [STANDBY, STANDBY], 2],
    ['a timer that ends a power-down at the entry point', POWERDOWN, 3],
    ['an exception, after which the program goes on', [UNDEFINED, VERSION], 2],
    ['the end of the machine, and what was not run after it', [SHUTDOWN, NOT_RUN], 2],
    ['operands in memory', [STORE, { op: 'mem', addr: '0x40001000', hex: '5aee' }], 1],
  ])('is equal: %s', (_, steps, calls) => {
    expect(play(steps)).toEqual({
      file: 'f.json',
      calls,
      equal: calls,
      different: 0,
      skipped: 0,
      details: [],
      omitted: 0,
    });
  });
});

describe('a seeded fault is reported at its step, by what differs', () => {
  it.each<[string, Faults, readonly Step[], number, string, string, string]>([
    ['a wrong code', { version: [0x1_0000, 0] }, [UID, VERSION], 1, 'x0', '0x10001', '0x10000'],
    ['a wrong width', { version: [0x1_0001, -1] }, [VERSION], 0, 'x0', '0x10001', '0xffffffff00010001'],
    ['a clobbered argument', { clobbers: [2, 0n] }, [UID, VERSION], 1, 'x2', '0xa5a50002c0de0002 (unchanged)', '0x0'],
    ['a clobbered X30', { clobbers: [30, 7n] }, [VERSION], 0, 'x30', '0xa5a5001ec0de001e (unchanged)', '0x7'],
    ['a wrong further result', { uidWord: 0 }, [VERSION, UID], 1, 'x1', '0x22222222', '0x0'],
    ['a pending start that is not seen', { hidesPending: true }, PENDING, 1, 'x0', '0x2', '0x0'],
    [
      'a start without context',
      { startsWith: (s) => s.w.fill(0, 2) },
      PENDING,
      2,
      'entry.x0',
      '0x1122334455667788',
      '0x0',
    ],
    [
      'a start with another SCTLR',
      {
        startsWith: (s) => {
          s.sctlr = 0;
        },
      },
      PENDING,
      2,
      'entry.sctlr',
      '0xc50838',
      '0x0',
    ],
    [
      'a start at another level',
      {
        startsWith: (s) => {
          s.el = 0;
        },
      },
      PENDING,
      2,
      'entry.el',
      '0x1',
      '0x0',
    ],
    [
      'a start elsewhere',
      {
        startsWith: (s) => {
          s.w[0] = 0x4000_0020;
        },
      },
      PENDING,
      2,
      'entry',
      'arrives',
      'began at 0x40000020',
    ],
    [
      'an off that comes back',
      { offReturns: true },
      OFF,
      2,
      'end',
      'did not come back',
      'returned x0 0xfffffffffffffffd',
    ],
    [
      'an off that never completes',
      { neverOff: true },
      OFF,
      3,
      'poll',
      'ends with {"x0":"0x1"}',
      'does not in 1000 calls',
    ],
    ['a wake-up that is lost', { ignoresTimer: true }, [STANDBY], 0, 'end', 'returned', 'did not come back (test)'],
    [
      'a power-down that returns',
      { returnsFromPowerdown: true },
      POWERDOWN,
      2,
      'end',
      'went on at its entry point',
      'returned x0 0x0',
    ],
    [
      'a resume with a wrong context',
      {
        wakes: (s) => {
          s.w[2] = 1;
        },
      },
      POWERDOWN,
      3,
      'entry.x0',
      '0xabc',
      '0x1',
    ],
    ['a wrong return address', { returnOffset: 4 }, [VERSION, UNDEFINED], 1, 'exception.elrMinusInsn', '0x0', '0x4'],
    ['a wrong syndrome', { syndrome: 0x5a00_0000 }, [UNDEFINED], 0, 'exception.esr', '0x2000000', '0x5a000000'],
    [
      'an exception that does not come',
      { noException: true },
      [UNDEFINED],
      0,
      'end',
      'took an exception',
      'returned x0 0xffffffffffffffff',
    ],
    ['another end of the machine', { resetInstead: true }, [SHUTDOWN], 0, 'machine', 'guest-shutdown', 'guest-reset'],
    ['a wrong byte in memory', { storedByte: 0x5b }, [STORE], 0, 'mem:0x40001000', '5a', '5b'],
    ['bytes stored at a wrong place', { storesAt: 0x4000_1001 }, [STORE], 0, 'mem:0x40001000', '5aee00', '005aee'],
  ])('%s', (_, faults, steps, step, what, expected, got) => {
    const report = play(steps, faults);
    expect(report.details[0]).toMatchObject({
      verdict: 'different',
      file: 'f.json',
      scenario: 'scenario 0',
      step,
      what,
      expected,
      got,
    });
    expect(report.different).toBeGreaterThan(0);
    expect(report.equal + report.different).toBe(report.calls);
  });

  it('a machine that runs on where it should have ended', () => {
    expect(play([VERSION, NOT_RUN]).details).toMatchObject([{ step: 1, what: 'notRun', got: 'it still runs' }]);
  });

  it('calls that come when the machine has ended', () => {
    expect(play([SHUTDOWN, VERSION]).details).toMatchObject([{ step: 1, what: 'machine', got: 'ended (shutdown)' }]);
  });

  it('a call of a CPU that is off', () => {
    expect(play([{ ...VERSION, cpu: 1 } as CallStep]).details).toMatchObject([{ what: 'cpu 1', got: 'off' }]);
  });

  it('a call of a CPU of another width', () => {
    expect(play([{ ...VERSION, width: 32 } as CallStep]).details).toMatchObject([{ what: 'cpu 0 width', got: '64' }]);
  });

  it('a call that leaves to the embedder', () => {
    expect(play([call('0x86000003', { x0: '0x0' })]).details[0]?.got).toBe('did not come back (exit test)');
  });
});

describe('what a step leaves behind for the next', () => {
  it('is no arrival that nobody looked at: a standby after it returns', () => {
    expect(play([START, { ...STANDBY, cpu: 1 } as CallStep]).details).toEqual([]);
  });

  it('is no timer that has woken its CPU: the next standby lasts', () => {
    const early = call('0xc4000001', null, {
      in: { x1: '0x0' },
      wake: { cntpTimerMs: 30 },
      returns: false,
      waitedMs: 10,
    });
    const lasting = call('0xc4000001', null, { in: { x1: '0x0' }, returns: false, waitedMs: 100 });
    expect(play([early, { op: 'delay', ms: 50 }, lasting]).details).toEqual([]);
  });
});

describe('what varies', () => {
  it('is not compared where a register is volatile, by either of its names', () => {
    const faults = { version: [0x7777, 0] } as const;
    expect(play([{ ...VERSION, volatile: ['x0'] }], faults).different).toBe(0);
    expect(play([{ ...VERSION, volatile: ['r0'] }], faults).different).toBe(0);
    expect(play([{ ...VERSION, volatile: ['x1'] }], faults).different).toBe(1);
  });

  it('is compared outside the mask of a volatile register', () => {
    const masked = { ...VERSION, volatile: ['x0'], volatileMask: { x0: '0xf' } } as CallStep;
    expect(play([masked], { version: [0x1_000e, 0] }).different).toBe(0);
    expect(play([masked], { version: [0x1_0011, 0] }).different).toBe(1);
  });

  it('is not compared in volatile operands and bytes', () => {
    const faults = { storedByte: 1 };
    expect(play([{ ...STORE, volatile: ['mem:x1'] }], faults).different).toBe(0);
    expect(play([{ ...STORE, volatileBytes: [{ at: 'x1', from: 0, to: 1 }] }], faults).different).toBe(0);
    expect(play([{ ...STORE, volatileBytes: [{ at: 'x1', from: 1, to: 2 }] }], faults).different).toBe(1);
  });
});

describe('a step that cannot be played is skipped with the reason', () => {
  it('a CPU that the machine does not have', () => {
    expect(play([{ ...VERSION, cpu: 9 } as CallStep])).toMatchObject({
      skipped: 1,
      details: [{ verdict: 'skipped', reason: 'the machine has no CPU 9' }],
    });
  });

  it('a kind of step that nobody plays', () => {
    const dance = { op: 'dance' } as unknown as Step;
    expect(play([VERSION, dance])).toMatchObject({ calls: 1, skipped: 1, details: [{ step: 1, op: 'dance' }] });
  });

  it('operands where no memory is', () => {
    const step = { ...STORE, memIn: [{ at: 'x1', addr: '0x1000', hex: '00' }] } as CallStep;
    expect(play([step])).toMatchObject({ skipped: 1, details: [{ reason: 'no memory for the operand at 0x1000' }] });
  });

  it('every call of a recording whose package nobody answers for', () => {
    const report = replay(recordingOf([[VERSION, UID]]), { subjects: {} });
    expect(report).toMatchObject({ file: 'right', calls: 2, skipped: 2, details: [{ step: null }] });
    expect(report.details[0]?.reason).toContain('small');
  });

  it('every call of a recording whose environment is not complete', () => {
    expect(play([VERSION], {}, { environment: {} })).toMatchObject({
      skipped: 1,
      details: [{ reason: 'environment.symbols.entry: is missing' }],
    });
  });

  it('scenarios that go on with a machine that broke, or was never built', () => {
    const crash = call('0x86000004', { x0: '0x0' });
    const scenarios = [
      { id: 'a', fresh: true, steps: [crash] },
      { id: 'b', fresh: false, steps: [VERSION] },
      { id: 'c', fresh: true, steps: [VERSION] },
    ];
    const report = replay(recordingOf([], { scenarios }), { subjects: subjects() });
    expect(report).toMatchObject({ equal: 1, different: 1, skipped: 1 });
    expect(report.details[1]).toMatchObject({ scenario: 'b', reason: 'the machine broke in an earlier scenario' });
    expect(replay(recordingOf([], { scenarios }), { subjects: {} }).skipped).toBe(3);
  });

  it('a package by a name that every object has', () => {
    const subject = { package: 'constructor', profile: 'p', options: {} };
    expect(play([VERSION], {}, { subject }).details[0]?.reason).toBe(
      'nothing here answers for the package constructor',
    );
  });

  it('the rest of a scenario in which the service broke; the next one begins afresh', () => {
    const crash = call('0x86000004', { x0: '0x0' });
    const report = replay(recordingOf([[VERSION, crash, VERSION, VERSION], [VERSION]]), { subjects: subjects() });
    expect(report).toMatchObject({ calls: 5, equal: 2, different: 1, skipped: 2 });
    expect(report.details.map(({ step, verdict }) => [step, verdict])).toEqual([
      [1, 'different'],
      [2, 'skipped'],
    ]);
  });
});

describe('the machine of a bare recording', () => {
  it('lets scenarios that are not fresh go on where the one before stopped', () => {
    const scenarios = [
      { id: 'a', fresh: true, steps: [START, ARRIVAL] },
      { id: 'b', fresh: false, steps: [call('0xc4000003', { x0: '0xfffffffffffffffc' }, { in: { x1: '0x1' } })] },
      { id: 'c', fresh: true, steps: [START, ARRIVAL] },
    ];
    expect(replay(recordingOf([], { scenarios }), { subjects: subjects() })).toMatchObject({ calls: 3, equal: 3 });
  });

  it('sleeps until an interrupt of the caller, which resumes; the program of CPU 0 is over then', () => {
    const sleep = call('0xc400000e', null, {
      in: { x1: AT_ENTRY, x2: '0x9999' },
      wake: { cntpTimerMs: 30 },
      returns: false,
      resumedAtEntry: true,
      state: { x0: '0x9999', mpidr: '0x80000000' },
    });
    expect(play([sleep, NOT_RUN])).toMatchObject({ equal: 2 });
    expect(play([sleep, NOT_RUN], { wakes: (s) => s.w.fill(0, 2) })).toMatchObject({
      different: 1,
      details: [{ step: 0, what: 'entry.x0', expected: '0x9999', got: '0x0' }],
    });
  });

  it('answers as the profile that was asked for', () => {
    const asked: string[] = [];
    const answer = {
      small: (setting: Parameters<typeof bareMachine>[0]) => {
        asked.push(setting.subject.profile);
        return bareMachine(setting, { services: { outside: [firmware()] } });
      },
    };
    replay(recordingOf([[VERSION]]), { subjects: answer, profile: 'other' });
    expect(asked).toEqual(['other']);
  });

  it("gives every scenario its own environment over the recording's", () => {
    const scenarios = [{ id: 'a', fresh: true, environment: { mpidr: ['0x80000007'] }, steps: [{ ...START }] }];
    expect(replay(recordingOf([], { scenarios }), { subjects: subjects() }).details).toMatchObject([
      { what: 'x0', expected: '0x0', got: '0xfffffffffffffffe' },
    ]);
  });
});
