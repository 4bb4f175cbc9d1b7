import { sdeiAbi, sdeiService } from '@trapline/smccc';
import { describe, expect, test } from 'vitest';
import { changed, TestGuest } from './bench-guest.js';
import { calls, DENIED, HANDLER, INVALID, OUT_OF_RESOURCE, SdeiGuest } from './sdei-guest.js';

test('the version is 1.0, or what is given', () => {
  expect(new SdeiGuest().sdei('version')).toBe(0x1_0000_0000_0000n);
  expect(new SdeiGuest({ version: { major: 1, minor: 1, vendor: 7 } }).sdei('version')).toBe(0x1_0001_0000_0007n);
});

test('no call has an SMC32 form', () => {
  const guest = new SdeiGuest();
  for (const { id } of sdeiAbi.all) expect(guest.call(id & ~0x4000_0000)).toBe(-1n);
});

test('a call from the secure state is not supported', () => {
  const guest = new SdeiGuest();
  guest.cpu(0).secure = true;
  guest.cpu(0).scr = 0;
  for (const name of Object.keys(calls) as (keyof typeof calls)[]) expect(guest.sdei(name)).toBe(-1n);
});

test('a call from below the level of the client is not supported', () => {
  const guest = new TestGuest([sdeiService()], { hasEl2: true, vcpus: [{ boot: { el: 2 } }] });
  expect(guest.call(calls.eventStatus.id, [0])).toBe(0n);
  guest.cpu(0).setLevel(1);
  for (const { id } of sdeiAbi.all) expect(guest.call(id)).toBe(-1n);
});

test('a CPU that goes on at an entry point has its events masked and keeps its handlers', () => {
  const guest = new SdeiGuest();
  const { attachment } = guest.guest.services.at(-1) as (typeof guest.guest.services)[number];
  const cpu = guest.cpu(1);
  guest.listen(0, 1);
  attachment.woke?.(cpu, false);
  expect(guest.sdei('peMask', [], { cpu: 1 })).toBe(1n);
  guest.sdei('peUnmask', [], { cpu: 1 });
  attachment.woke?.(cpu, true);
  expect(guest.sdei('peMask', [], { cpu: 1 })).toBe(0n);
  expect(guest.status(0, 1)).toBe(3n);
});

describe('registration', () => {
  test('a CPU that the platform declares can be named, whether it exists or not', () => {
    expect(new SdeiGuest().sdei('eventRegister', [100, HANDLER, 0, 1, 0x103])).toBe(INVALID);
    const guest = new SdeiGuest({ declared: [0x103] });
    expect(guest.sdei('eventRegister', [100, HANDLER, 0, 1, 0x103])).toBe(0n);
    expect(guest.sdei('eventGetInfo', [100, 4])).toBe(0x103n);
    expect(guest.sdei('eventSignal', [0, 0x103])).toBe(INVALID);
  });

  test('checks entry, flags, event and state in this order', () => {
    const guest = new SdeiGuest();
    expect(guest.sdei('eventRegister', [0, 0])).toBe(INVALID);
    expect(guest.sdei('eventRegister', [0, HANDLER, 0, 2, 0])).toBe(INVALID);
    expect(guest.sdei('eventRegister', [0, HANDLER, 0, 2n ** 32n, 0])).toBe(INVALID);
    expect(guest.sdei('eventRegister', [0, HANDLER, 0, 1, 0x77])).toBe(INVALID);
    expect(guest.sdei('eventRegister', [1234, HANDLER, 0, 0, 0])).toBe(INVALID);
    expect(guest.sdei('eventRegister', [0, HANDLER, 0, 0, 0])).toBe(0n);
    expect(guest.sdei('eventRegister', [0, HANDLER, 0, 0, 0])).toBe(DENIED);
    expect(guest.sdei('eventRegister', [200, HANDLER, 0, 0, 0])).toBe(DENIED);
  });

  test('a handler may lie in the high half of the address space only', () => {
    expect(new SdeiGuest().sdei('eventRegister', [0, 2n ** 63n, 0, 0, 0])).toBe(0n);
  });

  test('a private event is registered on each CPU by itself', () => {
    const guest = new SdeiGuest();
    guest.ready(8);
    expect([guest.status(8, 0), guest.status(8, 1)]).toEqual([3n, 0n]);
    guest.ready(8, 1);
    expect(guest.sdei('eventUnregister', [8])).toBe(0n);
    expect([guest.status(8, 0), guest.status(8, 1)]).toEqual([0n, 3n]);
  });

  test('a shared event is registered once for all', () => {
    const guest = new SdeiGuest();
    guest.ready(100, 2);
    expect(guest.status(100, 0)).toBe(3n);
    expect(guest.sdei('eventRegister', [100, HANDLER, 0, 0, 0])).toBe(DENIED);
  });

  test('only the low 32 bits name the event', () => {
    expect(new SdeiGuest().sdei('eventStatus', [0x1_0000_0008n])).toBe(0n);
  });

  test('what is not registered is not enabled, disabled or unregistered', () => {
    const guest = new SdeiGuest();
    for (const name of ['eventEnable', 'eventDisable', 'eventUnregister'] as const) {
      expect(guest.sdei(name, [8])).toBe(DENIED);
      expect(guest.sdei(name, [7])).toBe(INVALID);
    }
    expect(guest.sdei('eventStatus', [7])).toBe(INVALID);
    expect(guest.sdei('eventStatus', [-1])).toBe(INVALID);
  });

  test('enabling and disabling twice is a success', () => {
    const guest = new SdeiGuest();
    guest.ready(8);
    expect(guest.sdei('eventEnable', [8])).toBe(0n);
    expect(guest.sdei('eventDisable', [8])).toBe(0n);
    expect(guest.sdei('eventDisable', [8])).toBe(0n);
    expect(guest.status(8)).toBe(1n);
  });
});

