import { CompositionError, createClient, type InspectedInterface } from '@trapline/core';
import { DeviceTree, DeviceTreeError, writeDtb } from '@trapline/devicetree';
import { createStack, levelFor, stackFromTree } from '@trapline/stack';
import { describe, expect, it } from 'vitest';
import { lamp, lampAbi } from './lamp.js';

/** A tree with a node that is found by its `method` alone, as interface `unknown`. */
function board(method: string, edit: (tree: DeviceTree) => void = () => {}): DeviceTree {
  const tree = new DeviceTree();
  tree.root.set('#address-cells', 2);
  tree.root.set('#size-cells', 2);
  const cpus = tree.add('cpus', { '#address-cells': 1, '#size-cells': 0 });
  for (const id of [0, 1, 0x100]) cpus.add(`cpu@${id.toString(16)}`, { device_type: 'cpu', reg: id });
  tree.add('memory@80000000', { device_type: 'memory', reg: [0x8000_0000n, 0x1000_0000n, 0n, 0n] });
  tree.add('memory@1000', { device_type: 'memory', reg: [0x1000n, 0x1000n], status: 'disabled' });
  tree.add('lamp', { compatible: 'test,lamp', method });
  edit(tree);
  return tree;
}

const services = { unknown: () => lamp() };

describe('stackFromTree', () => {
  it('takes CPUs and memory from the tree: what is disabled or empty is none', () => {
    const { guest } = stackFromTree(board('smc'), { services }).guests;
    expect(guest.vcpus.map(({ mpidr }) => mpidr)).toEqual([0x8000_0000n, 0x8000_0001n, 0x8000_0100n]);
    expect(guest.bus.ports.memory.has(0x8000_0000 as never, 0x1000_0000)).toBe(true);
    expect(guest.bus.ports.memory.has(0x1000 as never, 1)).toBe(false);
  });

  it('reads a blob as well', () => {
    const { guest } = stackFromTree(writeDtb(board('smc')), { services }).guests;
    expect(guest.deviceTree.node('/lamp')).toBeDefined();
  });

  it('puts services where the conduit of their node reaches them', () => {
    const levelOf = (method: string, levels?: ('el2' | 'el3' | 'outside')[]) =>
      stackFromTree(board(method), { services: { unknown: () => lamp(levels && { levels }) } }).guests.guest.bus
        .services[0]?.level;
    expect(levelOf('smc')).toBe('el3');
    expect(levelOf('hvc')).toBe('el2');
    expect(levelOf('hvc', ['outside'])).toBe('outside');
    expect(() => levelOf('hvc', ['el3'])).toThrow(/\/lamp names hvc, and service 'lamp' stands only at el3: take/);
  });

  it('puts them elsewhere where it is told to', () => {
    const { here } = stackFromTree(board('smc'), { name: 'here', services, level: () => 'outside' }).guests;
    expect(here.bus.services[0]?.level).toBe('outside');
    const client = createClient(lampAbi, here.bus.conduit('smc'));
    expect(client.get()).toBe(0);
  });

  it('composes several services for one node, and hands the node over', () => {
    const found: InspectedInterface[] = [];
    const { guest } = stackFromTree(board('smc'), {
      services: {
        unknown: (node) => {
          found.push(node);
          return [];
        },
      },
      hasEl3: true,
    }).guests;
    expect(found.map(({ path }) => path)).toEqual(['/lamp']);
    expect(guest.bus.services).toEqual([]);
  });

  it.each([
    ['nobody is composed for', 'smc', () => {}, { psci: () => lamp() }],
    ['is disabled', 'smc', (tree: DeviceTree) => tree.require('/lamp').set('status', 'disabled'), services],
    ['only looks like a property of every object', 'smc', () => {}, {}],
  ])('leaves an interface alone that %s', (_, method, edit, table) => {
    expect(stackFromTree(board(method, edit), { services: table, hasEl3: true }).guests.guest.bus.services).toEqual([]);
  });

  it('does not touch the tree', () => {
    const tree = board('smc');
    const before = writeDtb(tree);
    stackFromTree(tree, { services });
    expect(writeDtb(tree)).toEqual(before);
  });

  it('takes memory beside the tree', () => {
    const tree = board('smc', (t) => t.require('/memory@80000000').remove());
    const { guest } = stackFromTree(tree, { services, memory: [{ base: 0, size: 4096 }] }).guests;
    expect(guest.bus.ports.memory.has(0 as never, 4096)).toBe(true);
  });

  it('gives memory to a tree that has none, and only to such', () => {
    const memoryIfNone = [{ base: 0, size: 4096 }];
    const empty = board('smc', (t) => t.require('/memory@80000000').set('reg', [0x8000_0000n, 0n]));
    const memoryOf = (tree: DeviceTree) => stackFromTree(tree, { services, memoryIfNone }).guests.guest.memory;
    expect(memoryOf(empty)).toEqual(memoryIfNone);
    expect(memoryOf(board('smc'))).toEqual([{ base: 0x8000_0000, size: 0x1000_0000 }]);
  });

  it.each([
    ['arm,cortex-a15', 'a32'],
    ['arm,cortex-a32', 'a32'],
    ['arm,arm1176jzf-s', 'a32'],
    ['arm,cortex-a57', 'a64'],
    ['arm,armv8', 'a64'],
  ])('begins CPUs that the tree calls %s in %s', (compatible, state) => {
    const tree = board('smc', (t) => {
      for (const cpu of t.require('/cpus').children) cpu.set('compatible', compatible);
    });
    const { vcpus } = stackFromTree(tree, { services }).guests.guest;
    expect(vcpus.map((vcpu) => [vcpu.state, vcpu.aarch32])).toEqual(Array(3).fill([state, state === 'a32']));
  });

  it.each<[string, (tree: DeviceTree) => void, RegExp]>([
    ['no CPUs', (t) => t.require('/cpus').remove(), /no node \/cpus\/cpu@…: add one for each vCPU/],
    ['a CPU without reg', (t) => t.require('/cpus/cpu@1').delete('reg'), /\/cpus\/cpu@1.*'guest'.*reg is missing/],
    ['two CPUs with one reg', (t) => t.require('/cpus/cpu@1').set('reg', 0), /also that of \/cpus\/cpu@0/],
    ['no memory', (t) => t.require('/memory@80000000').remove(), /'guest' has no memory/],
    [
      'memory beyond 2^53',
      (t) => t.require('/memory@80000000').set('reg', [2n ** 60n, 4096n]),
      /\/memory@80000000 of guest 'guest' reaches beyond 2\^53: correct/,
    ],
  ])('refuses a tree with %s', (_, edit, message) => {
    const compose = () => stackFromTree(board('smc', edit), { services });
    expect(compose).toThrow(CompositionError);
    expect(compose).toThrow(message);
  });

  it('refuses what is no blob with the error of the reader', () => {
    expect(() => stackFromTree(new Uint8Array(64), { services })).toThrow(DeviceTreeError);
  });
});

