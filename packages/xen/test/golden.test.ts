import { loadRecording, type Recording, type RecordingName, type Scenario } from '@trapline/recordings';
import { type FileReport, replay, type Setting, xenMachine } from '@trapline/replay';
import { hypervisor } from '@trapline/xen';
import { describe, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 120_000 });

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
