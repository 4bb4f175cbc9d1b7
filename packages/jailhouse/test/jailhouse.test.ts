import { type BindContext, createClient, type Interface } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import { abi, driver, type HypervisorOptions, hypervisor, IMMEDIATE, MAX_CELLS, status } from '@trapline/jailhouse';
import { describeService } from '@trapline/testkit';
import { createMachine, type Machine } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';

const OPTIONS: HypervisorOptions = {
  cells: [
    { guest: 'root', id: 0, cpus: [0, 3], console: true },
    { guest: 'inmate', id: 7, cpus: [2], console: true },
    { guest: 'elsewhere', id: 9, cpus: [5], state: 3 },
  ],
  pools: [100, 40, 200, 10],
  failedCpus: [5],
};

function machineWith(options: HypervisorOptions = OPTIONS): Machine {
  const service = hypervisor(options);
  const services = { el2: [service] };
  return createMachine({
    guests: [
      { name: 'root', vcpus: 2, hasEl2: true, services },
      { name: 'inmate', vcpus: 1, hasEl2: true, services },
    ],
  });
}

function callsOf(machine: Machine, guest: string) {
  return createClient(abi, machine.guest(guest).conduit('hvc'));
}

describe('the root cell', () => {
  const machine = machineWith();
  const root = callsOf(machine, 'root');

  test('is told the pools and the number of cells', () => {
    expect(root.hypervisorGetInfo({ type: 'MEM_POOL_SIZE' })).toBe(100);
    expect(root.hypervisorGetInfo({ type: 'REMAP_POOL_USED' })).toBe(10);
    expect(root.hypervisorGetInfo({ type: 'NUM_CELLS' })).toBe(3);
    expect(root.hypervisorGetInfo({ type: { unknown: 5 } })).toBe(status.EINVAL);
  });

  test('is told the state of cells and CPUs', () => {
    expect(root.cellGetState({ cell: 7 })).toBe('RUNNING');
    expect(root.cellGetState({ cell: 9 })).toBe('FAILED');
    expect(root.cellGetState({ cell: 8 })).toBe(status.ENOENT);
    expect(root.cellGetState({ cell: 0x1_0000_0007 })).toBe(status.ENOENT);
    expect(root.cpuGetInfo({ cpu: 5, type: 'STATE' })).toBe(2);
    expect(root.cpuGetInfo({ cpu: 2, type: 'STATE' })).toBe(0);
    expect(root.cpuGetInfo({ cpu: 1, type: 'STATE' })).toBe(status.EINVAL);
    expect(root.cpuGetInfo({ cpu: 0, type: { unknown: 999 } })).toBe(status.EINVAL);
    expect(root.cpuGetInfo({ cpu: 0, type: { unknown: 1009 } })).toBe(status.EINVAL);
  });

  test('manages other cells through the embedder, not itself', () => {
    expect(root.cellStart({ cell: 0 })).toBe(status.EINVAL);
    expect(root.cellDestroy({ cell: 8 })).toBe(status.ENOENT);
    expect(root.disable()).toBe(status.EBUSY);
    const leaving = machineWith();
    expect(() => callsOf(leaving, 'root').cellSetLoadable({ cell: 7 })).toThrow('exit');
    const creating = machineWith();
    expect(() => callsOf(creating, 'root').cellCreate({ configuration: 0x1000 })).toThrow('exit');
    const alone = createMachine({
      guests: [
        {
          name: 'r',
          vcpus: 1,
          hasEl2: true,
          services: { el2: [hypervisor({ cells: [{ guest: 'r', id: 0, cpus: [0] }] })] },
        },
      ],
    });
    expect(() => callsOf(alone, 'r').disable()).toThrow('exit');
  });
});

