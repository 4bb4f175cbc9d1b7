import { type BindContext, createClient, type Interface } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import {
  abi,
  driver,
  type HypervisorOptions,
  hypervisor,
  LAST_IMMEDIATE,
  MAX_DOORBELLS,
  status,
  VARIANT_QUALCOMM,
} from '@trapline/gunyah';
import { Coverage, describeService, fuzzCalls, type Subject } from '@trapline/testkit';
import { createMachine, type Machine } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';

const BELL = {
  send: { guest: 'a', capability: 0x11 },
  receive: { guest: 'b', capability: 0x22, interrupt: 40 },
};

function machineWith(options: HypervisorOptions = { doorbells: [BELL] }): Machine {
  const services = { el2: [hypervisor(options)] };
  return createMachine({ guests: ['a', 'b'].map((name) => ({ name, vcpus: 1, hasEl2: true, services })) });
}

function callsOf(machine: Machine, guest: string) {
  return createClient(abi, machine.guest(guest).conduit('hvc'));
}

function heardBy(machine: Machine): string[] {
  const heard: string[] = [];
  machine.interrupts$.subscribe(({ guest, intid, change }) => heard.push(`${guest} ${intid} ${change}`));
  return heard;
}

describe('the number is the immediate', () => {
  test('each call by its own HVC', () => {
    const machine = machineWith();
    const caller = machine.guest('a').caller(0);
    expect(caller.execute('hvc', 0x6000).kind).toBe('returned');
    expect(caller.x[0]).toBe((BigInt(VARIANT_QUALCOMM) << 56n) | 0x8001n);
    for (const immediate of [0x6001, LAST_IMMEDIATE]) {
      caller.execute('hvc', immediate);
      expect(BigInt.asIntN(64, caller.x[0] as bigint)).toBe(-1n);
    }
  });

  test.for([0, 0x5fff, 0x6200])('HVC #%i is not Gunyah’s', (immediate) => {
    expect(machineWith().guest('a').caller(0).execute('hvc', immediate).kind).not.toBe('returned');
  });
});

describe('doorbells', () => {
  test('what one guest sends the other receives', () => {
    const machine = machineWith();
    const heard = heardBy(machine);
    const [a, b] = [callsOf(machine, 'a'), callsOf(machine, 'b')];
    expect(a.doorbellSend({ doorbell: 0x11, newFlags: 5n })).toEqual({ error: status.OK, oldFlags: 0n });
    expect(a.doorbellSend({ doorbell: 0x11, newFlags: 2n ** 63n })).toEqual({ error: status.OK, oldFlags: 5n });
    expect(b.doorbellReceive({ doorbell: 0x22, clearFlags: 4n })).toEqual({
      error: status.OK,
      oldFlags: 5n | (2n ** 63n),
    });
    expect(b.doorbellReceive({ doorbell: 0x22, clearFlags: 2n ** 64n - 1n }).oldFlags).toBe(1n | (2n ** 63n));
    expect(heard.at(0)).toBe('b 40 asserted');
    expect(heard.at(-1)).toBe('b 40 deasserted');
  });

  test('flags that are not enabled do not interrupt until they are', () => {
    const machine = machineWith();
    const heard = heardBy(machine);
    const b = callsOf(machine, 'b');
    b.doorbellMask({ doorbell: 0x22, enableMask: 1n, ackMask: 0n });
    callsOf(machine, 'a').doorbellSend({ doorbell: 0x11, newFlags: 2n });
    expect(heard).not.toContain('b 40 asserted');
    b.doorbellMask({ doorbell: 0x22, enableMask: 2n, ackMask: 0n });
    expect(heard).toContain('b 40 asserted');
  });

  test('flags that are acknowledged of themselves interrupt once', () => {
    const machine = machineWith();
    const b = callsOf(machine, 'b');
    b.doorbellMask({ doorbell: 0x22, enableMask: 3n, ackMask: 3n });
    const heard = heardBy(machine);
    callsOf(machine, 'a').doorbellSend({ doorbell: 0x11, newFlags: 2n });
    expect(heard).toContain('b 40 pulsed');
    expect(b.doorbellReceive({ doorbell: 0x22, clearFlags: 1n }).oldFlags).toBe(0n);
  });

  test('a reset clears the flags and enables all', () => {
    const machine = machineWith();
    const b = callsOf(machine, 'b');
    b.doorbellMask({ doorbell: 0x22, enableMask: 0n, ackMask: 0n });
    callsOf(machine, 'a').doorbellSend({ doorbell: 0x11, newFlags: 2n });
    expect(b.doorbellReset({ doorbell: 0x22 })).toBe(status.OK);
    expect(b.doorbellReceive({ doorbell: 0x22, clearFlags: 2n }).oldFlags).toBe(0n);
  });

  test('errors name what is wrong with the capability or the flags', () => {
    const machine = machineWith();
    const [a, b] = [callsOf(machine, 'a'), callsOf(machine, 'b')];
    expect(a.doorbellSend({ doorbell: 0x22, newFlags: 1n }).error).toBe(status.CSPACE_CAP_NULL);
    expect(a.doorbellReset({ doorbell: 0x11 })).toBe(status.CSPACE_INSUFFICIENT_RIGHTS);
    expect(b.doorbellSend({ doorbell: 0x22, newFlags: 1n }).error).toBe(status.CSPACE_INSUFFICIENT_RIGHTS);
    expect(b.doorbellReceive({ doorbell: 0x22, clearFlags: 0n }).error).toBe(status.ARGUMENT_INVALID);
  });

  test('are saved with the machine', () => {
    const machine = machineWith();
    callsOf(machine, 'a').doorbellSend({ doorbell: 0x11, newFlags: 6n });
    const saved = JSON.stringify(machine.save());
    const other = machineWith();
    other.restore(JSON.parse(saved));
    expect(callsOf(other, 'b').doorbellReceive({ doorbell: 0x22, clearFlags: 1n }).oldFlags).toBe(6n);
    expect(() => other.restore(JSON.parse(saved.replace('["6",', '["x",')))).toThrow('a doorbell has flags');
    expect(() => machineWith({}).restore(JSON.parse(saved))).toThrow('the state of 0 doorbells is wanted');
    expect(() => other.restore(JSON.parse(saved.replace('"reads":0', '"reads":9')))).toThrow('rate limits of 1 vCPUs');
  });
});

