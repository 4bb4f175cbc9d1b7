import { type CallStep, type EntryStep, parseRecording, type Recording, type Step } from '@trapline/recordings';

const ENTRY = '0x40000010';

/** A call as recordings have it, by HVC from CPU 0. */
export function call(x0: string, out: Readonly<Record<string, string>> | null, more: object = {}): CallStep {
  const { in: registers, ...fields } = more as { readonly in?: object };
  const step = {
    op: 'call',
    conduit: 'hvc',
    imm: '0x0',
    width: 64,
    in: { x0, ...registers },
    out,
    fill: true,
    ...fields,
  };
  return step as unknown as CallStep;
}

/** A CPU's arrival at the entry point. */
export function entry(cpu: number, state: Readonly<Record<string, string>> = {}): EntryStep {
  return { op: 'entry', cpu, entered: true, state } as unknown as EntryStep;
}

/** A recording of the scenarios given by their steps. */
export function recordingOf(scenarios: readonly (readonly Step[])[], more: object = {}): Recording {
  return parseRecording(
    JSON.stringify({
      subject: { package: 'small', profile: 'right', options: {} },
      oracle: 'hand-made',
      recorded: '2026-01-01',
      environment: {
        mpidr: ['0x80000000', '0x80000001'],
        ram: { base: '0x40000000', size: '0x10000000' },
        guestWidth: 64,
        callerEL: 1,
        el2: false,
        el3: false,
        symbols: { entry: ENTRY },
        fill: { 'where a step says fill': ['0xa5a5NNNNc0deNNNN'] },
      },
      scenarios: scenarios.map((steps, i) => ({ id: `scenario ${i}`, fresh: true, steps })),
      ...more,
    }),
  );
}

export const VERSION: CallStep = call('0x84000000', { x0: '0x10001' });
export const START: CallStep = call(
  '0xc4000003',
  { x0: '0x0' },
  { in: { x1: '0x1', x2: ENTRY, x3: '0x1122334455667788' } },
);
export const ARRIVAL: EntryStep = entry(1, {
  x0: '0x1122334455667788',
  x1: '0x0',
  x17: '0x0',
  el: '0x1',
  daif: '0x3c0',
  spsel: '0x1',
  sctlr: '0xc50838',
  mpidr: '0x80000001',
});
export const AT_ENTRY: string = ENTRY;
