import { type Conduit, perGuest } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import { createStack } from '@trapline/stack';
import { createMachine } from '@trapline/trap-bus';
import {
  ChannelClient,
  Command,
  driver,
  hypervisor,
  MessageStatus,
  PROTOCOL_RPCI,
  UNSUPPORTED,
  Vmware,
} from '@trapline/vmware';
import { describe, expect, test } from 'vitest';
import { bytes, contextOf, UUID } from './world.js';

/** A hypervisor that takes no call. */
const silent = perGuest({
  name: 'silent',
  levels: ['el2'],
  needs: [],
  attach: () => ({ implementations: [], reset: () => {}, save: () => null, restore: () => {} }),
});

describe('the driver', () => {
  test('finds nothing where nothing answers', () => {
    const machine = createMachine({ guests: [{ name: 'g', vcpus: 1, hasEl2: true, services: { el2: [silent] } }] });
    const guest = machine.guest('g');
    const node = new DeviceTree().root.add('hypervisor', { compatible: 'vmware' });
    expect(
      driver.bind(
        contextOf((kind) => guest.conduit(kind)),
        node,
      ),
    ).toBeUndefined();
    expect(
      driver.bind(
        contextOf((kind) => guest.conduit(kind)),
        undefined,
      ),
    ).toBeUndefined();
  });

  test('is bound by discovery to the node that the service describes', () => {
    const stack = createStack({
      guests: [{ name: 'g', vcpus: 1, memory: [{ base: 0x4000_0000, size: 0x100_0000 }] }],
      el2: [hypervisor({ uuid: UUID })],
    });
    const bound = stack.guests.g.discover([driver]).get(driver);
    expect(bound.uuid()).toBe(UUID);
  });

  test('breaks off where the other side does not keep the protocol', () => {
    const results = { ax: 0, bx: 70_000, cx: 3 << 16, dx: 1 << 16, si: 0, di: 0 };
    const channel = ChannelClient.open({ call: () => results }, PROTOCOL_RPCI);
    expect(channel?.receive()).toBeUndefined();
    let calls = 0;
    const checkpoints = ChannelClient.open(
      { call: () => ({ ...results, bx: 4, cx: (calls++ % 2 === 0 ? 3 : MessageStatus.CPT) << 16 }) },
      PROTOCOL_RPCI,
    );
    expect(checkpoints?.receive()).toBeUndefined();
    expect(checkpoints?.send(bytes('abcd'))).toBe(false);
  });

  test('knows no time and no UUID where no command answers', () => {
    const none = { ax: UNSUPPORTED, bx: 0, cx: 0, dx: 0, si: 0, di: 0 };
    const conduit = { kind: 'mrs' } as Conduit;
    const bound = new Vmware(conduit, { inOut: () => none }, 6, 4);
    expect([bound.time(), bound.uuid(), bound.open(), bound.rpc('log x')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    const old = new Vmware(
      conduit,
      { inOut: ({ command }) => (command === Command.GETTIME ? { ...none, ax: 5 } : none) },
      6,
      4,
    );
    expect(old.time()).toEqual({ seconds: 5n, microseconds: 0, maxTimeLag: 0 });
  });

  test('a UUID that is none is refused', () => {
    expect(() => hypervisor({ uuid: 'x' })).toThrow('x is no UUID');
  });
});
