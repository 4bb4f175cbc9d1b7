import { type Call, createClient, RETURNED, returnInt, UNDEFINED_INSTRUCTION } from '@trapline/core';
import {
  type CallEvent,
  createMachine,
  type GuestSpec,
  type InterruptChange,
  MAX_INTERCEPTIONS,
  type PowerChange,
} from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';
import { tinyAbi, tinyService } from './world.js';

function guestOf(spec: Partial<GuestSpec> = {}) {
  const machine = createMachine({ guests: [{ name: 'linux', vcpus: 2, services: { el3: [tinyService()] }, ...spec }] });
  const guest = machine.guest('linux');
  const client = createClient(tinyAbi, guest.conduit('smc'));
  return { machine, guest, client };
}

describe('calls$', () => {
  test('tells each call in one line of stable order', () => {
    const { machine, guest, client } = guestOf();
    const lines: string[] = [];
    machine.calls$.subscribe((call) => lines.push(call.toString()));
    client.version();
    client.start({ target: 1, entry: 0x4008_0000, context: 2n ** 40n });
    client.start({ target: 9, entry: 0, context: 0 });
    client.sleep({ nanoseconds: 5, resume: 0 });
    guest.wake(guest.vcpu(0));
    guest.vcpu(0).w[0] = 0x1234;
    machine.trap(guest.vcpu(0), 'smc', 0);
    expect(lines).toEqual([
      'linux/0 smc#0 tiny.version() = 0x1 [el3 tiny]',
      'linux/0 smc#0 tiny.start(target: 0x1, entry: 0x40080000, context: 0x10000000000) = OK [el3 tiny]',
      'linux/0 smc#0 tiny.start(target: 0x9, entry: 0x0, context: 0x0) = WRONG [el3 tiny]',
      'linux/0 smc#0 tiny.sleep(nanoseconds: 0x5, resume: 0x0) → waits: sleep [el3 tiny]',
      'linux/0 smc#0 0x00001234() → exception undefined [nobody]',
    ]);
  });

  test('an event stays as it was when registers change, and is decoded when asked', () => {
    const { machine, client } = guestOf();
    const events: CallEvent[] = [];
    machine.calls$.subscribe((call) => events.push(call));
    client.add({ left: 2, right: 3 });
    client.add({ left: 7, right: 8 });
    const [first] = events as [CallEvent];
    expect(first.arguments).toEqual([
      { name: 'left', text: '0x2' },
      { name: 'right', text: '0x3' },
    ]);
    expect(first.results).toEqual([{ name: 'result', text: '0x5' }]);
    expect([first.call, first.level, first.service, first.conduit, first.immediate, first.vcpu, first.a64]).toEqual([
      'tiny.add',
      'el3',
      'tiny',
      'smc',
      0,
      0,
      true,
    ]);
    expect([first.id >>> 0, first.declaration?.name, first.before[2], first.after[0]]).toEqual([
      0xc600_0001,
      'add',
      2,
      5,
    ]);
  });

  test('builds nothing while nobody listens, and stops with its last listener', () => {
    const { machine, client } = guestOf();
    let count = 0;
    const subscription = machine.calls$.subscribe(() => count++);
    client.version();
    subscription.unsubscribe();
    client.version();
    expect(count).toBe(1);
  });

  test('a forwarded call is told with who answered it', () => {
    const { machine, client } = guestOf({
      services: {
        el2: [tinyService({ name: 'hyp', trapsSmc: true, forwards: true })],
        el3: [tinyService({ name: 'fw', version: 3 })],
      },
    });
    let line = '';
    machine.calls$.subscribe((call) => {
      line = call.toString();
    });
    expect(client.pass()).toBe(3);
    expect(line).toBe('linux/0 smc#0 tiny.pass() = 0x3 [el3 fw]');
  });

  test('other outcomes have words too', () => {
    const outcomes = [
      [{ kind: 'system', event: 'reset2', detail: { type: 1 } }, 'system reset2 { type: 1 }'],
      [{ kind: 'exit', reason: 'debug', data: {} }, 'exit debug'],
      [{ kind: 'off' }, 'off'],
      [{ kind: 'again' }, 'again'],
      [{ kind: 'resume' }, 'resumes at its entry point'],
    ] as const;
    for (const [outcome, words] of outcomes) {
      const { machine, guest } = guestOf({ services: { el3: [tinyService({ onPass: () => outcome })] } });
      let line = '';
      machine.calls$.subscribe((call) => {
        line = call.toString();
      });
      guest.vcpu(0).w[0] = tinyAbi.calls.pass.id;
      machine.trap(guest.vcpu(0), 'smc', 0);
      expect(line).toBe(`linux/0 smc#0 tiny.pass() → ${words} [el3 tiny]`);
    }
  });
});

