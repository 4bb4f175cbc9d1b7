import type { RunReport } from './session.js';

/** A run for programs. */
export function jsonReport(source: string, { guests, trace, time }: RunReport): string {
  const report = {
    source,
    guests: guests.map(({ interfaces, ended, ...guest }) => ({
      ...guest,
      interfaces: interfaces.map(({ path, interface: name, version, conduit, conduitSource, driver }) => ({
        path,
        interface: name,
        version,
        conduit,
        conduitSource,
        driver,
      })),
      ended: ended ?? null,
    })),
    trace: trace.entries,
    time: Number(time),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
