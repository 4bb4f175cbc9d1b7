import { bytes, type Check, count, fields, flag, hex, listOf, object, orNull, recordOf, text, width } from './check.js';
import { RecordingError } from './error.js';
import type { Recording } from './format/recording.js';
import { memory, traced, traffic } from './traffic-checks.js';

/** Longest text that {@link parseRecording} reads, in characters: sixty times the longest recording of this package. */
export const MAX_RECORDING_LENGTH: number = 64 * 1024 * 1024;

const registers = recordOf(hex);
const exception = fields({
  'ec?': hex,
  'esr?': hex,
  'elrMinusInsn?': hex,
  'lrUndMinusInsn?': hex,
  'spsr?': hex,
  'far?': hex,
});
const actor = { 'cpu?': count, 'vcpu?': count, 'domain?': count };
const tolerance = { 'volatile?': listOf(text), 'volatileMask?': registers };
const instruction = { ...actor, conduit: text, imm: hex, width };
const input = { ...instruction, in: registers };

/** What every step of a kind has to have. Kinds that are not listed pass: whoever plays them judges them. */
const STEPS: Readonly<Record<string, Check>> = {
  call: fields({
    ...input,
    ...tolerance,
    ...traffic,
    'out?': orNull(registers),
    'exception?': exception,
    'el?': count,
    'daif?': hex,
    'daifAfter?': hex,
    'memAlso?': memory,
    'wake?': fields({ cntpTimerMs: count }),
    'machine?': fields({ events: listOf(fields({ event: text })), stillRunning: flag }),
    'state?': registers,
    'repeat?': count,
    'waitedMs?': count,
    'settleMs?': count,
    'waiting?': listOf(count),
    'stops?': listOf(count),
    'burst?': flag,
    'notRun?': flag,
    'resumedAtEntry?': flag,
  }),
  poll: fields({ ...input, ...tolerance, until: registers, out: registers }),
  sweep: fields({
    ...instruction,
    ids: listOf(fields({ from: hex, to: hex })),
    default: registers,
    exceptions: listOf(fields({ id: hex, out: registers })),
  }),
  guest: fields({
    ...actor,
    do: text,
    'addr?': hex,
    'hex?': bytes,
    'value?': text,
    'spsr?': hex,
    'intid?': count,
    'bytesStored?': count,
    'memAlso?': memory,
    'exception?': exception,
  }),
  vmm: fields({ ...actor, ...traffic, action: text }),
  alarm: fields({ ...actor, ...traffic, at: hex }),
  mem: fields({
    ...actor,
    ...tolerance,
    addr: hex,
    'hex?': bytes,
    'fault?': fields({ esr: hex, far: hex }),
    'len?': count,
  }),
  sysreg: fields({ ...actor, ...tolerance, name: text, value: hex, 'mmio?': fields({ addr: hex, size: count }) }),
  boot: fields({ ...actor, ...tolerance, width, causeStep: count, cpuOnStep: orNull(count) }),
  entry: fields({
    ...actor,
    ...tolerance,
    ...traffic,
    'entered?': flag,
    'state?': registers,
    'regs?': registers,
    'pc?': hex,
  }),
  return: fields({
    ...actor,
    ...tolerance,
    ...traffic,
    out: registers,
    'memAlso?': memory,
    'exception?': exception,
    'waiting?': listOf(count),
  }),
  exit: fields({ ...actor, exitReason: count }),
  delay: fields({ ...actor, ms: count }),
};

const step: Check = (value, place) => {
  fields({ op: text })(value, place);
  const { op } = value as { readonly op: string };
  if (Object.hasOwn(STEPS, op)) STEPS[op]?.(value, place);
};

const range = fields({ base: hex, size: hex });
const domain = fields({
  domid: count,
  vcpus: count,
  mpidr: listOf(hex),
  ramBase: hex,
  ramSize: hex,
  evtchnPPI: count,
  gicd: hex,
  gicr: hex,
  'operands?': range,
  'holes?': listOf(hex),
});
const settings = fields({
  'domain?': domain,
  'domains?': listOf(domain),
  'otherDomains?': listOf(count),
  'traced?': traced,
});

const recording = fields({
  subject: fields({ package: text, profile: text, options: object }),
  oracle: text,
  recorded: text,
  environment: settings,
  scenarios: listOf(
    fields({
      id: text,
      fresh: flag,
      'boot?': object,
      'environment?': settings,
      'observed?': object,
      'vm?': orNull(object),
      steps: listOf(step),
    }),
  ),
});

/**
 * Reads a recording from the text of a file: one of this package's, or one that somebody else made.
 *
 * Fields that the format does not know are kept. Throws {@link RecordingError} for a text above
 * {@link MAX_RECORDING_LENGTH}, for one that is not JSON, and for a field that is missing or of the wrong kind.
 */
export function parseRecording(text: string): Recording {
  if (text.length > MAX_RECORDING_LENGTH) {
    throw new RecordingError('', `is ${text.length} characters long: at most ${MAX_RECORDING_LENGTH} are read`);
  }
  const value = parsed(text);
  recording(value, '');
  return value as Recording;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const endsEarly = text.trimStart().startsWith('{') && !text.trimEnd().endsWith('}');
    if (endsEarly) throw new RecordingError('', `is not whole, as if its writer was stopped: ${words}`);
    throw new RecordingError('', `is not JSON: ${words}`);
  }
}