test('power$ tells every change with its reason', () => {
  const { machine, guest, client } = guestOf();
  const changes: PowerChange[] = [];
  machine.power$.subscribe((change) => changes.push(change));
  client.start({ target: 1, entry: 0, context: 0 });
  guest.enter(guest.vcpu(1));
  client.sleep({ nanoseconds: 5, resume: 0 });
  machine.clock.advance(5n);
  expect(changes.map(({ guest: name, vcpu, from, to, why }) => `${name}/${vcpu} ${from} ${to} ${why ?? ''}`)).toEqual([
    'linux/1 off starting ',
    'linux/1 starting running ',
    'linux/0 running waiting sleep',
    'linux/0 waiting running ',
  ]);
});

test('interrupts$ tells what is driven through the guest’s port', () => {
  const { machine, guest } = guestOf();
  const changes: InterruptChange[] = [];
  machine.interrupts$.subscribe((change) => changes.push(change));
  const { interrupts } = guest.ports;
  interrupts.setLevel(guest.vcpu(1), 27, true);
  interrupts.setLevel(guest.vcpu(1), 27, false);
  interrupts.pulse(guest.vcpu(0), 3);
  expect(changes.map(({ vcpu, intid, change }) => `${vcpu} ${intid} ${change}`)).toEqual([
    '1 27 asserted',
    '1 27 deasserted',
    '0 3 pulsed',
  ]);
  expect(interrupts.pending(guest.vcpu(0))).toBe(false);
});

describe('interception', () => {
  test('overrides one call, sees its arguments, and ends when disposed of', () => {
    const { machine, client } = guestOf();
    const seen: number[] = [];
    const lines: string[] = [];
    machine.calls$.subscribe((call) => lines.push(`${call.service} ${call.results[0]?.text}`));
    const mine = machine.intercept({ interface: 'tiny', call: 'add' }, (call: Call) => {
      seen.push(call.w[0] as number, call.w[2] as number);
      return returnInt(call, 99);
    });
    expect(client.add({ left: 1, right: 2 })).toBe(99);
    expect(client.version()).toBe(1);
    mine.dispose();
    expect(client.add({ left: 1, right: 2 })).toBe(3);
    expect(seen).toEqual([1, 2]);
    expect(lines).toEqual(['embedder 0x63', 'tiny 0x1', 'tiny 0x3']);
  });

  test('vetoes a call, or lets it pass', () => {
    const { machine, guest, client } = guestOf();
    let veto = true;
    machine.intercept({ id: tinyAbi.calls.version.id >>> 0 }, () => (veto ? UNDEFINED_INSTRUCTION : undefined));
    expect(() => client.version()).toThrow(/undefined/);
    veto = false;
    expect(client.version()).toBe(1);
    expect(guest.vcpu(0).powerState).toBe('running');
  });

  test('a filter’s parts must all agree', () => {
    const { machine, client } = guestOf({ services: { outside: [tinyService({ levels: ['outside'] })] } });
    const hits: string[] = [];
    const note = (name: string) => () => {
      hits.push(name);
      return undefined;
    };
    machine.intercept({ guest: 'other' }, note('guest'));
    machine.intercept({ vcpu: 1 }, note('vcpu'));
    machine.intercept({ level: 'el3' }, note('level'));
    machine.intercept({ service: 'x' }, note('service'));
    machine.intercept({ interface: 'x' }, note('interface'));
    machine.intercept({ call: 'add', level: 'outside' }, note('call'));
    machine.intercept({ guest: 'linux', vcpu: 0, level: 'outside', service: 'tiny', call: 'version' }, note('all'));
    machine.intercept({}, note('any'));
    expect(client.version()).toBe(1);
    expect(hits).toEqual(['all', 'any']);
  });

  test('the first that takes a call wins; there is a limit', () => {
    const { machine, client } = guestOf();
    machine.intercept({}, (call) => returnInt(call, 1000));
    for (let i = 1; i < MAX_INTERCEPTIONS; i++) machine.intercept({}, (call) => returnInt(call, i));
    expect(client.version()).toBe(1000);
    expect(() => machine.intercept({}, () => undefined)).toThrow(/more than 1024 interceptions/);
  });

  test('a number that nobody claims is not intercepted: onUnclaimed is for that', () => {
    const { machine, guest } = guestOf();
    machine.intercept({}, () => RETURNED);
    guest.vcpu(0).w[0] = 0x1234;
    expect(machine.trap(guest.vcpu(0), 'smc', 0).kind).toBe('inject');
  });
});