describe('properties', () => {
  test('of private events: type, signalled, priority, and no routing', () => {
    const guest = new SdeiGuest();
    const info = (event: number): bigint[] =>
      [0, 1, 2, 3, 4, 5].map((what) => guest.sdei('eventGetInfo', [event, what]));
    expect(info(0)).toEqual([0n, 0n, 0n, INVALID, INVALID, INVALID]);
    expect(info(9)).toEqual([0n, 1n, 1n, INVALID, INVALID, INVALID]);
    expect(guest.sdei('eventGetInfo', [7, 0])).toBe(INVALID);
  });

  test('of shared events: routing once they are registered', () => {
    const guest = new SdeiGuest();
    const routing = (): bigint[] => [3, 4].map((what) => guest.sdei('eventGetInfo', [100, what]));
    expect(guest.sdei('eventGetInfo', [100, 0])).toBe(1n);
    expect(routing()).toEqual([DENIED, DENIED]);
    guest.ready(100, 0, 1, 0x8000_0002);
    expect(routing()).toEqual([1n, 2n]);
    expect(guest.sdei('eventDisable', [100])).toBe(0n);
    expect(guest.sdei('eventRoutingSet', [100, 0, 0])).toBe(0n);
    expect(routing()).toEqual([0n, INVALID]);
  });

  test('routing is set for a shared event that is registered and disabled', () => {
    const guest = new SdeiGuest();
    expect(guest.sdei('eventRoutingSet', [100, 2, 0])).toBe(INVALID);
    expect(guest.sdei('eventRoutingSet', [100, 1, 0x77])).toBe(INVALID);
    expect(guest.sdei('eventRoutingSet', [7, 0, 0])).toBe(INVALID);
    expect(guest.sdei('eventRoutingSet', [8, 0, 0])).toBe(INVALID);
    expect(guest.sdei('eventRoutingSet', [201, 0, 0])).toBe(INVALID);
    expect(guest.sdei('eventRoutingSet', [100, 0, 0])).toBe(DENIED);
    guest.ready(100);
    expect(guest.sdei('eventRoutingSet', [100, 1, 1])).toBe(DENIED);
  });
});

