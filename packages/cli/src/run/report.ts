import type { Style } from '../io.js';
import type { GuestReport, RunReport } from './session.js';
import type { TraceEntry } from './trace.js';

/** A run for people: what was found, the trace, and a line that sums up. */
export function textReport({ guests, trace, time }: RunReport, style: Style): string {
  const several = guests.length > 1;
  const lines = guests.flatMap((guest) => guestLines(guest, style));
  lines.push('', style('dim', head(several)));
  for (const entry of trace.entries) lines.push(traceLine(entry, several, style));
  lines.push('', summary({ guests, trace, time }));
  return `${lines.join('\n')}\n`;
}

/** One entry as a line of stable columns, without colours: what `--trace` writes beside JSON. */
export function traceLine(entry: TraceEntry, several: boolean, style: Style): string {
  const place = `${several ? entry.guest.padEnd(10) : ''}${String(entry.cpu).padStart(3)}`;
  const text = entry.what === 'call' ? entry.text : style('green', entry.text);
  return `${timeWords(BigInt(entry.time))}  ${place}  ${(entry.conduit ?? '').padEnd(3)}  ${text}`;
}

function head(several: boolean): string {
  return `${'time (s)'.padEnd(11)}  ${several ? 'guest'.padEnd(10) : ''}cpu  via  call`;
}

function guestLines(guest: GuestReport, style: Style): string[] {
  const { name, cpus, interfaces, services, drivers } = guest;
  return [
    style('bold', `${name}: ${count(cpus, 'CPU')}`),
    ...interfaces.map(
      (found) =>
        `  found    ${found.interface}${found.version === null ? '' : ` ${found.version}`} at ${found.path}: ${found.conduit ?? 'no conduit'} (${found.why})`,
    ),
    `  answers  ${services.join(', ') || 'nobody'}`,
    `  bound    ${drivers.join(', ') || 'no driver'}`,
  ];
}

function summary({ guests, trace, time }: RunReport): string {
  const interfaces = guests.reduce((sum, guest) => sum + guest.interfaces.length, 0);
  const drivers = guests.reduce((sum, guest) => sum + guest.drivers.length, 0);
  const cpus = guests.reduce((sum, guest) => sum + guest.cpus, 0);
  const ends = guests.map((guest) => `${guests.length > 1 ? `${guest.name} ` : ''}${endWords(guest)}`);
  return [
    count(interfaces, 'interface'),
    `${count(drivers, 'driver')} bound`,
    `${count(trace.calls, 'call')} on ${count(cpus, 'CPU')}`,
    `${timeWords(time)} s of virtual time`,
    ends.join('; '),
  ].join(', ');
}

/** What became of a guest: it was shut down, or what keeps it. */
export function endWords({ ended, stuck }: GuestReport): string {
  if (stuck.length > 0) return `stuck: ${stuck.join(', ')}`;
  return ended === undefined ? 'nothing to exercise' : `ended by ${ended}`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

/** Seconds with nine digits: every nanosecond of a virtual clock means something. */
function timeWords(nanoseconds: bigint): string {
  const text = nanoseconds.toString().padStart(10, '0');
  return `${text.slice(0, -9)}.${text.slice(-9)}`;
}
