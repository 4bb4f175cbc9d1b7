import { type BindContext, type ConduitKind, createClient } from '@trapline/core';
import { cells, DeviceTree, readDts, writeDts } from '@trapline/devicetree';
import {
  abi,
  ByteChannelError,
  ChannelClient,
  driver,
  type EpaprHost,
  hypervisor,
  readEpaprNode,
} from '@trapline/epapr';
import { createStack } from '@trapline/stack';
import { createMachine } from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';

function bindIn(dts: string, asked: ConduitKind[] = []) {
  const tree = readDts(`/dts-v1/; / { ${dts} };`);
  const guest = createMachine({
    guests: [{ name: 'g', vcpus: 1, hasEl2: true, services: { el2: [hypervisor({ immediate: 0x42 })] } }],
  }).guest('g');
  const context: BindContext = {
    tree,
    conduit: (kind) => {
      asked.push(kind);
      return guest.conduit(kind);
    },
    get: () => {
      throw new Error('ePAPR needs no other driver');
    },
    memory: undefined,
    random: undefined,
  };
  return driver.bind(context, tree.root.child('hypervisor'));
}

describe('the driver', () => {
  test.for([
    ['by method', 'method = "hvc"; trapline,immediate = <0x42>;', false],
    ['by what the instructions read as', 'hcall-instructions = <0xd4000842>;', true],
  ] as const)('calls %s', ([, properties, decoded]) => {
    const bound = bindIn(`hypervisor { compatible = "epapr,hypervisor-1.1"; ${properties} };`);
    expect(bound).toMatchObject({ decoded, immediate: 0x42 });
    expect(String(bound?.calls.byteChannelPoll({ handle: 1 }).result)).toBe('EINVAL');
  });

  test.for([
    ['', 'no method property; write method = "hvc" or "smc"'],
    ['method = "HVC";', 'method is neither "hvc" nor "smc"'],
    ['hcall-instructions = <0x44000022>;', "/hypervisor: hcall-instructions holds sc 1, PowerPC's call instruction"],
  ])('refuses %o', ([properties, message]) => {
    expect(() => bindIn(`hypervisor { compatible = "epapr,hypervisor-1.0"; ${properties} };`)).toThrow(message);
  });

  test('looks for a node', () => {
    expect(bindIn('')).toBeUndefined();
  });
});

test('a node is read as it stands', () => {
  const { root } = readDts(`/dts-v1/; / { hypervisor { compatible = "acme,hv", "epapr,hypervisor-0.2"; has-idle;
    guest-id = <7>; guest-name = "left"; method = <1>; hypercall-instructions = <1 2>; }; };`);
  const node = root.child('hypervisor');
  expect(node && readEpaprNode(node)).toEqual({
    path: '/hypervisor',
    compatible: ['acme,hv', 'epapr,hypervisor-0.2'],
    version: '0.2',
    method: undefined,
    immediate: 0,
    instructions: cells(1, 2).bytes,
    hasIdle: true,
    guestId: 7,
    guestName: 'left',
  });
  expect(readEpaprNode(new DeviceTree().root).compatible).toEqual([]);
});

describe('a stack', () => {
  let host: EpaprHost | undefined;
  const stack = createStack({
    guests: [{ name: 'left', vcpus: 2, memory: [{ base: 0x4000_0000, size: 0x100_0000 }] }],
    el2: [
      hypervisor({
        byteChannels: [{ ends: [{ guest: 'left', handle: 1, receiveInterrupt: 5 }], capacity: 40 }],
        doorbells: [{ from: { guest: 'left', handle: 2 }, to: { guest: 'left', interrupt: 7 } }],
        guestIds: { left: 3 },
        connect: (given) => {
          host = given;
        },
      }),
    ],
  });
  const guest = stack.guests.left;

  test('describes the hypervisor symbolically', () => {
    expect(writeDts(guest.deviceTree)).toContain(`	hypervisor {
		compatible = "epapr,hypervisor-1.1";
		method = "hvc";
		has-idle;
		guest-name = "left";
		guest-id = <0x3>;`);
  });

  test('is found by the driver, whose byte channel talks', () => {
    const bound = guest.discover([driver]).get(driver);
    const channel = bound.byteChannels.get(1);
    const text = 'forty bytes fit into the channel, not one more';
    expect(channel?.send(new TextEncoder().encode(text))).toBe(40);
    expect(new TextDecoder().decode(host?.receive('left', 1))).toBe(text.slice(0, 40));
    host?.send('left', 1, new TextEncoder().encode('and thirty-two come back to it..'));
    expect(new TextDecoder().decode(channel?.receive())).toBe('and thirty-two come back to it..');
  });

  test('a channel that is not there is an error with the status', () => {
    const calls = createClient(abi, guest.bus.conduit('hvc'));
    const channel = new ChannelClient(calls, 99);
    expect(() => channel.send(new Uint8Array(1))).toThrow('byteChannelSend: EINVAL');
    expect(() => channel.receive()).toThrow(ByteChannelError);
  });
});
