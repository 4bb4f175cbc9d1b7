import type { CallStep, Recording, Step } from '@trapline/recordings';
import { bareMachine, type FileReport, MAX_CALLS, replay, type StagePlan, type Subjects } from '@trapline/replay';
import { describe, expect, it } from 'vitest';
import { firmware, subjects } from './firmware.js';
import { AT_ENTRY, call, recordingOf, START, VERSION } from './recordings.js';

function play(steps: readonly Step[], more: object = {}, who: Subjects = subjects()): FileReport {
  return replay(recordingOf([steps], more), { subjects: who });
}

/** The small firmware on a machine whose plan is changed. */
function planned(change: Partial<StagePlan>): Subjects {
  return { small: (setting) => ({ ...bareMachine(setting, { services: { outside: [firmware()] } }), ...change }) };
}

const guest = (fields: object): Step => ({ op: 'guest', ...fields }) as unknown as Step;
const words = (report: FileReport) =>
  report.details.map(({ step, what, expected, got, reason }) => [step, what, expected, got, reason]);

describe('what the guest does itself', () => {
  it('stores, and what it stored is there', () => {
    const store = guest({ do: 'write', addr: '0x40002000', hex: 'c0ffee' });
    expect(play([store, { op: 'mem', addr: '0x40002000', hex: 'c0ffee' }]).equal).toBe(1);
    expect(
      words(
        play([
          store,
          { op: 'mem', addr: '0x40001fff', hex: '00c0ff' },
          { op: 'mem', addr: '0x40002000', hex: 'c1ffef' },
        ]),
      ),
    ).toEqual([
      [2, 'mem:0x40002000', 'c1', 'c0', ''],
      [2, 'mem:0x40002002', 'ef', 'ee', ''],
    ]);
  });

  it('faults where no memory is, in stores and loads', () => {
    const fault = { esr: '0x96000000', far: '0x1000' };
    const exception = { kind: 'sync', vector: '0x200', ...fault };
    expect(
      play([guest({ do: 'write', addr: '0x1000', hex: '00', exception }), { op: 'mem', addr: '0x1000', fault } as Step])
        .equal,
    ).toBe(1);
    expect(words(play([guest({ do: 'write', addr: '0x1000', hex: '00' })]))).toEqual([
      [0, 'mem:0x1000', 'stored', 'a fault', ''],
    ]);
    expect(words(play([{ op: 'mem', addr: '0x40000000', fault } as Step]))).toEqual([
      [0, 'mem:0x40000000', 'a fault', 'memory', ''],
    ]);
    expect(words(play([{ op: 'mem', addr: '0xffffffffffff0000', hex: '00' }]))).toEqual([
      [0, 'mem:0xffffffffffff0000', '00', 'no memory there', ''],
    ]);
  });

  it('writes system registers that it can read again', () => {
    const write = guest({ do: 'sysreg', name: 'VBAR_EL1', value: '0x40000800' });
    const read = (value: string): Step => ({ op: 'sysreg', name: 'VBAR_EL1', value }) as Step;
    expect(play([write, read('0x40000800')]).equal).toBe(1);
    expect(words(play([write, read('0x0')]))).toEqual([[1, 'VBAR_EL1', '0x0', '0x40000800', '']]);
    expect(play([write, { ...read('0x0'), volatile: ['VBAR_EL1'] } as Step]).equal).toBe(1);
  });

  it('skips registers and devices that no CPU here has', () => {
    expect(play([guest({ do: 'sysreg', name: 'ICC_PMR_EL1', value: '0xf0' })]).skipped).toBe(1);
    expect(play([guest({ do: 'sysreg', name: 'VBAR_EL1', value: '0x0', relative: true, deltaNs: 5 })]).skipped).toBe(1);
    expect(play([{ op: 'sysreg', name: 'ICC_SRE_EL1', value: '0x7' }]).skipped).toBe(1);
    expect(play([{ op: 'sysreg', name: 'X', value: '0x0', mmio: { addr: '0x8000000', size: 4 } }]).skipped).toBe(1);
    expect(words(play([guest({ do: 'mmio', addr: '0x8000000', value: '0x0' })]))).toEqual([
      [0, '', '', '', 'a guest that does mmio'],
    ]);
  });

  it('acknowledges and ends interrupts', () => {
    const timer = call('0xc4000001', { x0: '0x0' }, { in: { x1: '0x0' }, wake: { cntpTimerMs: 1 } });
    const ack = (intid: number) => guest({ do: 'ack', intid });
    const read: Step = { op: 'sysreg', name: 'ICC_IAR1_EL1', value: '0x3ff', readBy: 'ack' };
    expect(play([timer, ack(1023), read, guest({ do: 'eoi', intid: 30 })]).equal).toBe(1);
    expect(words(play([timer, ack(30)]))).toEqual([[1, 'intid', '0x1e', '0x3ff', '']]);
  });

  it('masks, turns its data around, waits and leaves handlers', () => {
    const read = (name: string, value: string): Step => ({ op: 'sysreg', name, value }) as Step;
    const steps = [
      guest({ do: 'daif', value: '0x80' }),
      read('DAIF', '0x80'),
      guest({ do: 'eret', toInsnPlus: 4, spsr: '0x600003c5' }),
      read('DAIF', '0x3c0'),
      read('NZCV', '0x60000000'),
      guest({ do: 'endian', value: 'big' }),
      read('SCTLR_EL1', '0x32d00800'),
      guest({ do: 'endian', value: 'little' }),
      read('SCTLR_EL1', '0x30d00800'),
      guest({ do: 'wait', until: {} }),
      guest({ do: 'spin' }),
      { op: 'delay', ms: 5 } as Step,
    ];
    expect(words(play(steps))).toEqual([]);
  });
});

