import { type ClientOf, createClient, type Service } from '@trapline/core';
import { abi, type EpaprHost, hypervisor, MESSAGE_BROADCAST, SPURIOUS_VECTOR, status } from '@trapline/epapr';
import { createMachine, type Guest, type Machine } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';

interface World {
  readonly machine: Machine;
  readonly host: EpaprHost;
  guest(name: string): Guest;
  calls(name: string, cpu?: number): ClientOf<typeof abi>;
}

function worldOf(options: Parameters<typeof hypervisor>[0] = {}, names: readonly string[] = ['a', 'b']): World {
  let host: EpaprHost | undefined;
  const service: Service = hypervisor({
    ...options,
    connect: (given) => {
      host = given;
    },
  });
  const machine = createMachine({
    guests: names.map((name) => ({ name, vcpus: 2, hasEl2: true, services: { el2: [service] } })),
  });
  return {
    machine,
    host: host as EpaprHost,
    guest: (name) => machine.guest(name),
    calls: (name, cpu = 0) => createClient(abi, { kind: 'hvc', caller: machine.guest(name).caller(cpu) }),
  };
}

const DATA = { data0: 0x4142_4344, data1: 0x4546_4748, data2: 0x494a_4b4c, data3: 0x4d4e_4f50 };

describe('byte channels', () => {
  const options = {
    byteChannels: [
      { ends: [{ guest: 'a', handle: 3, receiveInterrupt: 5, transmitInterrupt: 6 }] as const, capacity: 8 },
      {
        ends: [
          { guest: 'a', handle: 4 },
          { guest: 'b', handle: 9, receiveInterrupt: 7 },
        ] as const,
      },
    ],
  };

  test('the first byte is the highest of the first register', () => {
    const { host, calls } = worldOf(options);
    const answer = calls('a').byteChannelSend({ handle: 3, count: 5, ...DATA });
    expect(answer).toEqual({ result: status.SUCCESS, count: 5 });
    expect(new TextDecoder().decode(host.receive('a', 3))).toBe('ABCDE');
  });

  test('a full channel takes what it can, then nothing: EAGAIN', () => {
    const { calls } = worldOf(options);
    expect(calls('a').byteChannelSend({ handle: 3, count: 16, ...DATA })).toEqual({ result: status.SUCCESS, count: 8 });
    expect(calls('a').byteChannelSend({ handle: 3, count: 1, ...DATA })).toEqual({ result: status.EAGAIN, count: 0 });
    expect(calls('a').byteChannelSend({ handle: 3, count: 0, ...DATA })).toEqual({ result: status.SUCCESS, count: 0 });
    expect(calls('a').byteChannelPoll({ handle: 3 })).toEqual({ result: status.SUCCESS, received: 0, space: 0 });
  });

  test('sending more than 16 bytes is EINVAL, receiving more is cut', () => {
    const { host, calls } = worldOf(options);
    expect(calls('a').byteChannelSend({ handle: 3, count: 17, ...DATA }).result).toBe(status.EINVAL);
    host.send('a', 3, new Uint8Array([1, 2, 3, 4, 5]));
    expect(calls('a').byteChannelReceive({ handle: 3, count: 0xffff_ffff })).toEqual({
      result: status.SUCCESS,
      count: 5,
      data0: 0x0102_0304,
      data1: 0x0500_0000,
      data2: 0,
      data3: 0,
    });
  });

  test('two guests talk, and the receiver is interrupted until it has taken everything', () => {
    const { calls } = worldOf(options);
    const b = calls('b');
    b.intSetConfig({ interrupt: 7, config: 2, priority: 8, destination: 0 });
    b.intSetMask({ interrupt: 7, mask: 'ENABLED' });
    calls('a').byteChannelSend({ handle: 4, count: 3, ...DATA });
    expect(b.intIack({ controller: 0 })).toEqual({ result: status.SUCCESS, vector: 7 });
    b.intEoi({ interrupt: 7 });
    expect(b.byteChannelReceive({ handle: 9, count: 2 })).toMatchObject({ count: 2, data0: 0x4142_0000 });
    expect(b.intIack({ controller: 0 }).vector).toBe(7);
    b.intEoi({ interrupt: 7 });
    expect(b.byteChannelReceive({ handle: 9, count: 2 })).toMatchObject({ count: 1, data0: 0x4300_0000 });
    expect(b.intIack({ controller: 0 }).vector).toBe(SPURIOUS_VECTOR);
  });

  test('room in a channel that was full interrupts the sender', () => {
    const { host, calls } = worldOf(options);
    const a = calls('a');
    a.intSetConfig({ interrupt: 6, config: 0, priority: 1, destination: 0 });
    a.intSetMask({ interrupt: 6, mask: 'ENABLED' });
    a.byteChannelSend({ handle: 3, count: 8, ...DATA });
    expect(a.intIack({ controller: 0 }).vector).toBe(SPURIOUS_VECTOR);
    host.receive('a', 3);
    expect(a.intIack({ controller: 0 }).vector).toBe(6);
  });

  test.for(['byteChannelSend', 'byteChannelReceive', 'byteChannelPoll'] as const)(
    '%s of another’s handle is EINVAL',
    (name) => {
      const { calls } = worldOf(options);
      const answer = calls('b')[name]({ handle: 3, count: 1, ...DATA });
      expect(answer.result).toBe(status.EINVAL);
    },
  );

  test('the embedder has no end of a channel between guests', () => {
    const { host } = worldOf(options);
    expect(() => host.receive('a', 4)).toThrow('guest a has no byte channel 4');
  });

  test('bytes on their way are saved, and cleared at the receiver by a reset', () => {
    const { machine, calls } = worldOf(options);
    calls('a').byteChannelSend({ handle: 4, count: 4, ...DATA });
    const saved = JSON.parse(JSON.stringify(machine.save()));
    const other = worldOf(options);
    other.machine.restore(saved);
    expect(other.calls('b').byteChannelReceive({ handle: 9, count: 16 })).toMatchObject({
      count: 4,
      data0: DATA.data0,
    });
    machine.guest('b').reset();
    expect(calls('b').byteChannelPoll({ handle: 9 })).toMatchObject({ received: 0 });
  });
});

