import { CompositionError, createClient, RETURNED, UNCLAIMED } from '@trapline/core';
import { createStack, type StackGuest } from '@trapline/stack';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { lamp, lampAbi } from './lamp.js';

const MEMORY = [{ base: 0x4000_0000, size: 0x1000_0000 }];

function lampOf(guest: StackGuest, conduit = 'smc') {
  return createClient(lampAbi, guest.bus.conduit(conduit));
}

describe('createStack', () => {
  it('gives the guests by the names in the literal', () => {
    const stack = createStack({
      guests: [
        { name: 'linux', vcpus: 1, memory: MEMORY },
        { name: 'zephyr', vcpus: 2, memory: MEMORY },
      ],
    });
    expectTypeOf(stack.guests).toEqualTypeOf<{ readonly linux: StackGuest; readonly zephyr: StackGuest }>();
    expect(stack.guests.zephyr.vcpus).toHaveLength(2);
    expect(stack.guests.linux.name).toBe('linux');
  });

  it('puts a service before all guests, each with a state of its own', () => {
    const { guests } = createStack({
      guests: [
        { name: 'a', vcpus: 1, memory: MEMORY },
        { name: 'b', vcpus: 1, memory: MEMORY },
      ],
      el3: [lamp()],
    });
    lampOf(guests.a).set({ brightness: 7 });
    expect(lampOf(guests.a).get()).toBe(7);
    expect(lampOf(guests.b).get()).toBe(0);
  });

  it('puts a service before the named guests only', () => {
    const { guests } = createStack({
      guests: [
        { name: 'lit', vcpus: 1, memory: MEMORY, hasEl3: true },
        { name: 'dark', vcpus: 1, memory: MEMORY, hasEl3: true },
      ],
      el3: [{ service: lamp(), guests: ['lit'] }],
    });
    expect(guests.lit.bus.services.map(({ service }) => service.name)).toEqual(['lamp']);
    expect(guests.dark.bus.services).toEqual([]);
    expect(guests.dark.deviceTree.node('/lamp')).toBeUndefined();
  });

  it('streams the calls of all guests', () => {
    const stack = createStack({ guests: [{ name: 'a', vcpus: 1, memory: MEMORY }], el3: [lamp()] });
    const heard: string[] = [];
    stack.calls$.subscribe((call) => heard.push(call.toString()));
    lampOf(stack.guests.a).set({ brightness: 3 });
    expect(heard).toEqual(['a/0 smc#0 lamp.set(brightness: 0x3) = 0x0 [el3 lamp]']);
  });

  it('asks the embedder for calls that nobody claims', () => {
    const { guests, machine } = createStack({
      guests: [{ name: 'a', vcpus: 1, memory: MEMORY, hasEl3: true }],
      onUnclaimed: (vcpu) => {
        if (vcpu.w[0] !== 0x8200_0000) return UNCLAIMED;
        vcpu.w[0] = 42;
        return RETURNED;
      },
    });
    const [cpu] = guests.a.vcpus;
    if (cpu === undefined) throw new Error('no CPU');
    cpu.w[0] = 0x8200_0000;
    machine.trap(cpu, 'smc', 0);
    expect(cpu.w[0]).toBe(42);
  });

  it('begins at EL2 where the CPUs have it and nothing stands there, else at EL1', () => {
    const guest = { vcpus: 1, memory: MEMORY } as const;
    const bare = createStack({ guests: [{ ...guest, name: 'a', hasEl2: true }], el3: [lamp()] }).guests.a;
    const under = createStack({ guests: [{ ...guest, name: 'a' }], el2: [lamp()] }).guests.a;
    const told = createStack({ guests: [{ ...guest, name: 'a', hasEl2: true, boot: { el: 1 } }] }).guests.a;
    expect([bare, under, told].map((g) => g.vcpus[0]?.el)).toEqual([2, 1, 1]);
  });

  it('starts the clock where it is told to', () => {
    const { guests } = createStack({
      guests: [{ name: 'a', vcpus: 1, memory: MEMORY }],
      clock: { start: 5n, frequency: 1_000_000 },
    });
    expect(guests.a.bus.ports.clock.now()).toBe(5n);
    expect(guests.a.bus.ports.clock.frequency).toBe(1_000_000);
  });
});