describe('repeated calls', () => {
  const sweep = (more: object): Step =>
    ({
      op: 'sweep',
      conduit: 'hvc',
      imm: '0x0',
      width: 64,
      ids: [{ from: '0x83fffffe', to: '0x84000001' }],
      default: { x0: '0xffffffffffffffff' },
      exceptions: [{ id: '0x84000000', out: { x0: '0x10001' } }],
      ...more,
    }) as unknown as Step;

  it('sweep over ranges, with exceptions by number', () => {
    expect(play([sweep({})])).toMatchObject({ calls: 1, equal: 1 });
    expect(words(play([sweep({ exceptions: [] })]))).toEqual([
      [0, '0x84000000 x0', '0xffffffffffffffff', '0x10001', ''],
    ]);
    expect(words(play([sweep({ ids: [{ from: '0x86000002', to: '0x86000002' }] })]))[0]).toEqual([
      0,
      '0x86000002 end',
      'returned',
      'took an exception',
      '',
    ]);
  });

  it('sweep no further than their limit', () => {
    const report = play([sweep({ ids: [{ from: '0x0', to: '0xffffffff' }] })]);
    expect(report.details[0]?.reason).toBe(`a sweep of 4294967296 calls; at most ${MAX_CALLS} are made`);
  });

  it('repeat a call and look at each answer', () => {
    expect(play([{ ...VERSION, repeat: 3 } as CallStep]).equal).toBe(1);
    const started = { ...START, repeat: 2 } as CallStep;
    expect(words(play([started]))).toEqual([[0, 'x0', '0x0', '0xfffffffffffffffc', '']]);
  });

  it('repeat no call more often than their limit', () => {
    const report = play([{ ...VERSION, repeat: MAX_CALLS + 1 } as CallStep]);
    expect(report).toMatchObject({ skipped: 1, details: [{ reason: expect.stringContaining('262145 times') }] });
  });

  it('poll a call that does not return', () => {
    const poll = { ...call('0x86000002', { x0: '0x1' }), op: 'poll', until: { x0: '0x1' } } as unknown as Step;
    expect(words(play([poll]))).toEqual([[0, 'end', 'returned', 'took an exception', '']]);
  });
});