describe('interrupts', () => {
  const options = { interrupts: [10, 11], line: 22 };

  function enabled(world: World, interrupt: number, priority: number, config = 2, destination = 0): void {
    const calls = world.calls('a');
    calls.intSetConfig({ interrupt, config, priority, destination });
    calls.intSetMask({ interrupt, mask: 'ENABLED' });
  }

  test('are masked, level-sensitive and of priority 0 at first', () => {
    const { calls } = worldOf(options);
    expect(calls('a').intGetConfig({ interrupt: 10 })).toEqual({
      result: status.SUCCESS,
      config: 2,
      priority: 0,
      destination: 0,
    });
    expect(calls('a').intGetMask({ interrupt: 10 })).toEqual({ result: status.SUCCESS, mask: 'DISABLED' });
  });

  test('the higher priority is taken first, and interrupts the lower one', () => {
    const world = worldOf(options);
    const a = world.calls('a');
    enabled(world, 10, 3);
    enabled(world, 11, 5);
    world.host.setLevel('a', 10, true);
    expect(a.intIack({ controller: 0 }).vector).toBe(10);
    world.host.setLevel('a', 11, true);
    expect(a.intIack({ controller: 0 }).vector).toBe(11);
    expect(a.intIack({ controller: 0 }).vector).toBe(SPURIOUS_VECTOR);
    world.host.setLevel('a', 11, false);
    a.intEoi({ interrupt: 11 });
    a.intEoi({ interrupt: 10 });
    expect(a.intIack({ controller: 0 }).vector).toBe(10);
  });

  test('an edge is taken once', () => {
    const world = worldOf(options);
    enabled(world, 10, 3, 1);
    world.host.setLevel('a', 10, true);
    expect(world.calls('a').intIack({ controller: 0 }).vector).toBe(10);
    world.calls('a').intEoi({ interrupt: 10 });
    expect(world.calls('a').intIack({ controller: 0 }).vector).toBe(SPURIOUS_VECTOR);
  });

  test('priority 0 and a mask keep an interrupt back', () => {
    const world = worldOf(options);
    enabled(world, 10, 0);
    world.host.setLevel('a', 10, true);
    expect(world.calls('a').intIack({ controller: 0 }).vector).toBe(SPURIOUS_VECTOR);
    enabled(world, 10, 1);
    world.calls('a').intSetMask({ interrupt: 10, mask: 'DISABLED' });
    expect(world.calls('a').intIack({ controller: 0 }).vector).toBe(SPURIOUS_VECTOR);
  });

  test('the line of the destination is asserted while something is pending', () => {
    const world = worldOf(options);
    enabled(world, 10, 1, 2, 1);
    const changes: string[] = [];
    world.machine.interrupts$.subscribe(({ vcpu, intid, change }) => changes.push(`${vcpu} ${intid} ${change}`));
    world.host.setLevel('a', 10, true);
    world.host.setLevel('a', 10, false);
    expect(changes).toEqual(['1 22 asserted', '1 22 deasserted']);
  });

  test('EINVAL for what is not there', () => {
    const { calls } = worldOf(options);
    const a = calls('a');
    const right = { interrupt: 10, config: 2, priority: 1, destination: 0 };
    for (const wrong of [{ interrupt: 12 }, { config: 4 }, { priority: 16 }, { destination: 2 }]) {
      expect(a.intSetConfig({ ...right, ...wrong })).toBe(status.EINVAL);
    }
    expect(a.intGetConfig({ interrupt: 12 }).result).toBe(status.EINVAL);
    expect(a.intSetMask({ interrupt: 12, mask: 'ENABLED' })).toBe(status.EINVAL);
    expect(a.intGetMask({ interrupt: 12 }).result).toBe(status.EINVAL);
    expect(a.intIack({ controller: 1 }).result).toBe(status.EINVAL);
    expect(a.intEoi({ interrupt: 12 })).toBe(status.EINVAL);
  });
});

