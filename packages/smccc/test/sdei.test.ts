import { PC, RestoreError, type Saved, SP } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import {
  archService,
  attachSdei,
  MAX_EVENTS,
  type SdeiEvent,
  type SdeiOptions,
  type SdeiSignals,
  sdeiAbi,
  sdeiService,
} from '@trapline/smccc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changed, type How, TestGuest } from './bench-guest.js';

fc.configureGlobal({ seed: 1 });

const { calls } = sdeiAbi;
const HANDLER = 0xffff_8000_1234_5678n;
const ARGUMENT = 0xfeed_0000_0000_0042n;
const INVALID = -2n;
const DENIED = -3n;
const PENDING = -5n;
const OUT_OF_RESOURCE = -10n;

const EVENTS: readonly SdeiEvent[] = [
  { number: 8, interrupt: 23 },
  { number: 9, interrupt: 24, critical: true },
  { number: 100, shared: true, interrupt: 64 },
  { number: 101, shared: true, interrupt: 65, critical: true },
  { number: 200, dynamic: true },
  { number: 201, shared: true, dynamic: true },
];

/** A guest at EL1 whose four CPUs run, with events. */
class SdeiGuest extends TestGuest {
  readonly signals: SdeiSignals;

  constructor(options: SdeiOptions = {}) {
    let given: SdeiSignals | undefined;
    const connect: SdeiOptions['connect'] = (_, signals) => {
      given = signals;
    };
    super([archService(), sdeiService({ events: EVENTS, connect, ...options })], {
      vcpus: Array.from({ length: 4 }, () => ({ power: 'running' as const })),
    });
    this.signals = given as SdeiSignals;
  }

  sdei(name: keyof typeof calls, args: readonly (number | bigint)[] = [], how: How = {}): bigint {
    return this.call(calls[name].id, args, how);
  }

  /** Registers a handler and enables it. */
  ready(event: number, cpu = 0, flags = 0, affinity = 0): void {
    expect(this.sdei('eventRegister', [event, HANDLER + BigInt(event), ARGUMENT, flags, affinity], { cpu })).toBe(0n);
    expect(this.sdei('eventEnable', [event], { cpu })).toBe(0n);
  }

  /** Readies and unmasks. */
  listen(event: number, cpu = 0): void {
    this.ready(event, cpu);
    expect(this.sdei('peUnmask', [], { cpu })).toBe(0n);
  }

  /** The event whose handler a CPU has just been sent to. */
  handling(cpu = 0): bigint | undefined {
    const pc = this.cpu(cpu).x[PC] as bigint;
    return pc >= HANDLER && pc <= HANDLER + 0xffffn ? pc - HANDLER : undefined;
  }

  status(event: number, cpu = 0): bigint {
    return this.sdei('eventStatus', [event], { cpu });
  }
}

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