describe('another cell', () => {
  test('may not manage, and asks about its own CPUs only', () => {
    const inmate = callsOf(machineWith(), 'inmate');
    expect(inmate.disable()).toBe(status.EPERM);
    expect(inmate.cellCreate({ configuration: 0 })).toBe(status.EPERM);
    expect(inmate.cellDestroy({ cell: 7 })).toBe(status.EPERM);
    expect(inmate.cellGetState({ cell: 7 })).toBe(status.EPERM);
    expect(inmate.cpuGetInfo({ cpu: 2, type: 'STATE' })).toBe(0);
    expect(inmate.cpuGetInfo({ cpu: 0, type: 'STATE' })).toBe(status.EPERM);
  });

  test('hypercalls are counted for their CPU', () => {
    const machine = machineWith();
    const inmate = callsOf(machine, 'inmate');
    for (let i = 0; i < 4; i++) inmate.hypervisorGetInfo({ type: 'NUM_CELLS' });
    expect(inmate.cpuGetInfo({ cpu: 2, type: 'VMEXITS_HYPERCALL' })).toBe(5);
    expect(callsOf(machine, 'root').cpuGetInfo({ cpu: 2, type: 'VMEXITS_TOTAL' })).toBe(5);
    expect(callsOf(machine, 'root').cpuGetInfo({ cpu: 3, type: 'VMEXITS_HYPERCALL' })).toBe(0);
    const saved = JSON.stringify(machine.save());
    machine.guest('inmate').reset();
    expect(inmate.cpuGetInfo({ cpu: 2, type: 'VMEXITS_HYPERCALL' })).toBe(1);
    machine.restore(JSON.parse(saved));
    expect(inmate.cpuGetInfo({ cpu: 2, type: 'VMEXITS_HYPERCALL' })).toBe(6);
    expect(() => machine.restore(JSON.parse(saved.replace(/\[(0|5|6),0,0,\d+,/, '[-1,0,0,0,')))).toThrow(
      'counters are wanted',
    );
  });

  test('prints where it may', () => {
    const printed: string[] = [];
    const print = (guest: string, byte: number) => printed.push(`${guest} ${String.fromCharCode(byte)}`);
    const machine = machineWith({ ...OPTIONS, print });
    expect(callsOf(machine, 'inmate').debugConsolePutc({ character: 0x141 })).toBe(status.SUCCESS);
    expect(printed).toEqual(['inmate A']);
    const cells = OPTIONS.cells.map(({ console: _, ...cell }) => cell);
    expect(callsOf(machineWith({ cells }), 'inmate').debugConsolePutc({ character: 1 })).toBe(status.EPERM);
  });

  test('a number that nobody declares is ENOSYS; all 64 bits of it count', () => {
    const { vcpus } = machineWith().guest('inmate');
    const caller = machineWith().guest('inmate').caller(0);
    for (const number of [9n, 0x1_0000_0005n]) {
      caller.x[0] = number;
      caller.execute('hvc', IMMEDIATE);
      expect(BigInt.asIntN(64, caller.x[0] as bigint)).toBe(-38n);
    }
    expect(vcpus).toHaveLength(1);
    expect(caller.execute('hvc', 0).kind).not.toBe('returned');
  });
});

describe('composition', () => {
  test.for<[HypervisorOptions, string]>([
    [{ cells: [] }, 'a Jailhouse has no cell'],
    [
      {
        cells: [
          { guest: 'a', id: 0, cpus: [0] },
          { guest: 'b', id: 0, cpus: [1] },
        ],
      },
      'two cells have the id 0',
    ],
    [
      {
        cells: [
          { guest: 'a', id: 0, cpus: [1] },
          { guest: 'b', id: 1, cpus: [1] },
        ],
      },
      'two cells have the CPU 1',
    ],
    [
      { cells: Array.from({ length: MAX_CELLS + 1 }, (_, id) => ({ guest: 'g', id, cpus: [id] })) },
      `there are ${MAX_CELLS + 1} cells`,
    ],
  ])('%o is refused', ([options, message]) => {
    expect(() => hypervisor(options)).toThrow(message);
  });

  test('a guest has to be a cell, with as many CPUs', () => {
    expect(() => machineWith({ cells: [{ guest: 'root', id: 0, cpus: [0, 1] }] })).toThrow('guest inmate is no cell');
    expect(() => machineWith({ cells: [{ guest: 'root', id: 0, cpus: [0] }] })).toThrow('has 1 CPUs, its guest 2');
  });
});

describe('the driver', () => {
  function bindIn(machine: Machine, guest: string) {
    const get = (): never => {
      throw new Error('Jailhouse needs no other driver');
    };
    const conduit = (kind: string) => machine.guest(guest).conduit(kind);
    const context: BindContext = { tree: new DeviceTree(), conduit, get, memory: undefined, random: undefined };
    return driver.bind(context, undefined);
  }

  test('finds the hypervisor and prints', () => {
    let text = '';
    const print = (_: string, byte: number) => {
      text += String.fromCharCode(byte);
    };
    const bound = bindIn(machineWith({ ...OPTIONS, print }), 'inmate');
    expect([bound?.cells, bound?.print('hello')]).toEqual([3, true]);
    expect(text).toBe('hello');
  });

  test('finds nothing where nothing takes the call', () => {
    const other = hypervisor({ cells: [{ guest: 'root', id: 0, cpus: [0] }] });
    const nothing = {
      ...other,
      start: () => ({ attach: () => ({ implementations: [], reset() {}, save: () => null, restore() {} }) }),
    };
    const machine = createMachine({ guests: [{ name: 'root', vcpus: 1, hasEl2: true, services: { el2: [nothing] } }] });
    expect(bindIn(machine, 'root')).toBeUndefined();
  });
});

describeService({
  name: 'Jailhouse',
  service: hypervisor({
    cells: [
      { guest: 'guest', id: 0, cpus: [0, 1, 2, 3], console: true },
      { guest: 'b', id: 1, cpus: [4] },
    ],
  }),
  interfaces: [abi as unknown as Interface],
  conduit: 'hvc',
  guest: { hasEl2: true },
  unknown: undefined,
  readsHighHalves: true,
  calls: 10_000,
});
