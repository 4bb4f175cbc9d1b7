import type { Outcome } from '@trapline/core';
import { connectDisk, type XenGuest } from '@trapline/xen';

/** Asks Xen who it is, says so on its consoles, sends an event to the CPU that asks, and uses what else the domain has. */
export function* askXen(xen: XenGuest, cpu: number): Generator<Outcome, void, void> {
  const { version } = xen.calls;
  version.version();
  version.extraversion();
  version.platformParameters();
  const words = `CPU ${cpu} under Xen ${xen.version.major}.${xen.version.minor}\n`;
  xen.console.write(words);
  const port = xen.events.bindIpi(cpu);
  if (typeof port === 'number') {
    xen.events.listen(port, () => undefined);
    xen.events.send(port);
    xen.events.upcall(cpu);
    xen.events.close(port);
  }
  xen.grants.size();
  yield* xen.openConsole()?.write(words) ?? [];
  yield* useDevices(xen);
}

/** Reads the domain's name, and the first sector of its disks. */
function* useDevices(xen: XenGuest): Generator<Outcome, void, void> {
  const store = xen.openStore();
  if (store === undefined) return;
  yield* store.read('name');
  const disks = yield* store.directory('device/vbd');
  if (!Array.isArray(disks)) return;
  for (const name of disks) {
    const disk = yield* connectDisk(xen, store, name);
    if (typeof disk === 'object' && 'sectors' in disk) yield* disk.read(0, 1);
  }
}