describe('calls that come back later', () => {
  const wait = call('0xc4000001', null, {
    cpu: 0,
    in: { x1: '0x0' },
    wake: { cntpTimerMs: 30 },
    returns: false,
    waitedMs: 10,
  });
  const later: Step = { op: 'return', out: { x0: '0x0' } };

  it('are compared with their registers before the call', () => {
    expect(play([wait, later]).equal).toBe(1);
    expect(words(play([wait, { op: 'return', out: { x0: '0x1', x2: '0x0' } } as Step]))).toEqual([
      [1, 'x0', '0x1', '0x0', ''],
      [1, 'x2', '0x0', '0xa5a50002c0de0002', ''],
    ]);
  });

  it('are missed where they do not', () => {
    const { wake, ...asleep } = wait;
    expect(words(play([asleep as CallStep, later]))).toEqual([
      [1, 'end', 'returned', 'did not come back (waiting)', ''],
    ]);
  });
});

describe('interrupts that a call unmasks', () => {
  it('are taken behind it, where the guest has PSTATE.I clear', () => {
    const irq = { kind: 'irq', vector: '0x280', elrMinusInsn: '0x4', spsr: '0x345' };
    const armed = call('0xc4000001', { x0: '0x0' }, { in: { x1: '0x0' }, wake: { cntpTimerMs: 1 }, exception: irq });
    const who = planned({ pstate: 0x340 });
    expect(words(play([armed], {}, who))).toEqual([]);
    const { exception, ...plain } = armed;
    expect(words(play([plain as CallStep], {}, who))).toEqual([[0, 'end', 'returned', 'took an exception', '']]);
  });
});

describe('PSTATE around a call', () => {
  it("is compared where the machine's plan says that it was observed", () => {
    const who = planned({ pstate: 0xa000_03c0 | 0 });
    expect(words(play([VERSION], {}, who))).toEqual([]);
    expect(words(play([{ ...VERSION, nzcvAfter: '0x20000000' } as CallStep], {}, who))).toEqual([
      [0, 'pstate', '0x200003c0', '0xa00003c0', ''],
    ]);
    expect(play([{ ...VERSION, daifAfter: '0x340' } as CallStep], {}, who).different).toBe(1);
  });
});

describe('operands that were observed before the call', () => {
  it('are compared instead of written where the plan says so', () => {
    const step = { ...VERSION, memIn: [{ at: 'area', addr: '0x40000000', hex: 'aa00' }] } as CallStep;
    expect(play([step]).equal).toBe(1);
    expect(words(play([step], {}, planned({ observesOperands: true })))).toEqual([
      [0, 'mem:0x40000000', 'aa', '00', ''],
    ]);
  });
});

describe('players that a subject brings', () => {
  it('come first, and play kinds of steps that only it has', () => {
    const seen: string[] = [];
    const who = planned({
      players: {
        vmm: (step, _, findings) => findings.compare('vmm', 'done', step.action),
        delay: ({ ms }) => seen.push(`delay ${ms}`),
      },
    });
    const report = play(
      [
        { op: 'vmm', action: 'done' },
        { op: 'delay', ms: 7 },
        { op: 'vmm', action: 'other' },
      ],
      {},
      who,
    );
    expect(words(report)).toEqual([[2, 'vmm', 'done', 'other', '']]);
    expect(seen).toEqual(['delay 7']);
  });
});

describe('the arrival of a CPU', () => {
  const arrival = (more: object): Step =>
    ({
      op: 'entry',
      cpu: 1,
      pc: AT_ENTRY,
      regs: { x0: '0x1122334455667788', x30: '0x0' },
      sysregs: {
        CurrentEL: '0x4',
        MPIDR_EL1: '0x80000001',
        SCTLR_EL1: '0xc50838',
        DAIF: '0x3c0',
        SPSel: '0x1',
        NZCV: '0x0',
        VBAR_EL1: '0x0',
      },
      ...more,
    }) as unknown as Step;

  it('is compared in the spelling of system registers too', () => {
    expect(words(play([START, arrival({})]))).toEqual([]);
    expect(words(play([START, arrival({ pc: '0x40000014', sysregs: { CurrentEL: '0x8' } })]))).toEqual([
      [1, 'entry.CurrentEL', '0x8', '0x4', ''],
      [1, 'entry.pc', '0x40000014', '0x40000010', ''],
    ]);
  });

  it('leaves out what varies, and skips what no CPU here has', () => {
    expect(words(play([START, arrival({ sysregs: { VBAR_EL1: '0x7' }, volatile: ['VBAR_EL1'] })]))).toEqual([]);
    expect(play([START, arrival({ sysregs: { PMCR_EL0: '0x0' } })])).toMatchObject({
      skipped: 1,
      details: [{ step: 1, reason: 'no CPU here has PMCR_EL0' }],
    });
  });

  it('is missed where nobody comes, and seen where somebody should not', () => {
    expect(words(play([VERSION, arrival({})]))).toEqual([[1, 'entry', 'arrives', 'off', '']]);
    expect(words(play([START, arrival({ entered: false })]))).toEqual([
      [1, 'entry', 'does not arrive', 'began at 0x40000010', ''],
    ]);
  });
});