describe('random numbers', () => {
  test('come in words, four times in 33 ms', () => {
    const machine = machineWith();
    const a = callsOf(machine, 'a');
    expect(a.prngGetEntropy({ bytes: 8 })).toMatchObject({ error: status.OK, data2: 0, data3: 0 });
    for (let i = 0; i < 3; i++) expect(a.prngGetEntropy({ bytes: 16 }).error).toBe(status.OK);
    expect(a.prngGetEntropy({ bytes: 4 })).toEqual({ error: status.BUSY, data0: 0, data1: 0, data2: 0, data3: 0 });
    machine.clock.advance(33_000_000n);
    expect(a.prngGetEntropy({ bytes: 4 }).error).toBe(status.OK);
    expect(a.prngGetEntropy({ bytes: 0 }).error).toBe(status.ARGUMENT_SIZE);
    expect(a.prngGetEntropy({ bytes: 20 }).error).toBe(status.ARGUMENT_SIZE);
    expect(a.prngGetEntropy({ bytes: 6 }).error).toBe(status.ARGUMENT_ALIGNMENT);
  });

  test('FAILURE where there is no entropy', () => {
    const services = { el2: [hypervisor()] };
    const ports = { random: { fill: () => false } };
    const machine = createMachine({ guests: [{ name: 'a', vcpus: 1, hasEl2: true, services, ports }] });
    expect(callsOf(machine, 'a').prngGetEntropy({ bytes: 4 }).error).toBe(status.FAILURE);
  });
});

describe('the driver and the composition', () => {
  function bindIn(machine: Machine, node = new DeviceTree().root.add('hypervisor')) {
    const get = (): never => {
      throw new Error('Gunyah needs no other driver');
    };
    const conduit = (kind: string) => machine.guest('a').conduit(kind);
    const context: BindContext = { tree: new DeviceTree(), conduit, get, memory: undefined, random: undefined };
    return [driver.bind(context, node), driver.bind(context, undefined)] as const;
  }

  test('binds where the hypervisor identifies itself', () => {
    const [bound, without] = bindIn(machineWith({ variant: 0x48 }));
    expect(bound).toMatchObject({ apiVersion: 1, variant: 0x48, hasDoorbells: true });
    expect(without).toBeUndefined();
  });

  test('does not where nothing answers', () => {
    const silent = {
      ...hypervisor(),
      start: () => ({ attach: () => ({ implementations: [], reset() {}, save: () => null, restore() {} }) }),
    };
    const machine = createMachine({ guests: [{ name: 'a', vcpus: 1, hasEl2: true, services: { el2: [silent] } }] });
    expect(bindIn(machine)[0]).toBeUndefined();
  });

  test('a capability given twice, and too many doorbells, are refused', () => {
    expect(() => hypervisor({ doorbells: [BELL, BELL] })).toThrow('capability 17 of guest a is there twice');
    const many = Array.from({ length: MAX_DOORBELLS + 1 }, () => BELL);
    expect(() => hypervisor({ doorbells: many })).toThrow(`there are ${MAX_DOORBELLS + 1} doorbells`);
  });

  test('describes itself in the tree', () => {
    const tree = new DeviceTree();
    const machine = machineWith();
    const [attached] = machine.guest('a').services;
    attached?.attachment.describe?.(tree, { conduit: 'hvc', cpus: [], interruptController: undefined });
    expect(tree.require('/hypervisor').compatible).toEqual(['gunyah-hypervisor']);
  });
});

const subject: Subject = {
  service: hypervisor({
    doorbells: [{ send: { guest: 'guest', capability: 1 }, receive: { guest: 'guest', capability: 2, interrupt: 40 } }],
  }),
  interfaces: [abi as unknown as Interface],
  conduit: 'hvc',
  guest: { hasEl2: true },
  valid: { capability: [1n, 2n], flags: [0n, 1n, 3n] },
};

describeService({ ...subject, name: 'Gunyah', unknown: undefined, readsHighHalves: true, calls: 10_000 });

test('random calls reach every call with OK and with each documented error', () => {
  const coverage = new Coverage([abi as unknown as Interface]);
  fuzzCalls(subject, {
    calls: 40_000,
    seed: 1,
    coverage,
    between: ({ machine }, random) => machine.clock.advance(BigInt(random.below(500_000))),
  });
  expect(coverage.missing(), coverage.toString()).toEqual([]);
});
