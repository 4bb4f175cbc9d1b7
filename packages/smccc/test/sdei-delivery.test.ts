import { PC, SP } from '@trapline/core';
import { archService, attachSdei, type SdeiSignals, sdeiService } from '@trapline/smccc';
import { describe, expect, test } from 'vitest';
import { TestGuest } from './bench-guest.js';
import { ARGUMENT, calls, DENIED, EVENTS, HANDLER, INVALID, PENDING, SdeiGuest } from './sdei-guest.js';

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
