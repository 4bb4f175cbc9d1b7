import { bytes, type Check, count, fields, flag, hex, listOf, orNull, recordOf, text } from './check.js';
import { RecordingError } from './error.js';

/** Most bytes that one entry of `memIn` or `memOut` stands for, repeated or not: a large page. */
export const MAX_ENTRY_BYTES: number = 2 * 1024 * 1024;

const entry = fields({
  'at?': text,
  addr: hex,
  'hex?': bytes,
  'times?': count,
  'access?': count,
  'domain?': count,
  'page?': text,
});

/** A list of bytes where they stand, of which no entry is too long. */
const bytesWhere = (check: Check): Check =>
  listOf((value, place) => {
    check(value, place);
    const { hex: digits = '', times = 1 } = value as { readonly hex?: string; readonly times?: number };
    const length = (digits.length / 2) * times;
    if (length > MAX_ENTRY_BYTES) throw new RecordingError(place, `is ${length} bytes: at most ${MAX_ENTRY_BYTES}`);
  });

/** Bytes of guest memory. */
export const memory: Check = bytesWhere(entry);

const change: Check = (value, place) => {
  if (value !== 'asserted' && value !== 'deasserted' && value !== 'pulsed') {
    throw new RecordingError(place, 'must be asserted, deasserted or pulsed');
  }
};

const access: Check = (value, place) => {
  if (value !== 'read' && value !== 'write') throw new RecordingError(place, 'must be read or write');
};

/** Clocks as they stood. */
const time: Check = fields({ 'now?': hex, 'counter?': hex, 'wall?': hex, 'stolen?': recordOf(hex) });

/** What passed the ports during a step. */
export const traffic: Readonly<Record<string, Check>> = {
  'memIn?': memory,
  'translations?': listOf(fields({ va: hex, 'pa?': hex, access })),
  'time?': time,
  'random?': listOf(orNull(bytes)),
  'pending?': listOf(count),
  'inFlight?': listOf(fields({ cpu: count, intid: count, is: flag })),
  'media?': bytesWhere(fields({ medium: count, addr: hex, hex: bytes, 'times?': count })),
  'memOut?': memory,
  'interrupts?': listOf(fields({ cpu: count, intid: count, change })),
};

/** What a trace's environment says of the ports before the first step. */
const standing: Check = fields({ 'time?': time, 'random?': listOf(orNull(bytes)) });

/** The machine of a trace. */
export const traced: Check = fields({
  guest: text,
  midr: hex,
  frequency: count,
  regions: listOf(fields({ base: hex, size: hex })),
  ports: standing,
});
