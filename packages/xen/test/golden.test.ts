import type {
  AttachedGuest,
  Attachment,
  Call,
  GuestPhysical,
  Handler,
  InterruptPort,
  Outcome,
  RunningService,
} from '@trapline/core';
import { loadRecording, type Recording, type RecordingName, type Scenario } from '@trapline/recordings';
import { type FileReport, replay, type Setting, type XenParts, xenMachine } from '@trapline/replay';
import { hypervisor } from '@trapline/xen';
import { describe, expect, test } from 'vitest';

const subjects = { xen: (setting: Setting) => xenMachine(setting, { hypervisor }) };
const NAMES = [
  'xen-4.17-domu',
  'xen-4.17-domu-a32',
  'xen-4.17-dom0',
  'xen-4.17-two-domains',
  'xen-4.17-two-domains-silo',
] as const satisfies readonly RecordingName[];

for (const name of NAMES) {
  test(`${name}: every call, operand, exception, interrupt and end is as recorded`, async () => {
    const report = replay(await loadRecording(name), { subjects });
    expect(report.details).toEqual([]);
    expect(report.equal).toBe(report.calls);
  });
}

type Loose = { [field: string]: unknown };

/** The recording with one thing changed in it, played. */
async function changed(name: RecordingName, change: (recording: Recording) => void): Promise<FileReport> {
  const recording = structuredClone(await loadRecording(name));
  change(recording);
  return replay(recording, { subjects });
}

/** Leaves only some scenarios in a recording. */
function keep(recording: Recording, fits: (scenario: Scenario, index: number) => boolean): void {
  (recording as { scenarios: readonly Scenario[] }).scenarios = recording.scenarios.filter(fits);
}

function first(recording: Recording, fits: (step: Loose) => boolean): Loose {
  return recording.scenarios.flatMap(({ steps }) => steps as readonly unknown[] as Loose[]).find(fits) as Loose;
}

function firstOf(list: unknown): Loose {
  return (list as readonly Loose[])[0] as Loose;
}

const isCall = (s: Loose) => s.op === 'call';

describe('a wrong digit in one observation is one difference', () => {
  test.each<[string, RecordingName, (recording: Recording) => void]>([
    [
      'a result',
      'xen-4.17-domu-a32',
      (r) => {
        (first(r, (s) => isCall(s) && !s.exception).out as Loose).x0 = '0x77';
      },
    ],
    [
      'a register that a call leaves alone',
      'xen-4.17-domu-a32',
      (r) => {
        (first(r, (s) => isCall(s) && !s.exception).out as Loose).x5 = '0x77';
      },
    ],
    [
      'an operand',
      'xen-4.17-domu-a32',
      (r) => {
        const operand = firstOf(first(r, (s) => isCall(s) && s.memOut !== undefined).memOut);
        operand.hex = `7f${(operand.hex as string).slice(2)}`;
      },
    ],
    [
      'a byte beside the operands',
      'xen-4.17-two-domains-silo',
      (r) => {
        firstOf(first(r, (s) => isCall(s) && s.memAlso !== undefined).memAlso).hex = '77';
      },
    ],
    [
      'where an exception returns to',
      'xen-4.17-domu-a32',
      (r) => {
        (first(r, (s) => s.exception !== undefined).exception as Loose).lrUndMinusInsn = '0x4';
      },
    ],
    [
      'an interrupt that was acknowledged',
      'xen-4.17-two-domains-silo',
      (r) => {
        first(r, (s) => s.do === 'ack' && s.intid === 31).intid = 30;
      },
    ],
    [
      'a register that was looked at',
      'xen-4.17-two-domains-silo',
      (r) => {
        first(r, (s) => s.op === 'sysreg' && s.value === '0x80').value = '0x0';
      },
    ],
    [
      'the first state of a vCPU',
      'xen-4.17-domu-a32',
      (r) => {
        (first(r, (s) => s.op === 'entry').sysregs as Loose).CPSR = '0x1d3';
      },
    ],
    [
      'the end of a domain',
      'xen-4.17-domu',
      (r) => {
        keep(r, ({ observed }) => observed?.domainFlags !== undefined);
        const end = r.scenarios[0]?.observed as unknown as Loose;
        end.domainFlags = '0x102';
      },
    ],
    [
      'the end of the machine',
      'xen-4.17-dom0',
      (r) => {
        keep(r, ({ observed }) => observed?.machine === 'off');
        const end = r.scenarios[0]?.observed as unknown as Loose;
        end.machine = 'reset';
      },
    ],
  ])('%s', async (_, name, change) => {
    expect((await changed(name, change)).different).toBe(1);
  });
});

describe('what the program did itself matters', () => {
  /** The recording without one kind of the program's own steps. */
  const without = (name: RecordingName, act: string) =>
    changed(name, (recording) => {
      keep(recording, (_, index) => index < 6);
      for (const scenario of recording.scenarios as unknown as { steps: readonly Loose[] }[]) {
        scenario.steps = scenario.steps.filter((step) => step.do !== act);
      }
    });

  test.each(['write', 'ack', 'eoi', 'mmio', 'sysreg'])('without %s answers differ', async (act) => {
    expect((await without('xen-4.17-two-domains', act)).different).toBeGreaterThan(0);
  });
});