describe('explanation', () => {
  const hyp = tinyService({ name: 'xen', trapsSmc: true, only: ['version'] });
  const { machine, guest } = guestOf({ services: { el2: [hyp], el3: [tinyService({ name: 'tf-a' })] } });
  const vcpu = guest.vcpu(0);
  const explain = (conduit: string, id: number): string => {
    vcpu.w[0] = id;
    return machine.explain(vcpu, conduit, 0);
  };

  test('tells a call’s way in words', () => {
    expect(explain('hvc', tinyAbi.calls.version.id)).toBe(
      'EL1 A64 HVC #0x0 → SCR_EL3.HCE? yes → EL2: xen → tiny.version',
    );
    expect(explain('smc', tinyAbi.calls.add.id)).toBe(
      'EL1 A64 SMC #0x0 → HCR_EL2.TSC? yes → EL2: xen does not claim it',
    );
    vcpu.setLevel(2);
    expect(explain('smc', tinyAbi.calls.add.id)).toBe('EL2 A64 SMC #0x0 → SCR_EL3.SMD? no → EL3: tf-a → tiny.add');
    vcpu.setLevel(0);
    expect(explain('smc', 0)).toBe('EL0 A64 SMC #0x0 → never from EL0 → HCR_EL2.TGE? no → undefined at EL1');
    vcpu.setLevel(1);
  });

  test('knows services outside and software of the guest’s own', () => {
    const outside = guestOf({ hasEl2: true, services: { outside: [tinyService({ only: ['version'] })] } });
    const pe = outside.guest.vcpu(0);
    pe.w[0] = tinyAbi.calls.version.id;
    expect(outside.machine.explain(pe, 'hvc', 0)).toBe('EL1 A64 HVC #0x0 → outside: tiny → tiny.version');
    pe.w[0] = 1;
    expect(outside.machine.explain(pe, 'hvc', 0)).toBe(
      "EL1 A64 HVC #0x0 → outside: tiny does not claim it → HCR_EL2.HCD? no → EL2: the guest's own software",
    );
    expect(outside.machine.explain(pe, 'mrs', 1)).toContain('nobody claims it');
    pe.secure = true;
    expect(outside.machine.explain(pe, 'smc', 0)).toMatch(/^Secure EL1 A64 SMC/);
  });

  test('who claims a number', () => {
    vcpu.w[0] = tinyAbi.calls.version.id;
    expect(machine.who(vcpu, 'hvc', 0)).toMatchObject({ level: 'el2', service: 'xen', interface: 'tiny' });
    expect(machine.who(vcpu, 'hvc', 0)?.declaration?.name).toBe('version');
    vcpu.w[0] = 0x1234;
    expect(machine.who(vcpu, 'hvc', 0)).toBeUndefined();
    vcpu.setLevel(0);
    expect(machine.who(vcpu, 'hvc', 0)).toBeUndefined();
    vcpu.setLevel(1);
  });
});

test('a disposed machine completes its streams and its services', () => {
  let disposed = 0;
  const service = tinyService();
  const watched = {
    ...service,
    start: () => {
      const running = service.start();
      return {
        attach: (guest: Parameters<typeof running.attach>[0]) => ({
          ...running.attach(guest),
          dispose: () => void disposed++,
        }),
        dispose: () => void disposed++,
      };
    },
  };
  const { machine, guest, client } = guestOf({ services: { el3: [watched] } });
  const ended: string[] = [];
  machine.calls$.subscribe({ complete: () => ended.push('calls') });
  machine.power$.subscribe({ complete: () => ended.push('power') });
  machine.interrupts$.subscribe({ complete: () => ended.push('interrupts') });
  guest.ports.system.events$.subscribe({ complete: () => ended.push('system') });
  client.sleep({ nanoseconds: 100, resume: 0 });
  machine.dispose();
  expect([disposed, machine.clock.next, ended.sort()]).toEqual([
    2,
    undefined,
    ['calls', 'interrupts', 'power', 'system'],
  ]);
});
