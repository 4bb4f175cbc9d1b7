import { PC, RETURNED } from '@trapline/core';
import { firmware } from '@trapline/psci';
import { Event, Field, Flag } from '@trapline/qemu';
import { describe, expect, test } from 'vitest';
import { registerOf } from './fake-link.js';
import { CPU_OFF, CPU_ON, call, SUSPEND, SYSTEM_RESET, setup, VERSION } from './fake-machine.js';

describe('the life of CPUs', () => {
  test('CPU_ON kicks the other CPU, which begins when it is awake', () => {
    const { link, guest } = setup(2, { services: { el3: [firmware()] } });
    const told = link.ring(0, call(0x4020_0104), [CPU_ON, 1, 0x4020_8000, 0x77]);
    expect(registerOf(told, 0)).toBe(0n);
    expect(link.kicks).toEqual([0x0f00_0002n]);
    expect(guest.vcpus[1]?.powerState).toBe('starting');
    const other = link.ring(1, { [Field.event]: Event.woken, [Field.intid]: 15 });
    expect(other).toMatchObject({ how: 'resume', flags: Flag.restart });
    expect(registerOf(other, 0)).toBe(0x77n);
    expect(registerOf(other, PC)).toBe(0x4020_8000n);
    expect(guest.vcpus[1]?.powerState).toBe('running');
  });

  test('a CPU that turned itself off sleeps until it is kicked, and begins anew', () => {
    const { link, guest } = setup(2, { services: { el3: [firmware()] } });
    link.ring(0, call(0x4020_0104), [CPU_ON, 1, 0x4020_8000, 0]);
    link.ring(1, { [Field.event]: Event.woken });
    expect(link.ring(1, call(0x4020_8104), [CPU_OFF])).toMatchObject({ how: 'sleep', flags: Flag.off });
    expect(guest.vcpus[1]?.powerState).toBe('off');
    link.ring(0, call(0x4020_0204), [CPU_ON, 1, 0x4020_9000, 5]);
    expect(link.kicks).toHaveLength(2);
    const told = link.ring(1, { [Field.event]: Event.woken });
    expect(registerOf(told, PC)).toBe(0x4020_9000n);
  });

  test('a CPU that suspends sleeps until an interrupt is pending, and returns', () => {
    const { link } = setup(1, { services: { el3: [firmware()] } });
    const told = link.ring(0, call(0x4020_0104), [SUSPEND, 0]);
    expect(told).toMatchObject({ how: 'sleep', flags: 0 });
    const early = link.ring(0, { [Field.event]: Event.woken, [Field.intid]: 15, [Field.isr]: 0 });
    expect(early).toMatchObject({ how: 'sleep', flags: 0 });
    const woken = link.ring(0, { [Field.event]: Event.woken, [Field.intid]: 1023, [Field.isr]: 0x40 });
    expect(woken).toMatchObject({ how: 'resume', flags: 0 });
    expect(registerOf(woken, PC)).toBe(0x4020_0104n);
    expect(registerOf(woken, 0)).toBe(0n);
  });

  test('a suspend that loses context resumes at its entry point, anew', () => {
    const { link } = setup(1, { services: { el3: [firmware()] } });
    const asleep = link.ring(0, call(0x4020_0104), [SUSPEND, 0x1_0000, 0x4030_0000, 9]);
    expect(asleep).toMatchObject({ how: 'sleep', flags: 0 });
    const woken = link.ring(0, { [Field.event]: Event.woken, [Field.isr]: 0x80 });
    expect(woken).toMatchObject({ how: 'resume', flags: Flag.restart });
    expect(registerOf(woken, PC)).toBe(0x4030_0000n);
    expect(registerOf(woken, 0)).toBe(9n);
  });

  test('a reset: services and CPUs are as built, the loader is asked again, and what rings meanwhile is a fault', () => {
    const { link, guest, bridge, faults } = setup(2, { services: { el3: [firmware()] } });
    link.ring(0, call(0x4020_0104), [CPU_ON, 1, 0x4020_8000, 0]);
    link.ring(1, { [Field.event]: Event.woken });
    link.ring(1, call(0x4020_8104), [SYSTEM_RESET]);
    expect(guest.vcpus.map(({ powerState }) => powerState)).toEqual(['running', 'waiting']);
    expect(bridge.reset()).toBe(true);
    expect(bridge.reset()).toBe(false);
    expect(link.attentions).toBe(1);
    link.ring(0, { [Field.event]: Event.attention });
    expect(link.resets).toEqual([0]);
    const done: string[] = [];
    bridge.post(() => done.push('work of meanwhile'));
    bridge.onReady = () => {
      done.push('loaded');
      expect(guest.vcpus.map(({ powerState }) => powerState)).toEqual(['running', 'off']);
      return [[PC, 0x4020_0008]];
    };
    const told = link.ring(0, { [Field.event]: Event.hello });
    expect(done).toEqual(['loaded', 'work of meanwhile']);
    expect(told).toMatchObject({ how: 'resume', flags: Flag.restart });
    expect([registerOf(told, 0), registerOf(told, PC)]).toEqual([0n, 0x4020_0008n]);
    link.ring(0, call(0x4020_0104), [CPU_ON, 1, 0x4020_9000, 5]);
    expect(registerOf(link.ring(1, { [Field.event]: Event.woken }), PC)).toBe(0x4020_9000n);
    expect(faults).toEqual([]);
    link.ring(0, call(0x4020_0104), [VERSION]);
    bridge.reset();
    link.ring(0, { [Field.event]: Event.attention });
    link.ring(1, { [Field.event]: Event.woken });
    expect(faults.map(String)).toEqual(['MonitorError: CPU 1 rang with event 0x41, which it cannot have had there']);
  });

  test('a caller whose system event is undecided sleeps', () => {
    const { link, guest } = setup(1, { services: { el3: [firmware()] } });
    expect(link.ring(0, call(0x4020_0104), [0x8400_0008])).toMatchObject({ how: 'sleep', flags: Flag.off });
    guest.decide(guest.vcpu(0), RETURNED);
    // CPU 0 is the one that the outside can reach; the kick is sent when it has come.
    expect(link.attentions).toBe(1);
    const told = link.ring(0, { [Field.event]: Event.woken, [Field.intid]: 40 });
    expect(told).toMatchObject({ how: 'resume' });
  });
});
