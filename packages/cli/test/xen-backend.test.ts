import { createStack, type Stack } from '@trapline/stack';
import { bufferMedium, type XenHost, type XenStore } from '@trapline/xen';
import { describe, expect, it } from 'vitest';
import { type XenEntry, xenFrom } from '../src/run/xen-backend.js';

const RAM = 0x4000_0000;
const RINGS = (RAM + 0x10_0000) / 4096;
/** Devices of xvda, xvdb and xvdc. */
const [XVDA, XVDB, XVDC] = [51712, 51728, 51744];

/** A domain in a machine of its own, which brings two disks. */
function composed(entry: XenEntry): { stack: Stack; store: XenStore; host: XenHost } {
  const ends: { store?: XenStore; host?: XenHost } = {};
  const service = xenFrom(entry, {
    guest: 'one',
    grants: { base: BigInt(RAM), size: 0x1000n },
    rings: { console: RINGS, store: RINGS + 1 },
    media: [bufferMedium(new Uint8Array(1024)), bufferMedium(new Uint8Array(2048), { readOnly: true })],
    hasHost: (host) => {
      ends.host = host;
    },
    hasStore: (store) => {
      ends.store = store;
    },
    hasConsole: () => undefined,
  });
  const memory = [{ base: RAM, size: 0x80_0000 }];
  const stack = createStack({ guests: [{ name: 'one', vcpus: 1, memory }], el2: [service] });
  return { stack, ...(ends as Required<typeof ends>) };
}

const modeOf = (store: XenStore, device: number): string | undefined =>
  store.text(`/local/domain/0/backend/vbd/1/${device}/mode`);

describe('Xen as a stack file describes it, in a machine with disks', () => {
  it('gives these the first names that are free', () => {
    const { store } = composed({ store: true, block: [{ name: 'xvdb', size: 512 }] });
    expect([XVDA, XVDB, XVDC].map((device) => modeOf(store, device))).toEqual(['w', 'w', 'r']);
    const alone = composed({ store: true });
    expect([XVDA, XVDB, XVDC].map((device) => modeOf(alone.store, device))).toEqual(['w', 'r', undefined]);
  });

  it('says so where there are more than names', () => {
    const block = [...'abcdefghijklmnopqrstuvwxy'].map((letter) => ({ name: `xvd${letter}`, size: 512 }));
    expect(() => composed({ store: true, block })).toThrow('2 disks beside those of the stack: give at most 1');
  });

  it('says so where they have no store to be found in', () => {
    expect(() => composed({})).toThrow('xen: disks need a store: write store: true');
  });

  it('tells the guest where its grant table goes, and offers nothing else', () => {
    const { stack, host } = composed({ store: true, domains: { one: { id: 7 } } });
    expect(host.domain('one')?.id).toBe(7);
    const node = stack.guests.one?.deviceTree.node('/hypervisor');
    expect(node?.cells('reg')).toEqual([0, RAM, 0, 0x1000]);
  });
});