describe('a hypervisor that is set up in another way is seen through', () => {
  test('the other security module', async () => {
    const report = await changed('xen-4.17-two-domains-silo', ({ environment }) => {
      (environment as Loose).xsm = 'dummy (xsm=dummy)';
    });
    expect(report.different).toBeGreaterThan(0);
  });

  test('a domain without privileges in the place of the control domain', async () => {
    const report = await changed('xen-4.17-dom0', (recording) => {
      keep(recording, (_, index) => index < 3);
      const { environment } = recording;
      (environment.domain as unknown as Loose).privileged = false;
    });
    expect(report.different).toBeGreaterThan(0);
  });

  test('another interrupt for events', async () => {
    const report = await changed('xen-4.17-two-domains-silo', ({ environment }) => {
      for (const domain of (environment.domains ?? []) as unknown as Loose[]) domain.evtchnPPI = 30;
    });
    expect(report.different).toBeGreaterThan(0);
  });
});

describe('a fault of the hypervisor is seen', () => {
  /** One wrong thing that a hypervisor does: to a call that it has answered, or to a port of its guests. */
  interface Fault {
    readonly after?: (call: Call, outcome: Outcome) => Outcome;
    readonly interrupts?: Partial<InterruptPort>;
  }

  /** The hypervisor with a fault in all of its handlers, or in what its guests' ports do. */
  function faulty(fault: Fault): XenParts['hypervisor'] {
    return (options) => {
      const service = hypervisor(options);
      const attachFaulty = (running: RunningService, guest: AttachedGuest): Attachment => {
        const { interrupts } = guest.ports;
        const port: InterruptPort = {
          setLevel: (pe, intid, asserted) => interrupts.setLevel(pe, intid, asserted),
          pulse: (pe, intid) => interrupts.pulse(pe, intid),
          pending: (pe) => interrupts.pending(pe),
          inFlight: (pe, intid) => interrupts.inFlight?.(pe, intid),
          ...fault.interrupts,
        };
        const ports = { ...guest.ports, interrupts: port };
        const attachment = running.attach({ ...guest, ports });
        const { after } = fault;
        if (!after) return attachment;
        const wrapped =
          (handler: Handler): Handler =>
          (call) =>
            after(call, handler(call));
        const implementations = attachment.implementations.map((part) => ({
          ...part,
          entries: part.entries.map((entry) => ({ ...entry, handler: wrapped(entry.handler) })),
          ranges: part.ranges.map((range) => ({ ...range, handler: wrapped(range.handler) })),
        }));
        return { ...attachment, implementations };
      };
      return {
        ...service,
        start: () => {
          const running = service.start();
          return { ...running, attach: (guest) => attachFaulty(running, guest) };
        },
      };
    };
  }

  async function differences(name: RecordingName, scenarios: number, fault: Fault): Promise<number> {
    const recording = structuredClone(await loadRecording(name));
    keep(recording, (_, index) => index < scenarios);
    const who = { xen: (setting: Setting) => xenMachine(setting, { hypervisor: faulty(fault) }) };
    return replay(recording, { subjects: who }).different;
  }

  test('none where there is none', async () => {
    expect(await differences('xen-4.17-two-domains', 6, {})).toBe(0);
  });

  test.each<[string, Fault]>([
    [
      'a result that is one too large',
      {
        after: ({ pe }, outcome) => {
          if (outcome.kind === 'returned') pe.x[0] = BigInt.asUintN(64, (pe.x[0] as bigint) + 1n);
          return outcome;
        },
      },
    ],
    [
      'a register that is not its own',
      {
        after: ({ pe }, outcome) => {
          pe.x[5] = 0n;
          return outcome;
        },
      },
    ],
    [
      'a flag that it clears',
      {
        after: ({ pe }, outcome) => {
          pe.pstate |= 0x4000_0000;
          return outcome;
        },
      },
    ],
    ['a call that does not come back', { after: () => ({ kind: 'wait', until: 'never', onWake: 'return', why: '' }) }],
    ['interrupts that nobody sees', { interrupts: { pulse: () => {} } }],
  ])('%s', async (_, fault) => {
    expect(await differences('xen-4.17-two-domains', 6, fault)).toBeGreaterThan(0);
  });

  test('a byte of memory that nobody asked to be changed', async () => {
    const recording = structuredClone(await loadRecording('xen-4.17-two-domains-silo'));
    const ports: AttachedGuest['ports'][] = [];
    const who = {
      xen: (setting: Setting) =>
        xenMachine(setting, {
          hypervisor: (options) => {
            const service = faulty({
              after: (_, outcome) => {
                ports[1]?.memory.write(0x4040_5123 as GuestPhysical, Uint8Array.of(1));
                return outcome;
              },
            })(options);
            return {
              ...service,
              start: () => {
                const running = service.start();
                const attach = (guest: AttachedGuest): Attachment => {
                  ports.push(guest.ports);
                  return running.attach(guest);
                };
                return { ...running, attach };
              },
            };
          },
        }),
    };
    const { details } = replay(recording, { subjects: who });
    expect(details.map(({ what }) => what)).toEqual(['domain 2 mem:0x40405123']);
  });
});