describe('doorbells, messages, idle', () => {
  test('a doorbell interrupts the other guest', () => {
    const doorbells = [{ from: { guest: 'a', handle: 1 }, to: { guest: 'b', interrupt: 20 } }];
    const { calls } = worldOf({ doorbells });
    calls('b').intSetConfig({ interrupt: 20, config: 0, priority: 2, destination: 0 });
    calls('b').intSetMask({ interrupt: 20, mask: 'ENABLED' });
    expect(calls('a').doorbellSend({ handle: 1 })).toBe(status.SUCCESS);
    expect(calls('b').intIack({ controller: 0 }).vector).toBe(20);
    expect(calls('b').doorbellSend({ handle: 1 })).toBe(status.EINVAL);
  });

  test('a doorbell that nobody hears is CONFIG', () => {
    const from = { guest: 'a', handle: 1 };
    const gone = { guest: 'nobody', interrupt: 20 };
    expect(
      worldOf({ doorbells: [{ from }] })
        .calls('a')
        .doorbellSend({ handle: 1 }),
    ).toBe(status.CONFIG);
    expect(
      worldOf({ doorbells: [{ from, to: gone }] })
        .calls('a')
        .doorbellSend({ handle: 1 }),
    ).toBe(status.CONFIG);
  });

  test('a message goes to one CPU or to all, and only as an ordinary doorbell', () => {
    const { machine, calls } = worldOf({ message: 3 });
    const heard: string[] = [];
    machine.interrupts$.subscribe(({ vcpu, intid }) => heard.push(`${vcpu} ${intid}`));
    expect(calls('a').msgsnd({ message: 1 })).toBe(status.SUCCESS);
    expect(heard).toEqual(['1 3']);
    expect(calls('a').msgsnd({ message: MESSAGE_BROADCAST })).toBe(status.SUCCESS);
    expect(heard).toContain('0 3');
    expect(calls('a').msgsnd({ message: 0x0800_0000 })).toBe(status.EINVAL);
    expect(worldOf().calls('a').msgsnd({ message: 0 })).toBe(status.UNIMPLEMENTED);
  });

  test('IDLE waits for an interrupt and returns SUCCESS', () => {
    const { guest, calls } = worldOf();
    const pending = calls('a').idle();
    expect(pending.waiting).toBe(true);
    const [vcpu] = guest('a').vcpus;
    if (vcpu) guest('a').wake(vcpu);
    expect(vcpu?.powerState).toBe('running');
    expect(pending.result).toBe(status.SUCCESS);
  });
});

describe('composition', () => {
  test.for<[Parameters<typeof hypervisor>[0], string]>([
    [
      { byteChannels: [{ ends: [{ guest: 'a', handle: 1 }], capacity: 0 }] },
      'a byte channel holds 0 bytes: give it 1 to 65536',
    ],
    [
      {
        byteChannels: [
          {
            ends: [
              { guest: 'a', handle: 1 },
              { guest: 'a', handle: 1 },
            ],
          },
        ],
      },
      'byte channel 1 of a is there twice: give one another handle',
    ],
    [
      { doorbells: [{ from: { guest: 'a', handle: 1 } }, { from: { guest: 'a', handle: 1 } }] },
      'doorbell 1 of a is there twice: give one another handle',
    ],
    [{ interrupts: [1024] }, 'an interrupt has the number 1024: take one from 0 to 1023'],
    [{ interrupts: Array.from({ length: 257 }, (_, i) => i) }, 'there are 257 interrupts: leave all but 256 out'],
  ])('%o is refused', ([options, message]) => {
    expect(() => hypervisor(options)).toThrow(message);
  });

  test('saved state of another composition is refused', () => {
    const one = worldOf({ interrupts: [1] });
    const saved = one.machine.save();
    expect(() => worldOf({ interrupts: [2] }).machine.restore(saved)).toThrow('interrupts 2');
    const text = JSON.stringify(saved).replaceAll('"priority":0', '"priority":99');
    expect(() => one.machine.restore(JSON.parse(text))).toThrow('is no state of an interrupt');
    const channel = { byteChannels: [{ ends: [{ guest: 'a', handle: 1 }] as const, capacity: 2 }] };
    expect(() => worldOf(channel).machine.restore(saved)).toThrow('1 byte channels is wanted');
  });
});
