import type { Guest } from '@trapline/trap-bus';
import { ERRNO } from '@trapline/xen';
import { expect, test } from 'vitest';
import { DOMCTL, xenDomctl } from '../../src/abi/structures/domctl.js';
import {
  EVTCHNSTAT,
  evtchnAllocUnbound,
  evtchnBindInterdomain,
  evtchnBindVirq,
  evtchnSend,
  evtchnStatus,
} from '../../src/abi/structures/event-channel.js';
import {
  gnttabCopy,
  gnttabMapGrantRef,
  gnttabUnmapGrantRef,
  grantEntryV1,
} from '../../src/abi/structures/grant-table.js';
import {
  xenAddToPhysmap,
  xenAddToPhysmapBatch,
  xenMemoryDomain,
  xenRemoveFromPhysmap,
} from '../../src/abi/structures/memory.js';
import { schedRemoteShutdown } from '../../src/abi/structures/sched.js';
import { DOMID_SELF } from '../../src/domain/xen.js';
import { get, hyper, OPERAND, put, RAM, worldOf } from '../machine.js';

const { ESRCH, EINVAL } = ERRNO;
const FRAME = RAM / 0x1000;
const HOLE = 0x3_0000;
const DATA = FRAME + 0x20;
const GRANT_FRAME = FRAME + 0x40;
const SHARED_INFO = FRAME + 0x41;
const GNTST_BAD_DOMAIN = -2;
const GNTST_BAD_PAGE = -9;
const SIDE = RAM + 0x6000;

/** One domain's calls, as far as this story needs them. */
function callsOf(guest: Guest) {
  const event = (cmd: number, bytes: Uint8Array): number => {
    put(guest, bytes);
    return hyper(guest, 'eventChannelOp', [cmd, OPERAND]);
  };
  const memory = (cmd: number, bytes: Uint8Array): number => {
    put(guest, bytes);
    return hyper(guest, 'memoryOp', [cmd, OPERAND]);
  };
  return {
    alloc: (remoteDom: number, dom: number = DOMID_SELF) => {
      const result = event(6, evtchnAllocUnbound.encode({ dom, remoteDom }));
      return result < 0 ? result : evtchnAllocUnbound.decode(get(guest, evtchnAllocUnbound.size)).port;
    },
    bind: (remoteDom: number, remotePort: number) => {
      const result = event(0, evtchnBindInterdomain.encode({ remoteDom, remotePort }));
      return result < 0 ? result : evtchnBindInterdomain.decode(get(guest, evtchnBindInterdomain.size)).localPort;
    },
    virq: (virq: number) => {
      event(1, evtchnBindVirq.encode({ virq, vcpu: 0 }));
      return evtchnBindVirq.decode(get(guest, evtchnBindVirq.size)).port;
    },
    send: (port: number) => event(4, evtchnSend.encode({ port })),
    status: (port: number, dom: number = DOMID_SELF) => {
      const result = event(5, evtchnStatus.encode({ dom, port }));
      const { status, u } = evtchnStatus.decode(get(guest, evtchnStatus.size));
      return result < 0 ? result : status === EVTCHNSTAT.unbound ? `unbound for ${u.unbound.dom}` : status;
    },
    place: (space: number, gpfn: number) => memory(7, xenAddToPhysmap.encode({ domid: DOMID_SELF, space, gpfn })),
    remove: (gpfn: number) => memory(15, xenRemoveFromPhysmap.encode({ domid: DOMID_SELF, gpfn })),
    foreign: (domid: number, gfn: number, at: number) => {
      put(guest, new Uint8Array(BigUint64Array.of(BigInt(gfn), BigInt(at)).buffer), SIDE);
      const u = { foreignDomid: domid };
      const lists = { idxs: SIDE, gpfns: SIDE + 8, errs: SIDE + 16 };
      const result = memory(23, xenAddToPhysmapBatch.encode({ domid: DOMID_SELF, space: 4, size: 1, u, ...lists }));
      return result < 0 ? result : new DataView(get(guest, 4, SIDE + 16).buffer).getInt32(0, true);
    },
    reservation: (domid: number) => memory(3, xenMemoryDomain.encode({ domid })),
    grant: (ref: number, domid: number, frame: number) =>
      put(guest, grantEntryV1.encode({ flags: 1, domid, frame }), GRANT_FRAME * 0x1000 + ref * 8),
    entryFlags: (ref: number) => grantEntryV1.decode(get(guest, 8, GRANT_FRAME * 0x1000 + ref * 8)).flags,
    map: (dom: number, ref: number, at: number) => {
      put(guest, gnttabMapGrantRef.encode({ host_addr: at * 0x1000, flags: 2, ref, dom }));
      hyper(guest, 'grantTableOp', [0, OPERAND, 1]);
      const { status, handle } = gnttabMapGrantRef.decode(get(guest, gnttabMapGrantRef.size));
      return status < 0 ? status : handle;
    },
    unmap: (handle: number, at: number) => {
      put(guest, gnttabUnmapGrantRef.encode({ host_addr: at * 0x1000, handle }));
      hyper(guest, 'grantTableOp', [1, OPERAND, 1]);
      return gnttabUnmapGrantRef.decode(get(guest, gnttabUnmapGrantRef.size)).status;
    },
    copy: (ref: number, domid: number, to: number) => {
      const source = { u: { ref }, domid };
      const dest = { u: { gmfn: to }, domid: DOMID_SELF };
      put(guest, gnttabCopy.encode({ source, dest, len: 16, flags: 1 }));
      hyper(guest, 'grantTableOp', [5, OPERAND, 1]);
      return gnttabCopy.decode(get(guest, gnttabCopy.size)).status;
    },
    destroy: (domain: number) => {
      put(guest, xenDomctl.encode({ cmd: DOMCTL.destroydomain, interfaceVersion: 0x15, domain }));
      return hyper(guest, 'domctl', [OPERAND]);
    },
    remoteShutdown: (domainId: number) => {
      put(guest, schedRemoteShutdown.encode({ domainId, reason: 0 }));
      return hyper(guest, 'schedOp', [4, OPERAND]);
    },
    isPending: (port: number) =>
      ((get(guest, 8, SHARED_INFO * 0x1000 + 0x30)[port >> 3] as number) & (1 << (port & 7))) !== 0,
    clear: () => put(guest, new Uint8Array(0x40), SHARED_INFO * 0x1000),
    fill: (frame: number, byte: number) => put(guest, new Uint8Array(16).fill(byte), frame * 0x1000),
    at: (frame: number) => get(guest, 1, frame * 0x1000)[0],
    has: (frame: number) => guest.ports.memory.has((frame * 0x1000) as never, 1),
  };
}

