import { hypervisor } from '@trapline/xen';
import { loadRecording } from '@trapline/recordings';
import { replay, type Setting, xenMachine } from '@trapline/replay';
import { test, vi } from 'vitest';
vi.setConfig({ testTimeout: 300_000 });
const subjects = { xen: (setting: Setting) => xenMachine(setting, { hypervisor } as never) };
for (const name of (process.env.REC ?? 'xen-4.17-domu').split(',')) {
  test(name, async () => {
    const report = replay(await loadRecording(name as never), { subjects, ...(process.env.SCEN ? { scenarios: process.env.SCEN.split(',') } : {}) } as never);
    const by: Record<string, number> = {};
    for (const d of report.details) by[d.scenario] = (by[d.scenario] ?? 0) + 1;
    console.log(name, report.calls, 'equal', report.equal, 'different', report.different, 'skipped', report.skipped, JSON.stringify(by));
    console.log(report.details.filter((d) => !process.env.ONLY || d.scenario.includes(process.env.ONLY)).slice(0, Number(process.env.N ?? 25)).map((d) => JSON.stringify(d).slice(0, 400)).join('\n'));
  });
}
