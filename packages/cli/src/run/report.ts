import type { InspectedInterface } from '@trapline/core';
import type { MemoryRegion } from '@trapline/stack';
import type { Style } from '../io.js';
import type { GuestReport, RunReport } from './session.js';
import type { Phase, TraceEntry } from './trace.js';

/** A run for people: what was found, the trace, and a line that sums up. */
export function textReport(source: string, { guests, trace, time }: RunReport, style: Style): string {
  const several = guests.length > 1;
  const lines = [style('bold', source), ...guests.flatMap((guest) => guestLines(guest, style))];
  for (const phase of PHASES) {
    const entries = trace.entries.filter((entry) => entry.phase === phase);
    if (entries.length === 0) continue;
    lines.push('', style('bold', phase), style('dim', head(several)));
    lines.push(...entries.map((entry) => traceLine(entry, several, style)));
  }
  lines.push('', summary({ guests, trace, time }));
  return `${lines.join('\n')}\n`;
}

const PHASES: readonly Phase[] = ['discovery', 'exercise'];

/** One entry as a line of stable columns. */
function traceLine(entry: TraceEntry, several: boolean, style: Style): string {
  const place = `${several ? entry.guest.padEnd(10) : ''}${String(entry.cpu).padStart(3)}`;
  const text = entry.what === 'call' ? entry.text : style('green', entry.text);
  return `${timeWords(BigInt(entry.time))}  ${place}  ${(entry.conduit ?? '').padEnd(3)}  ${text}`;
}

function head(several: boolean): string {
  return `${'time (s)'.padEnd(11)}  ${several ? 'guest'.padEnd(10) : ''}cpu  via  call`;
}

function guestLines(guest: GuestReport, style: Style): string[] {
  const { name, cpus, memory, interfaces, services, drivers, failures } = guest;
  return [
    `${name}: ${count(cpus, 'CPU')}, memory ${memory.map(regionWords).join(', ')}`,
    ...interfaces.map((found) => `  found    ${foundWords(found)}`),
    `  answers  ${services.join(', ') || 'nobody'}`,
    `  bound    ${drivers.join(', ') || 'no driver'}`,
    ...failures.map((failure) => style('red', `  failed   ${failure}`)),
  ];
}

/** `psci 1.0 at /psci, by smc: method = "smc"`. */
function foundWords({ interface: name, version, path, conduit, why }: InspectedInterface): string {
  return `${name}${version === null ? '' : ` ${version}`} at ${path}, ${conduit === null ? 'no conduit' : `by ${conduit}`}: ${why}`;
}

function regionWords({ base, size }: MemoryRegion): string {
  return `0x${base.toString(16)}–0x${(base + size - 1).toString(16)}`;
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
function endWords({ exercised, ended, stuck }: GuestReport): string {
  if (!exercised) return 'nothing to exercise';
  if (stuck.length > 0) return `stuck: ${stuck.join(', ')}`;
  return ended === undefined ? 'came to its end' : `ended by ${ended}`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

/** Seconds with nine digits: every nanosecond of a virtual clock means something. */
function timeWords(nanoseconds: bigint): string {
  const text = nanoseconds.toString().padStart(10, '0');
  return `${text.slice(0, -9)}.${text.slice(-9)}`;
}
