import { type CallStep, loadRecording, type Recording, type RecordingName, type Scenario } from '@trapline/recordings';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trapline } from './harness.js';

const NAMES: readonly RecordingName[] = [
  'psci-qemu-7.2-hvc',
  'psci-qemu-7.2-a32-hvc',
  'psci-tfa-default',
  'psci-tfa-full',
  'psci-tfa-hooks',
];

/** A place in a scenario where something observed stands, and how to damage it. */
interface Damage {
  readonly step: number;
  readonly what: string;
  apply(scenario: Mutable): void;
}

/** A scenario as a test changes it: a copy of its own. */
type Mutable = { steps: Record<string, unknown>[] };

const flipped = (value: string, bit: number) => `0x${(BigInt(value) ^ (1n << BigInt(bit))).toString(16)}`;

/** Every register, state and syndrome that was observed and does not vary. */
function damagesOf(scenario: Scenario): readonly Damage[] {
  return scenario.steps.flatMap((step, index): Damage[] => {
    const varies = (name: string) => 'volatile' in step && step.volatile?.includes(name);
    const values = (field: 'out' | 'state' | 'exception', names: readonly string[]): Damage[] =>
      names
        .filter((name) => !varies(name) && !varies(name.replace('x', 'r')))
        .map((name) => ({
          step: index,
          what: `${field}.${name}`,
          apply: ({ steps }) => {
            const holder = steps[index]?.[field] as Record<string, string>;
            holder[name] = flipped(holder[name] as string, 1);
          },
        }));
    const flag = (field: string): Damage => ({
      step: index,
      what: field,
      apply: ({ steps }) => {
        const holder = steps[index] as Record<string, unknown>;
        holder[field] = !holder[field];
      },
    });
    switch (step.op) {
      case 'call':
        return [
          ...values('out', Object.keys(step.out ?? {})),
          ...values('exception', step.exception ? ['esr'] : []),
          ...values('state', Object.keys(step.state ?? {})),
          ...(changesBySilence(step) ? [unlistedChange(index)] : []),
        ];
      case 'poll':
        return values('out', Object.keys(step.out));
      case 'entry':
        return [flag('entered'), ...values('state', Object.keys(step.state ?? {}))];
      default:
        return [];
    }
  });
}

function changesBySilence(step: CallStep): boolean {
  return step.out !== null && step.out !== undefined && !('x7' in step.out) && !step.exception;
}

/** A register that the recording says has changed, and has not. */
function unlistedChange(index: number): Damage {
  return {
    step: index,
    what: 'x7 unchanged',
    apply: ({ steps }) => {
      (steps[index]?.out as Record<string, string>).x7 = '0x5eed';
    },
  };
}

/** Where the tool finds something in a recording that it reads from its standard input. */
async function detailsOf(recording: Recording): Promise<readonly { scenarioIndex: number; step: number | null }[]> {
  const stdin = () => new TextEncoder().encode(JSON.stringify(recording));
  const { out } = await trapline(['replay', '-', '--json'], { stdin });
  return (JSON.parse(out) as { files: [{ details: { scenarioIndex: number; step: number | null }[] }] }).files[0]
    .details;
}

describe.each(NAMES)('%s, with one observation damaged in every scenario', (name) => {
  it('is reported in every scenario at the damaged step', async () => {
    const recording = await loadRecording(name);
    const choices = recording.scenarios.map(damagesOf);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { minLength: choices.length, maxLength: choices.length }), async (picks) => {
        const damaged = structuredClone(recording) as Recording;
        const chosen = choices.map((damages, i) => damages[(picks[i] ?? 0) % Math.max(1, damages.length)]);
        chosen.forEach((damage, i) => {
          damage?.apply(damaged.scenarios[i] as unknown as Mutable);
        });
        const details = await detailsOf(damaged);
        const missed = chosen.flatMap((damage, i) => {
          const seen = details.some(({ scenarioIndex, step }) => scenarioIndex === i && step === damage?.step);
          return damage === undefined || seen ? [] : [`${damaged.scenarios[i]?.id} ${damage.step} ${damage.what}`];
        });
        expect(missed).toEqual([]);
      }),
      { numRuns: 3, seed: 1, endOnFailure: true },
    );
  });
});