describe('a composition that cannot be', () => {
  const guest = { name: 'linux', vcpus: 2, memory: MEMORY } as const;

  it.each<[string, () => unknown, RegExp]>([
    ['has no guest', () => createStack({ guests: [] }), /no guest.*at least one/],
    ['has two guests of one name', () => createStack({ guests: [guest, guest] }), /linux.*name of its own/],
    ['has a guest without a name', () => createStack({ guests: [{ ...guest, name: '' }] }), /0 characters.*between 1/],
    [
      'has a guest with an endless name',
      () => createStack({ guests: [{ ...guest, name: 'x'.repeat(64) }] }),
      /64 characters: give it between 1 and 63/,
    ],
    [
      'has a service for a guest that is not there',
      () => createStack({ guests: [guest], el3: [{ service: lamp(), guests: ['windows' as 'linux'] }] }),
      /'lamp' at el3 is for guest 'windows'.*name 'linux'/,
    ],
    [
      'has a service at a level where it cannot stand',
      () => createStack({ guests: [guest], el3: [lamp({ levels: ['el2', 'outside'] })] }),
      /lamp cannot stand at el3 of linux: stand it at el2 or outside/,
    ],
    [
      'has firmware and CPUs without EL3',
      () => createStack({ guests: [{ ...guest, hasEl3: false }], el3: [lamp()] }),
      /lamp stands at el3 of linux, whose machine has no EL3: leave hasEl3 out, or stand lamp at another level/,
    ],
    [
      'has a hypervisor and CPUs without EL2',
      () => createStack({ guests: [{ ...guest, hasEl2: false }], el2: [lamp()] }),
      /no EL2/,
    ],
    ['has a guest without vCPUs', () => createStack({ guests: [{ name: 'a', memory: MEMORY }] }), /'a' has no vCPUs/],
    ['has a guest with 0 vCPUs', () => createStack({ guests: [{ ...guest, vcpus: 0 }] }), /0 vCPUs.*between 1 and/],
    ['has a guest with half a vCPU', () => createStack({ guests: [{ ...guest, vcpus: 0.5 }] }), /0.5 vCPUs/],
    [
      'has a guest with 2^20 vCPUs',
      () => createStack({ guests: [{ ...guest, vcpus: 2 ** 20 }] }),
      /between 1 and 65536/,
    ],
    [
      'has two vCPUs of one affinity',
      () => createStack({ guests: [{ ...guest, vcpus: [{ mpidr: 1n }, { mpidr: 1n }] }] }),
      /vCPUs 0 and 1 share the affinity.*of its own/,
    ],
    ['has a guest without memory', () => createStack({ guests: [{ name: 'a', vcpus: 1 }] }), /'a' has no memory: give/],
    [
      'has memory twice at one address',
      () =>
        createStack({
          guests: [{ ...guest, memory: [...MEMORY, { base: 0x4fff_ffff, size: 2 }] }],
        }),
      /'linux': memory at 0x40000000–0x4fffffff overlaps memory at 0x4fffffff–0x50000000: move one/,
    ],
    [
      'has memory at a fraction of an address',
      () => createStack({ guests: [{ ...guest, memory: [{ base: 0.5, size: 1 }] }] }),
      /at 0.5 with 1 bytes: give whole numbers/,
    ],
    [
      'has memory beyond 2^53',
      () => createStack({ guests: [{ ...guest, memory: [{ base: 2 ** 53 - 1, size: 4 }] }] }),
      /below 2\^53/,
    ],
    [
      'has more regions of memory than the limit',
      () =>
        createStack({
          guests: [{ ...guest, memory: Array.from({ length: 65 }, (_, i) => ({ base: i * 4096, size: 16 })) }],
        }),
      /65 regions of memory: leave at most 64/,
    ],
    [
      'has its interrupt controller in memory',
      () => createStack({ guests: [{ ...guest, memory: [{ base: 0, size: 2 ** 30 }] }] }),
      /memory at 0x0–0x3fffffff overlaps the interrupt controller at 0x8000000–0x800ffff/,
    ],
    [
      'has a distributor in its CPU interface',
      () =>
        createStack({
          guests: [
            { ...guest, tree: { interruptController: { version: 2, distributor: 0x1000, cpuInterface: 0x8000 } } },
          ],
        }),
      /the distributor at 0x1000–0x10fff overlaps the CPU interface at 0x8000–0x17fff/,
    ],
    [
      'has a GICv2 for nine CPUs',
      () => createStack({ guests: [{ ...guest, vcpus: 9, tree: { interruptController: { version: 2 } } }] }),
      /9 vCPUs, and a GICv2 serves 8: take version 3/,
    ],
    [
      'answers one interface by one instruction at two levels',
      () => createStack({ guests: [guest], el2: [lamp({ name: 'inner' })], outside: [lamp({ conduits: ['hvc'] })] }),
      /'linux' would reach lamp by HVC both at el2 \(service 'inner'\) and at outside \(service 'lamp'\): leave one/,
    ],
  ])('%s', (_, compose, message) => {
    expect(compose).toThrow(CompositionError);
    expect(compose).toThrow(message);
  });
});