describe('the fill pattern', () => {
  const call16 = call('0x84000000', { x0: '0x10001', x16: '0x1610' });
  it.each([
    ['by register', { fill: { regs: { x0: '0x1', x16: '0x1610' } } }],
    ['by width and register', { fillPattern: { 64: { x16: '0x1610' } } }],
    ['by a pattern with the number of the register', { fill: { 'where a step says fill': ['0x16NN'] } }],
  ])('is known %s', (_, fill) => {
    const { environment } = recordingOf([]);
    expect(words(play([call16], { environment: { ...environment, fill: undefined, ...fill } }))).toEqual([]);
  });

  it('is wanted: a call cannot be made without', () => {
    const { environment } = recordingOf([]);
    const report = play([call16], { environment: { ...environment, fill: undefined } });
    expect(report).toMatchObject({ skipped: 1, different: 0 });
    expect(report.details[0]?.reason).toContain('environment.fill: has no pattern');
  });
});

describe('a 32-bit machine', () => {
  const environment = {
    mpidr: ['0x80000000', '0x80000001'],
    ram: { base: '0x40000000', size: '0x1000' },
    guestWidth: 32,
    symbols: { entry: AT_ENTRY },
    fill: { 'where a step says fill': ['0xc0deNNNN'] },
  };
  const narrow = (step: object): Step => ({ ...step, width: 32 }) as unknown as Step;
  const scenarios = (steps: readonly Step[], mode = '0x13') => [
    { id: 's', fresh: true, boot: { mode, midr: '0x414fc0f0', cntfrq: '0x3b9aca0' }, steps },
  ];
  const on = (steps: readonly Step[], mode?: string): Recording =>
    recordingOf([], { environment, scenarios: scenarios(steps, mode) });

  it('has R0 to R12 and the LR of its mode, and an undefined exception without syndrome', () => {
    const steps = [
      narrow(VERSION),
      narrow(
        call(
          '0x86000002',
          { x0: '0x86000002' },
          { exception: { kind: 'undef', vector: '0x4', lrUndMinusInsn: '0x4', esr: '0x0', ec: '0x0' } },
        ),
      ),
      narrow(VERSION),
    ];
    expect(words(replay(on(steps), { subjects: subjects() }))).toEqual([]);
    const clobbering = { clobbers: [18, 5n] } as const;
    expect(words(replay(on([narrow(VERSION)]), { subjects: subjects(clobbering) }))).toEqual([
      [0, 'x14', '0xc0de000e (unchanged)', '0x5', ''],
    ]);
  });

  it('does not compare R13, the stack of the recorder', () => {
    expect(replay(on([narrow(VERSION)]), { subjects: subjects({ clobbers: [19, 5n] }) }).equal).toBe(1);
  });

  it('is compared with the mode that the program read', () => {
    const report = replay(
      recordingOf([], { environment: { ...environment, callerMode: 'svc' }, scenarios: scenarios([], '0x1a') }),
      { subjects: subjects() },
    );
    expect(words(report)).toEqual([[null, 'boot.mode', '0x1a', '0x13', '']]);
  });

  it('may stand in Hyp mode', () => {
    const look: Step[] = [{ op: 'sysreg', name: 'el', value: '0x2' }];
    const hyp = recordingOf([], { environment: { ...environment, el2: true }, scenarios: scenarios(look, '0x1a') });
    expect(words(replay(hyp, { subjects: subjects() }))).toEqual([]);
    const unsaid = recordingOf([], { environment, scenarios: scenarios(look, '0x1a') });
    expect(words(replay(unsaid, { subjects: subjects() }))).toEqual([]);
  });
});
