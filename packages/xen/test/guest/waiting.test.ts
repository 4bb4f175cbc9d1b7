import { Scheduler } from '@trapline/trap-bus';
import { storeService, XenStore, type XenstoreClient, xenStatus } from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { bound, worldOf } from './world.js';

function scheduled(spec: Parameters<typeof worldOf>[0] = {}) {
  const { machine, guests } = worldOf(spec);
  const guest = guests.one as NonNullable<typeof guests.one>;
  const events: string[] = [];
  guest.ports.system.events$.subscribe(({ event }) => events.push(event));
  const scheduler = new Scheduler(guest, { clock: machine.clock });
  return { machine, guest, scheduler, events, xen: bound(guest) };
}

describe('a guest program', () => {
  test('polls until its time has come', () => {
    const { scheduler, xen, machine } = scheduled();
    let result: unknown;
    scheduler.spawn(0, function* () {
      const port = xen.events.bindIpi(0) as number;
      result = yield* xen.scheduling.poll([port], 5_000_000n);
    });
    scheduler.run();
    expect([result, machine.clock.now()]).toEqual([0, 5_000_000n]);
  });

  test('does not wait where a port has an event already', () => {
    const { scheduler, xen, machine } = scheduled();
    let result: unknown;
    scheduler.spawn(0, function* () {
      const port = xen.events.bindIpi(0) as number;
      xen.events.send(port);
      result = yield* xen.scheduling.poll([port], 5_000_000n);
    });
    scheduler.run();
    expect([result, machine.clock.now()]).toEqual([0, 0n]);
  });

  test('yields and blocks, and is woken by an event', () => {
    const { scheduler, xen, guest } = scheduled();
    // GICR_ISENABLER0, as a kernel does that requests the interrupt.
    guest.world.models.gic?.setEnabled(guest.vcpu(0), xen.node.eventInterrupt as number, true);
    const seen: unknown[] = [];
    scheduler.spawn(0, function* () {
      const port = xen.events.bindIpi(0) as number;
      xen.events.listen(port, () => seen.push('event'));
      seen.push(yield* xen.scheduling.yield());
      xen.events.send(port);
      seen.push(yield* xen.scheduling.block());
      xen.events.upcall();
    });
    scheduler.run();
    expect(seen).toEqual([0, 0, 'event']);
  });

  test('shuts its domain down, and nothing comes after', () => {
    const { scheduler, xen, events } = scheduled();
    let after = false;
    scheduler.spawn(0, function* () {
      yield* xen.scheduling.shutdown('reboot');
      after = true;
    });
    scheduler.run();
    expect([after, events]).toEqual([false, ['reset']]);
  });
});

test('a program waits for xenstore until something has changed there', () => {
  const store = new XenStore();
  const { scheduler, xen, guest, machine } = scheduled({ services: [storeService(store)] });
  guest.ports.clock.at(2_000_000n, () => store.write('/local/domain/1/control/shutdown', 'poweroff'));
  const seen: string[] = [];
  scheduler.spawn(0, function* () {
    const client = xen.openStore() as XenstoreClient;
    yield* client.watch('control/shutdown', ({ path }) => seen.push(path));
    while (seen.length < 2) yield* client.nextEvent();
    seen.push(String(yield* client.read('control/shutdown')));
  });
  scheduler.run();
  expect([seen, machine.clock.now()]).toEqual([['control/shutdown', 'control/shutdown', 'poweroff'], 2_000_000n]);
});

test('watchdogs by number, as many as Xen has', () => {
  const { xen } = scheduled();
  expect([xen.scheduling.watchdog(60), xen.scheduling.watchdog(60)]).toEqual([1, 2]);
  expect(xen.scheduling.watchdog(60)).toBe(xenStatus.ENOSPC);
  expect(xen.scheduling.watchdog(0, 1)).toBe(0);
});

test('more ports than a poll takes are refused before the call', () => {
  const { xen } = scheduled();
  expect(() => xen.scheduling.poll(Array.from({ length: 129 }, (_, i) => i))).toThrow(RangeError);
});