describe('masking', () => {
  test('tells whether it changed anything', () => {
    const guest = new SdeiGuest();
    expect(guest.sdei('peMask')).toBe(0n);
    expect(guest.sdei('peUnmask')).toBe(0n);
    expect(guest.sdei('peMask')).toBe(1n);
    expect(guest.sdei('peMask')).toBe(0n);
    expect(changed(guest, 0)).toEqual({ x0: '0x0' });
  });

  test('a started CPU has its events masked and no private handler', () => {
    const guest = new SdeiGuest();
    guest.listen(8, 1);
    const { power } = guest.guest.ports;
    guest.cpu(1).powerState = 'off';
    power.start(guest.cpu(1));
    guest.guest.enter(guest.cpu(1));
    expect(guest.status(8, 1)).toBe(0n);
    expect(guest.sdei('peMask', [], { cpu: 1 })).toBe(0n);
  });
});

describe('binding', () => {
  test('takes slots of the right kind until there are none', () => {
    const guest = new SdeiGuest();
    expect(guest.sdei('features', [0])).toBe(0x1_0001n);
    expect(guest.sdei('interruptBind', [40])).toBe(201n);
    expect(guest.sdei('interruptBind', [40])).toBe(201n);
    expect(guest.sdei('interruptBind', [41])).toBe(OUT_OF_RESOURCE);
    expect(guest.sdei('interruptBind', [20])).toBe(200n);
    expect(guest.sdei('interruptBind', [21])).toBe(OUT_OF_RESOURCE);
  });

  test("refuses SGIs, numbers beyond the last SPI, the platform's own and the secure world's interrupts", () => {
    const guest = new SdeiGuest({ secureInterrupts: [50] });
    for (const intid of [0, 15, 1020, 0xffff_ffff, 23, 64]) expect(guest.sdei('interruptBind', [intid])).toBe(INVALID);
    expect(guest.sdei('interruptBind', [50])).toBe(DENIED);
  });

  test('is given back once nobody has a handler', () => {
    const guest = new SdeiGuest();
    expect(guest.sdei('interruptRelease', [7])).toBe(INVALID);
    expect(guest.sdei('interruptRelease', [8])).toBe(INVALID);
    expect(guest.sdei('interruptRelease', [200])).toBe(INVALID);
    guest.sdei('interruptBind', [20]);
    guest.ready(200, 1);
    expect(guest.sdei('interruptRelease', [200])).toBe(DENIED);
    expect(guest.sdei('eventUnregister', [200], { cpu: 1 })).toBe(0n);
    expect(guest.sdei('interruptRelease', [200])).toBe(0n);
    expect(guest.sdei('eventRegister', [200, HANDLER, 0, 0, 0])).toBe(DENIED);
  });

  test('there is one feature', () => {
    for (const feature of [1, 2, 0xffff_ffff]) expect(new SdeiGuest().sdei('features', [feature])).toBe(INVALID);
  });
});

describe('reset', () => {
  test("of private events concerns the calling CPU's", () => {
    const guest = new SdeiGuest();
    for (const cpu of [0, 1]) guest.ready(8, cpu);
    guest.ready(100);
    expect(guest.sdei('privateReset')).toBe(0n);
    expect([guest.status(8, 0), guest.status(8, 1), guest.status(100)]).toEqual([0n, 3n, 3n]);
  });

  test('of shared events gives interrupts back, unless a private handler holds one', () => {
    const guest = new SdeiGuest();
    guest.ready(100);
    guest.sdei('interruptBind', [40]);
    expect(guest.sdei('sharedReset')).toBe(0n);
    expect(guest.status(100)).toBe(0n);
    expect(guest.sdei('interruptRelease', [201])).toBe(INVALID);
    guest.sdei('interruptBind', [20]);
    guest.ready(200, 3);
    expect(guest.sdei('sharedReset')).toBe(DENIED);
  });

  test('is denied while a handler runs, which it unregisters all the same', () => {
    const guest = new SdeiGuest();
    guest.listen(8);
    guest.signals.raise(8, guest.cpu(0));
    expect(guest.sdei('privateReset')).toBe(DENIED);
    expect(guest.status(8)).toBe(4n);
    guest.listen(100, 1);
    guest.signals.raise(100, guest.cpu(1));
    expect(guest.handling(1)).toBe(100n);
    expect(guest.sdei('sharedReset', [], { cpu: 2 })).toBe(DENIED);
  });
});