describe('registration', () => {
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

describe('delivery', () => {
  test('sends a CPU to its handler with event, argument and what it did in X0 to X3', () => {
    const guest = new SdeiGuest();
    guest.listen(8);
    const cpu = guest.cpu(0);
    for (let i = 0; i < 31; i++) cpu.x[i] = BigInt(0x1000 + i);
    cpu.x[PC] = 0x4008_0010n;
    cpu.pstate = 0x6000_0000 | 0x5;
    expect(guest.signals.raise(8, cpu)).toBe(true);
    expect([...cpu.x.slice(0, 4)]).toEqual([8n, ARGUMENT, 0x4008_0010n, 0x6000_0005n]);
    expect([...cpu.x.slice(4, 31)]).toEqual(Array.from({ length: 27 }, (_, i) => BigInt(0x1004 + i)));
    expect(cpu.x[PC]).toBe(HANDLER + 8n);
    expect(cpu.pstate).toBe(0x3c5);
    expect(guest.status(8)).toBe(7n);
  });

  test('keeps what was interrupted for CONTEXT, and puts it back on COMPLETE', () => {
    const guest = new SdeiGuest();
    guest.listen(8);
    const cpu = guest.cpu(0);
    for (let i = 0; i < 31; i++) cpu.x[i] = BigInt.asUintN(64, -BigInt(i + 1));
    cpu.x[PC] = 0xffff_ffff_ffff_0010n;
    cpu.pstate = 0x8000_0005 | 0;
    guest.signals.raise(8, cpu);
    for (let i = 0; i < 18; i++) expect(guest.sdei('eventContext', [i])).toBe(BigInt(-(i + 1)));
    for (const i of [18, 31, 0xffff_ffff]) expect(guest.sdei('eventContext', [i])).toBe(INVALID);
    for (let i = 18; i < 31; i++) cpu.x[i] = BigInt(i);
    cpu.x[0] = BigInt(calls.eventComplete.id >>> 0);
    expect(guest.machine.trap(cpu, 'smc', 0).kind).toBe('redirected');
    expect([...cpu.x.slice(0, 18)]).toEqual(Array.from({ length: 18 }, (_, i) => BigInt.asUintN(64, -BigInt(i + 1))));
    expect([...cpu.x.slice(18, 31)]).toEqual(Array.from({ length: 13 }, (_, i) => BigInt(i + 18)));
    expect(cpu.x[PC]).toBe(0xffff_ffff_ffff_0010n);
    expect(cpu.pstate).toBe(0x8000_0005 | 0);
    expect(guest.status(8)).toBe(3n);
  });

  test('interrupts EL0 and A32 as well, and goes back there with their stack pointer', () => {
    const guest = new SdeiGuest();
    guest.listen(8);
    const cpu = guest.cpu(0);
    cpu.x[SP] = 0x1111n;
    cpu.switchTo(0, 'a64', 0);
    cpu.x[SP] = 0x2222n;
    guest.signals.raise(8, cpu);
    expect([cpu.el, cpu.state, cpu.x[SP]]).toEqual([1, 'a64', 0x1111n]);
    guest.outcome(calls.eventComplete.id);
    expect([cpu.el, cpu.state, cpu.pstate, cpu.x[SP]]).toEqual([0, 'a64', 0, 0x2222n]);
    cpu.switchTo(0, 't32', 0x30);
    guest.signals.raise(8, cpu);
    expect([cpu.el, cpu.state, cpu.x[3]]).toEqual([1, 'a64', 0x30n]);
    guest.outcome(calls.eventComplete.id);
    expect([cpu.el, cpu.state, cpu.pstate]).toEqual([0, 't32', 0x30]);
  });

  test('runs handlers at EL2 where there is an EL2 below the firmware', () => {
    let signals: SdeiSignals | undefined;
    const service = sdeiService({
      events: EVENTS,
      connect: (_, given) => {
        signals = given;
      },
    });
    const guest = new TestGuest([archService(), service], { hasEl2: true, vcpus: [{ boot: { el: 2 } }] });
    guest.call(calls.eventRegister.id, [8, HANDLER, 0, 0, 0]);
    guest.call(calls.eventEnable.id, [8]);
    guest.call(calls.peUnmask.id);
    guest.cpu(0).switchTo(1, 'a64', 0x5);
    signals?.raise(8, guest.cpu(0));
    expect([guest.cpu(0).el, guest.cpu(0).pstate]).toEqual([2, 0x3c9]);
  });

  test('needs the event registered, enabled, and the CPU unmasked; signals before are kept once registered', () => {
    const guest = new SdeiGuest();
    expect(guest.signals.raise(8, guest.cpu(0))).toBe(false);
    expect(guest.signals.raise(7, guest.cpu(0))).toBe(false);
    guest.sdei('eventRegister', [8, HANDLER + 8n, 0, 0, 0]);
    guest.sdei('peUnmask');
    expect(guest.signals.raise(8, guest.cpu(0))).toBe(true);
    expect(guest.handling()).toBeUndefined();
    const at = (guest.cpu(0).x[PC] as bigint) + 4n;
    expect(guest.outcome(calls.eventEnable.id, [8]).kind).toBe('redirected');
    expect(guest.handling()).toBe(8n);
    expect(guest.x(2)).toBe(at);
    expect(guest.sdei('eventContext', [0])).toBe(0n);
  });

  test('a masked CPU gets what was signalled when it unmasks', () => {
    const guest = new SdeiGuest();
    guest.ready(8);
    guest.signals.raise(8, guest.cpu(0));
    expect(guest.handling()).toBeUndefined();
    expect(guest.outcome(calls.peUnmask.id).kind).toBe('redirected');
    expect(guest.handling()).toBe(8n);
  });

  test('unregistering and registering forget signals', () => {
    const guest = new SdeiGuest();
    guest.ready(8);
    guest.signals.raise(8, guest.cpu(0));
    guest.sdei('eventUnregister', [8]);
    guest.ready(8);
    expect(guest.outcome(calls.peUnmask.id).kind).toBe('returned');
  });

  test('a critical event interrupts a normal handler, nothing interrupts a critical one', () => {
    const guest = new SdeiGuest();
    for (const event of [0, 8, 9, 101]) guest.ready(event);
    guest.sdei('peUnmask');
    guest.signals.raise(8, guest.cpu(0));
    guest.signals.raise(9, guest.cpu(0));
    expect(guest.handling()).toBe(9n);
    expect(guest.x(2)).toBe(HANDLER + 8n);
    for (const event of [0, 101]) guest.signals.raise(event, guest.cpu(0));
    expect(guest.handling()).toBe(9n);
    const order: (bigint | undefined)[] = [];
    for (let i = 0; i < 4; i++) {
      guest.outcome(calls.eventComplete.id);
      order.push(guest.handling());
    }
    expect(order).toEqual([101n, 8n, 0n, undefined]);
    expect(guest.sdei('eventComplete')).toBe(DENIED);
  });

  test('a running handler is not entered again before it is complete', () => {
    const guest = new SdeiGuest();
    guest.listen(9);
    guest.signals.raise(9, guest.cpu(0));
    guest.signals.raise(9, guest.cpu(0));
    guest.cpu(0).x[PC] = 0n;
    expect(guest.outcome(calls.eventComplete.id).kind).toBe('redirected');
    expect(guest.handling()).toBe(9n);
  });

  test('a handler that is unregistered while it runs is PENDING until it completes', () => {
    const guest = new SdeiGuest();
    guest.listen(8);
    guest.signals.raise(8, guest.cpu(0));
    expect(guest.sdei('eventUnregister', [8])).toBe(PENDING);
    expect(guest.sdei('eventUnregister', [8])).toBe(PENDING);
    expect(guest.sdei('eventRegister', [8, HANDLER, 0, 0, 0])).toBe(DENIED);
    guest.outcome(calls.eventComplete.id);
    expect(guest.status(8)).toBe(0n);
  });

  test('CONTEXT and COMPLETE are denied where no handler runs', () => {
    const guest = new SdeiGuest();
    expect(guest.sdei('eventContext', [0])).toBe(DENIED);
    expect(guest.sdei('eventComplete')).toBe(DENIED);
    expect(guest.sdei('eventCompleteAndResume', [HANDLER])).toBe(DENIED);
  });

  test('COMPLETE_AND_RESUME goes to an address as if an exception had been taken', () => {
    const guest = new SdeiGuest();
    guest.listen(8);
    const cpu = guest.cpu(0);
    cpu.x[PC] = 0x4008_0020n;
    cpu.pstate = 0x5;
    cpu.x[7] = 77n;
    guest.signals.raise(8, cpu);
    expect(guest.outcome(calls.eventCompleteAndResume.id, [0xffff_0000_0000_0200n]).kind).toBe('redirected');
    expect(cpu.x[PC]).toBe(0xffff_0000_0000_0200n);
    expect(cpu.pstate).toBe(0x3c5);
    expect(cpu.x[7]).toBe(77n);
    expect([cpu.read('ELR_EL1'), cpu.read('SPSR_EL1')]).toEqual([0x4008_0020n, 0x5n]);
  });

  test('is not there where a CPU cannot be given ELR and SPSR', () => {
    const pe = { index: 0, affinity: 0 };
    const guest = { pes: [pe], hasEl2: false, level: 'el3', ports: {} } as unknown as Parameters<typeof attachSdei>[0];
    const names = attachSdei(guest).implementations[0]?.entries.map(({ declaration }) => declaration.name);
    expect(names).not.toContain('eventCompleteAndResume');
    expect(names).toContain('eventComplete');
  });

  test('a shared event goes to the CPU it is routed to, or to the first that can take it', () => {
    const guest = new SdeiGuest();
    guest.ready(100, 0, 1, 2);
    for (const cpu of [1, 2, 3]) guest.sdei('peUnmask', [], { cpu });
    guest.signals.interrupt(64, guest.cpu(1));
    expect([0, 1, 2, 3].map((cpu) => guest.handling(cpu))).toEqual([undefined, undefined, 100n, undefined]);
    guest.ready(101, 0);
    guest.signals.interrupt(65, guest.cpu(3));
    expect(guest.handling(1)).toBe(101n);
  });

  test('a bound interrupt signals its event, an ordinary one stays with the guest', () => {
    const guest = new SdeiGuest();
    expect(guest.signals.interrupt(64, guest.cpu(0))).toBe(false);
    expect(guest.signals.interrupt(99, guest.cpu(0))).toBe(false);
    guest.sdei('interruptBind', [20], { cpu: 1 });
    guest.listen(200, 1);
    expect(guest.signals.interrupt(20, guest.cpu(0))).toBe(false);
    expect(guest.signals.interrupt(20, guest.cpu(1))).toBe(true);
    expect(guest.handling(1)).toBe(200n);
  });

  test('a CPU that does not run is sent there when it goes on', () => {
    const guest = new SdeiGuest();
    guest.listen(8, 1);
    guest.cpu(1).powerState = 'waiting';
    expect(guest.signals.raise(8, guest.cpu(1))).toBe(true);
    expect(guest.signals.deliver(guest.cpu(1))).toBe(false);
    guest.cpu(1).powerState = 'running';
    expect(guest.signals.deliver(guest.cpu(1))).toBe(true);
    expect(guest.handling(1)).toBe(8n);
  });

  test('a CPU that goes off ends its handlers', () => {
    const guest = new SdeiGuest();
    guest.listen(8, 1);
    guest.ready(100, 1);
    guest.signals.raise(100, guest.cpu(1));
    expect(guest.handling(1)).toBe(100n);
    guest.guest.services.at(-1)?.attachment.offCompleted?.(guest.cpu(1));
    expect([guest.status(8, 1), guest.status(100)]).toEqual([0n, 3n]);
    expect(guest.sdei('eventContext', [0], { cpu: 1 })).toBe(DENIED);
  });
});

describe('SDEI_EVENT_SIGNAL', () => {
  test('signals event 0 to a CPU that is unmasked and has it enabled', () => {
    const guest = new SdeiGuest();
    guest.listen(0, 2);
    expect(guest.sdei('eventSignal', [0, 0x8000_0002])).toBe(0n);
    expect(guest.handling(2)).toBe(0n);
  });

  test('to itself arrives behind the call, whose result is kept', () => {
    const guest = new SdeiGuest();
    guest.listen(0);
    guest.cpu(0).x[PC] = 0xffff_fffcn;
    expect(guest.outcome(calls.eventSignal.id, [0, 0]).kind).toBe('redirected');
    expect(guest.handling()).toBe(0n);
    expect(guest.x(2)).toBe(0x1_0000_0000n);
    guest.outcome(calls.eventComplete.id);
    expect(guest.x(0)).toBe(0n);
    expect(guest.cpu(0).x[PC]).toBe(0x1_0000_0000n);
  });

  test('refuses other events, CPUs that are not there, masked, or without a handler', () => {
    const guest = new SdeiGuest();
    guest.ready(0, 1);
    guest.sdei('peUnmask', [], { cpu: 2 });
    expect(guest.sdei('eventSignal', [8, 1])).toBe(INVALID);
    for (const target of [0x77, 2n ** 32n, 1, 2]) expect(guest.sdei('eventSignal', [0, target])).toBe(INVALID);
  });
});

describe('composition', () => {
  test.each([
    [[{ number: 0 }], 'event 0 is there already'],
    [[{ number: -1 }], 'has no number of 31 bits'],
    [[{ number: 2 ** 31 }], 'has no number of 31 bits'],
    [[{ number: 5, interrupt: 40 }], 'is private and cannot have interrupt 40'],
    [[{ number: 5, shared: true, interrupt: 20 }], 'is shared and cannot have interrupt 20'],
    [[{ number: 5, dynamic: true, critical: true }], 'is a slot for binding'],
    [
      [
        { number: 5, interrupt: 20 },
        { number: 6, interrupt: 20 },
      ],
      'has the interrupt of another',
    ],
  ] as const)('%j is refused', (events, problem) => {
    expect(() => new SdeiGuest({ events })).toThrow(problem);
  });

  test('there are limits', () => {
    const events = Array.from({ length: MAX_EVENTS }, (_, i) => ({ number: i + 1 }));
    expect(() => new SdeiGuest({ events })).toThrow(`fewer than ${MAX_EVENTS}`);
    expect(() => new SdeiGuest({ events: events.slice(1) })).not.toThrow();
  });

  test('the device tree gets a node with the conduit, once', () => {
    const guest = new SdeiGuest();
    const tree = new DeviceTree();
    for (const conduit of ['smc', 'hvc'] as const) {
      guest.guest.services.at(-1)?.attachment.describe?.(tree, { conduit, cpus: [], interruptController: undefined });
    }
    const node = tree.root.child('firmware')?.child('sdei');
    expect([node?.string('compatible'), node?.string('method')]).toEqual(['arm,sdei-1.0', 'hvc']);
    expect(tree.root.child('firmware')?.children).toHaveLength(1);
  });
});

describe('saved state', () => {
  /** Everything that a story of calls and signals can contain, by number. */
  const steps: readonly ((guest: SdeiGuest, cpu: number) => void)[] = [
    (guest, cpu) => void guest.outcome(calls.peUnmask.id, [], { cpu }),
    ...[0, 8, 9, 100].flatMap((event) => [
      (guest: SdeiGuest, cpu: number) => void guest.outcome(calls.eventRegister.id, [event, HANDLER, 1, 0, 0], { cpu }),
      (guest: SdeiGuest, cpu: number) => void guest.outcome(calls.eventEnable.id, [event], { cpu }),
      (guest: SdeiGuest, cpu: number) => void guest.signals.raise(event, guest.cpu(cpu)),
    ]),
    (guest, cpu) => void guest.outcome(calls.eventComplete.id, [], { cpu }),
    (guest, cpu) => void guest.outcome(calls.eventSignal.id, [0, cpu ^ 1], { cpu }),
    (guest, cpu) => void guest.outcome(calls.interruptBind.id, [40], { cpu }),
    (guest, cpu) => void guest.outcome(calls.eventUnregister.id, [8], { cpu }),
    (guest, cpu) => void guest.outcome(calls.peMask.id, [], { cpu }),
  ];

  test('goes on as if nothing had been, restored at any step of any story', () => {
    const story = fc.array(fc.tuple(fc.nat(steps.length - 1), fc.nat(1), fc.boolean()), { maxLength: 40 });
    fc.assert(
      fc.property(story, (parts) => {
        const through = new SdeiGuest();
        const hopping = new SdeiGuest();
        for (const [step, cpu, hop] of parts) {
          if (hop) hopping.hop();
          steps[step]?.(through, cpu);
          steps[step]?.(hopping, cpu);
        }
        return JSON.stringify(through.machine.save()) === JSON.stringify(hopping.machine.save());
      }),
      { numRuns: 60 },
    );
  });

  test('of another composition is refused, and nothing is changed', () => {
    const guest = new SdeiGuest();
    guest.ready(8);
    const attachment = guest.guest.services.at(-1)?.attachment;
    const saved = attachment?.save() as { readonly [part: string]: Saved };
    const contexts = saved.contexts as { readonly [part: string]: readonly number[] };
    const bad: Saved[] = [
      null,
      [],
      {},
      { ...saved, masked: [0] },
      { ...saved, records: {} },
      { ...saved, contexts: {} },
      { ...saved, contexts: { ...contexts, depth: [3, 0, 0, 0] } },
      { ...saved, contexts: { ...contexts, event: (contexts.event ?? []).map(() => 99) } },
      { ...saved, contexts: { ...contexts, words: (contexts.words ?? []).map(() => 9) } },
      { ...saved, masked: ['a', 'b', 'c', 'd'] },
    ];
    for (const state of bad) expect(() => attachment?.restore(state)).toThrow(RestoreError);
    expect(attachment?.save()).toEqual(saved);
  });
});
