import { createClient } from '@trapline/core';
import { createMachine } from '@trapline/trap-bus';
import { expect, test } from 'vitest';
import { tinyAbi, tinyService } from './world.js';

test('a CPU is started, reached, stopped and gone', () => {
  const machine = createMachine({ guests: [{ name: 'g', vcpus: 2, services: { el3: [tinyService()] } }] });
  const lines: string[] = [];
  machine.calls$.subscribe((call) => lines.push(call.toString()));
  const guest = machine.guest('g');
  const conduit = guest.conduit('smc');
  const client = createClient(tinyAbi, conduit);
  expect(client.version()).toBe(1);
  expect(String(client.start({ target: 1, entry: 0x4000_0000, context: 42n }))).toBe('OK');
  expect(client.power({ target: 1 })).toBe(2);
  expect(guest.enter(guest.vcpus[1]!)).toBe(true);
  expect(guest.vcpus[1]!.x[0]).toBe(42n);
  expect(guest.vcpus[1]!.x[32]).toBe(0x4000_0000n);
  conduit.caller = guest.caller(1);
  expect(client.stop().waiting).toBe(true);
  conduit.caller = guest.caller(0);
  expect(client.power({ target: 1 })).toBe(0);
  expect(client.add({ left: 2, right: 3 })).toBe(5);
  expect(client.sleep({ nanoseconds: 100, resume: 0 }).waiting).toBe(true);
  machine.clock.advance(100n);
  expect(guest.vcpus[0]!.powerState).toBe('running');
});