describe('a guest that brings its tree', () => {
  const psci = (method: string) => board(method, (tree) => tree.require('/lamp').set('compatible', 'arm,psci-1.0'));

  it.each([
    ['hvc', 'el3', /\/lamp of guest 'a' names hvc, and service 'lamp' at el3 is reached by smc: write method = "smc"/],
    ['smc', 'el2', /names smc, and service 'lamp' at el2 is reached by hvc: write method = "hvc" there, or put .* el3/],
  ] as const)('is refused where it names %s and the service stands at %s', (method, level, message) => {
    expect(() =>
      createStack({ guests: [{ name: 'a', deviceTree: psci(method) }], [level]: [lamp({ abi: 'psci' })] }),
    ).toThrow(message);
  });

  it.each([
    ['smc', 'el3', {}],
    ['hvc', 'el2', {}],
    ['smc', 'el2', { trapsSmc: true }],
    ['smc', 'outside', {}],
    ['hvc', 'outside', {}],
  ] as const)('is taken where it names %s and the service stands at %s', (method, level, options) => {
    const stack = createStack({
      guests: [{ name: 'a', deviceTree: psci(method) }],
      [level]: [lamp({ ...options, abi: 'psci' })],
    });
    expect(stack.guests.a.bus.services).toHaveLength(1);
  });

  it('has its vCPUs from there alone', () => {
    expect(() => createStack({ guests: [{ name: 'a', vcpus: 2, deviceTree: board('smc') }] })).toThrow(
      /'a' has its vCPUs from its device tree and from vcpus: leave vcpus out/,
    );
  });

  it('cannot say as well what a tree should hold that the stack writes', () => {
    expect(() => createStack({ guests: [{ name: 'a', deviceTree: board('smc'), tree: { model: 'x' } }] })).toThrow(
      /'a' brings its own device tree and says in 'tree'/,
    );
  });
});

it('levelFor puts a service at EL3 for smc and at EL2 for hvc', () => {
  const found = (conduit: string) => ({ path: '/x', conduit }) as unknown as InspectedInterface;
  expect([levelFor(lamp(), found('smc')), levelFor(lamp(), found('hvc'))]).toEqual(['el3', 'el2']);
});