test('dom0 destroys a domain while ports are bound and pages mapped both ways', () => {
  const world = worldOf({ domains: { dom0: { privileged: true }, one: {} } });
  const a = callsOf(world.guest('dom0'));
  const b = callsOf(world.guest('one'));
  for (const side of [a, b]) {
    expect(side.place(0, SHARED_INFO)).toBe(0);
    expect(side.place(1, GRANT_FRAME)).toBe(0);
  }
  const virq = a.virq(3);
  const offered = b.alloc(0);
  const bound = a.bind(1, offered);
  const free = a.alloc(1);
  const other = b.alloc(0);
  a.grant(8, 1, DATA);
  b.grant(8, 0, DATA + 1);
  b.grant(9, 0, DATA + 2);
  b.fill(DATA + 1, 0x31);
  b.fill(DATA, 0x30);
  expect(b.map(0, 8, HOLE)).toBeGreaterThanOrEqual(0);
  const handle = a.map(1, 8, HOLE);
  expect(a.foreign(1, DATA, HOLE + 1)).toBe(0);
  expect([a.at(HOLE), a.at(HOLE + 1)]).toEqual([0x31, 0x30]);
  expect(a.entryFlags(8)).toBe(0x19);
  a.clear();

  expect(a.destroy(1)).toBe(0);
  // Its ports are gone, dom0's end of them is open for the number that it had; nothing of it is pending.
  expect([a.status(bound), a.status(free)]).toEqual(['unbound for 1', 'unbound for 1']);
  expect([a.isPending(bound), a.isPending(free)]).toEqual([false, false]);
  expect(a.send(bound)).toBe(0);
  // What dom0 has mapped of it stays; what it had mapped of dom0 is given back.
  a.fill(HOLE, 0x77);
  expect([a.at(HOLE), a.at(HOLE + 1), a.entryFlags(8)]).toEqual([0x77, 0x30, 1]);
  // Nobody begins anything with it any more.
  expect(a.bind(1, other)).toBe(-EINVAL);
  expect(a.alloc(1)).toBeGreaterThan(0);
  expect(a.alloc(0, 1)).toBe(-EINVAL);
  expect(a.status(1, 1)).toBe(EVTCHNSTAT.closed);
  expect(a.map(1, 9, HOLE + 2)).toBe(GNTST_BAD_PAGE);
  expect(a.copy(9, 1, DATA + 3)).toBe(GNTST_BAD_PAGE);
  expect(a.foreign(1, DATA + 2, HOLE + 3)).toBe(-EINVAL);
  expect(a.reservation(1)).toBe(2);
  expect(a.unmap(handle, HOLE)).toBe(0);
  expect(a.has(HOLE)).toBe(false);
  expect(world.host.domain(1)?.info).toMatchObject({ dying: true, pages: 1 });

  // The last page goes, and the domain with it.
  a.clear();
  expect(a.remove(HOLE + 1)).toBe(0);
  expect(world.host.domain(1)).toBeUndefined();
  expect(a.isPending(virq)).toBe(true);
  expect(a.remoteShutdown(1)).toBe(-ESRCH);
  expect(a.status(1, 1)).toBe(-ESRCH);
  expect(a.alloc(1)).toBe(-ESRCH);
  expect(a.map(1, 9, HOLE + 2)).toBe(GNTST_BAD_DOMAIN);

  // A reset of the guest makes it anew.
  world.guest('one').reset();
  expect(world.host.domain(1)?.info).toMatchObject({ dying: false, pages: 512 });
  expect(b.alloc(0)).toBe(1);
});
