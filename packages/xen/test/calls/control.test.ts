import { ERRNO, HVM_PARAMETERS, SHUTDOWN } from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { xenDmOp, xenDmOpBuf, xenDmOpNrVcpus, xenDmOpSetIrqLevel } from '../../src/abi/structures/dm.js';
import {
  DOMCTL,
  DOMINF,
  xenDomctl,
  xenDomctlGetdomaininfo,
  xenDomctlGetvcpuinfo,
} from '../../src/abi/structures/domctl.js';
import { xenHvmParam } from '../../src/abi/structures/hvm.js';
import { xenHypfsDirentry } from '../../src/abi/structures/hypfs.js';
import { xenPlatformOp } from '../../src/abi/structures/platform.js';
import {
  PHYSCAP,
  SYSCTL,
  xenSysctl,
  xenSysctlAvailheap,
  xenSysctlGetcpuinfo,
  xenSysctlGetdomaininfolist,
  xenSysctlPhysinfo,
  xenSysctlReadconsole,
} from '../../src/abi/structures/sysctl.js';
import { DOMID_SELF } from '../../src/domain/xen.js';
import { get, hyper, NOWHERE, OPERAND, put, RAM, textAt, type World, worldOf } from '../machine.js';

const { EPERM, ENOENT, ESRCH, E2BIG, ENOMEM, EACCES, EFAULT, EINVAL, ENOSYS, ENODATA, EOPNOTSUPP, ENOBUFS } = ERRNO;
const BUFFER = RAM + 0x8000;
const DOM0 = { dom0: { privileged: true }, one: {} };

function both(options: Parameters<typeof worldOf>[0] = {}): World {
  return worldOf({ domains: DOM0, ...options });
}

describe('hvm_op', () => {
  const param = (world: World, name: string, op: number | bigint, domid: number, index: number, value = 0n): number => {
    put(world.guest(name), xenHvmParam.encode({ domid, index, value }));
    return hyper(world.guest(name), 'hvmOp', [op, OPERAND]);
  };
  const { storePfn, consolePfn, monitorRingPfn } = HVM_PARAMETERS;

  test('the control domain sets what a domain reads', () => {
    const world = both();
    expect(param(world, 'dom0', 0, 1, consolePfn, 0xffff_ffff_0003_9000n)).toBe(0);
    expect(param(world, 'one', 1, DOMID_SELF, consolePfn, 7n)).toBe(0);
    expect(xenHvmParam.decode(get(world.guest('one'), xenHvmParam.size)).value).toBe(0xffff_ffff_0003_9000n);
    expect(world.host.domain('one')?.parameter('consolePfn')).toBe(0xffff_ffff_0003_9000n);
    world.host.domain('one')?.setParameter('storePfn', 5n);
    expect(param(world, 'dom0', 1, 1, storePfn)).toBe(0);
    expect(xenHvmParam.decode(get(world.guest('dom0'), xenHvmParam.size)).value).toBe(5n);
  });

  test('the monitor ring is for others alone', () => {
    const world = both();
    expect(param(world, 'one', 1, DOMID_SELF, monitorRingPfn)).toBe(-EPERM);
    expect(param(world, 'one', 0, DOMID_SELF, monitorRingPfn)).toBe(-EPERM);
    expect(param(world, 'dom0', 0, 1, monitorRingPfn, 3n)).toBe(0);
    expect(param(world, 'dom0', 1, 1, monitorRingPfn)).toBe(0);
  });

  test('checks the pointer, the domain, the privilege and the parameter, in this order', () => {
    const world = both();
    expect(hyper(world.guest('one'), 'hvmOp', [1, NOWHERE])).toBe(-EFAULT);
    expect(param(world, 'one', 1, 9, 99)).toBe(-ESRCH);
    expect(param(world, 'one', 1, 0, 99)).toBe(-EPERM);
    expect(param(world, 'one', 1, 1, 99)).toBe(-EINVAL);
    expect(param(world, 'one', 0, 1, 0xffff_ffff)).toBe(-EINVAL);
    expect(param(world, 'one', 0x1_0000_0001n, 1, 1)).toBe(-ENOSYS);
    expect(hyper(world.guest('one'), 'hvmOp', [24, 1])).toBe(-EINVAL);
  });

  test('a domain with xenstore begins with a port for dom0 and no page', () => {
    const { host } = worldOf({ domains: { dom0: { privileged: true }, one: { xenstore: true } } });
    expect(host.domain('one')?.parameter('storeEvtchn')).toBe(1n);
    expect(host.domain('one')?.parameter('storePfn')).toBe(2n ** 64n - 1n);
    expect(host.domain('dom0')?.parameter('callbackIrq')).toBe(0x0200_0000_0000_0210n);
  });
});

describe('platform_op', () => {
  const op = (world: World, name: string, cmd: number, interfaceVersion: number, u: Uint8Array = new Uint8Array(0)) => {
    put(world.guest(name), xenPlatformOp.encode({ cmd, interfaceVersion, u: { pad: u } }));
    return hyper(world.guest(name), 'platformOp', [OPERAND]);
  };
  test('looks at the version before the privilege, and sets the time for the control domain', () => {
    const world = both();
    expect(hyper(world.guest('one'), 'platformOp', [NOWHERE])).toBe(-EFAULT);
    expect(op(world, 'one', 62, 0x0300_0000)).toBe(-EACCES);
    expect(op(world, 'one', 62, 0x0300_0001)).toBe(-EPERM);
    expect(op(world, 'dom0', 62, 0x0300_0001, new Uint8Array(32))).toBe(0);
    expect(op(world, 'dom0', 62, 0x0300_0001, new Uint8Array(32).fill(1))).toBe(-EINVAL);
    expect(op(world, 'dom0', 17, 0x0300_0001)).toBe(-ENOSYS);
  });
});

describe('domctl', () => {
  const ctl = (
    world: World,
    name: string,
    cmd: number,
    domain: number,
    u: Uint8Array = new Uint8Array(0),
    v = 0x15,
  ) => {
    put(world.guest(name), xenDomctl.encode({ cmd, interfaceVersion: v, domain, u }));
    return hyper(world.guest(name), 'domctl', [OPERAND]);
  };
  const infoOf = (world: World) => {
    const { u, domain } = xenDomctl.decode(get(world.guest('dom0'), xenDomctl.size));
    return { named: domain, ...xenDomctlGetdomaininfo.decode(u) };
  };

  test.each([
    ['xen-4.17', 0x15],
    ['xen-4.18', 0x16],
    ['xen-4.20', 0x17],
  ] as const)('%s takes interface version %i alone', (profile, version) => {
    const world = both({ profile });
    expect(ctl(world, 'dom0', DOMCTL.unpausedomain, 1, undefined, version)).toBe(-EINVAL);
    expect(ctl(world, 'dom0', DOMCTL.unpausedomain, 1, undefined, version + 1)).toBe(-EACCES);
  });

  test('a domain that is not there is looked for before the privilege', () => {
    const world = both();
    expect(ctl(world, 'one', DOMCTL.pausedomain, 9)).toBe(-ESRCH);
    expect(ctl(world, 'one', DOMCTL.pausedomain, 0)).toBe(-EPERM);
    expect(ctl(world, 'one', DOMCTL.createdomain, 0)).toBe(-EPERM);
    expect(ctl(world, 'dom0', DOMCTL.createdomain, 0)).toBe(-ENOMEM);
    expect(ctl(world, 'dom0', 999, 1)).toBe(-ENOSYS);
    expect(hyper(world.guest('one'), 'domctl', [NOWHERE])).toBe(-EFAULT);
  });

  test('tells of the domain named, or of the next one', () => {
    const world = worldOf({ domains: { dom0: { privileged: true }, five: { id: 5 } } });
    expect(ctl(world, 'dom0', DOMCTL.getdomaininfo, 2)).toBe(0);
    expect(infoOf(world)).toMatchObject({
      named: 5,
      domain: 5,
      flags: 0xffff_0000 + DOMINF.hvm + DOMINF.hap,
      totPages: 512n,
      maxPages: 512n,
      nrOnlineVcpus: 1,
      maxVcpuId: 1,
      gpaddrBits: 44,
    });
    expect(ctl(world, 'dom0', DOMCTL.getdomaininfo, 6)).toBe(-ESRCH);
    expect(ctl(world, 'dom0', DOMCTL.getdomaininfo, 0x7ff1)).toBe(-EINVAL);
    expect(ctl(world, 'five', DOMCTL.getdomaininfo, 5)).toBe(-EPERM);
    expect(ctl(world, 'dom0', DOMCTL.getdomaininfo, 0)).toBe(0);
    expect(infoOf(world).flags & DOMINF.running).not.toBe(0);
  });

  test('pauses are counted, and show', () => {
    const world = both();
    expect(ctl(world, 'dom0', DOMCTL.pausedomain, 0)).toBe(-EINVAL);
    for (let i = 0; i < 2; i++) expect(ctl(world, 'dom0', DOMCTL.pausedomain, 1)).toBe(0);
    expect(ctl(world, 'dom0', DOMCTL.getdomaininfo, 1)).toBe(0);
    expect(infoOf(world).flags & DOMINF.paused).not.toBe(0);
    expect(world.guest('one').vcpus.map(({ paused }) => paused)).toEqual([true, true]);
    expect(ctl(world, 'dom0', DOMCTL.unpausedomain, 1)).toBe(0);
    expect(world.guest('one').vcpus[0]?.paused).toBe(true);
    expect(ctl(world, 'dom0', DOMCTL.unpausedomain, 1)).toBe(0);
    expect(world.guest('one').vcpus[0]?.paused).toBe(false);
    expect(ctl(world, 'dom0', DOMCTL.unpausedomain, 1)).toBe(-EINVAL);
  });

  test('vCPUs, their number, and the UUID', () => {
    const world = both();
    const vcpu = (n: number): Uint8Array => xenDomctlGetvcpuinfo.encode({ vcpu: n });
    expect(ctl(world, 'dom0', DOMCTL.getvcpuinfo, 1, vcpu(1))).toBe(0);
    const { u } = xenDomctl.decode(get(world.guest('dom0'), xenDomctl.size));
    expect(xenDomctlGetvcpuinfo.decode(u)).toMatchObject({ vcpu: 1, online: 0, blocked: 0, running: 0 });
    expect(ctl(world, 'dom0', DOMCTL.getvcpuinfo, 1, vcpu(2))).toBe(-EINVAL);
    expect(ctl(world, 'dom0', DOMCTL.maxVcpus, 1, Uint8Array.of(2, 0, 0, 0))).toBe(0);
    expect(ctl(world, 'dom0', DOMCTL.maxVcpus, 1, Uint8Array.of(3, 0, 0, 0))).toBe(-EINVAL);
    const handle = new Uint8Array(16).fill(9);
    expect(ctl(world, 'dom0', DOMCTL.setdomainhandle, 1, handle)).toBe(0);
    expect(hyper(world.guest('one'), 'xenVersion', [8, OPERAND])).toBe(0);
    expect(get(world.guest('one'), 16)).toEqual(handle);
    expect(ctl(world, 'dom0', DOMCTL.settimeoffset, 1)).toBe(0);
    for (const cmd of [DOMCTL.setdebugging, DOMCTL.resumedomain, DOMCTL.destroydomain]) {
      expect(ctl(world, 'dom0', cmd, 0)).toBe(-EINVAL);
    }
  });

  test('a domain that shut down can be resumed', () => {
    const world = both();
    world.host.domain('one')?.shutdown(SHUTDOWN.suspend);
    expect(world.host.domain('one')?.info).toMatchObject({ shutdown: true, shutdownCode: SHUTDOWN.suspend });
    expect(ctl(world, 'dom0', DOMCTL.resumedomain, 1)).toBe(0);
    expect(world.host.domain('one')?.info).toMatchObject({ shutdown: false, shutdownCode: undefined });
  });
});

describe('sysctl', () => {
  const ctl = (world: World, name: string, cmd: number, u: Uint8Array = new Uint8Array(0), interfaceVersion = 0x15) => {
    put(world.guest(name), xenSysctl.encode({ cmd, interfaceVersion, u }));
    return hyper(world.guest(name), 'sysctl', [OPERAND]);
  };
  const result = (world: World): Uint8Array => xenSysctl.decode(get(world.guest('dom0'), xenSysctl.size)).u;

  test('checks pointer, version, privilege, command', () => {
    const world = both();
    expect(hyper(world.guest('one'), 'sysctl', [NOWHERE])).toBe(-EFAULT);
    expect(ctl(world, 'one', SYSCTL.physinfo, undefined, 0x14)).toBe(-EACCES);
    expect(ctl(world, 'one', SYSCTL.physinfo)).toBe(-EPERM);
    expect(ctl(world, 'dom0', 99)).toBe(-ENOSYS);
  });

  test('tells of the machine as the host describes it', () => {
    const world = both({ host: { cpus: 4, cpuKhz: 1234, totalPages: 77, freePages: 5, maximumRamPage: 0x8_0000 } });
    expect(ctl(world, 'dom0', SYSCTL.physinfo, new Uint8Array(128).fill(0xee))).toBe(0);
    expect(xenSysctlPhysinfo.decode(result(world))).toMatchObject({
      nrCpus: 4,
      maxCpuId: 3,
      nrNodes: 1,
      cpuKhz: 1234,
      capabilities: PHYSCAP.hvm | PHYSCAP.hap | PHYSCAP.vpmu | PHYSCAP.gnttabV1,
      totalPages: 77n,
      freePages: 5n,
      maxMfn: 0x7_ffffn,
    });
    expect(ctl(world, 'dom0', SYSCTL.availheap)).toBe(0);
    expect(xenSysctlAvailheap.decode(result(world)).availBytes).toBe(0x5000n);
    expect(ctl(world, 'dom0', SYSCTL.schedId)).toBe(0);
    expect(result(world)[0]).toBe(6);
    expect(ctl(world, 'dom0', SYSCTL.getcpuinfo, xenSysctlGetcpuinfo.encode({ maxCpus: 9, info: BUFFER }))).toBe(0);
    expect(xenSysctlGetcpuinfo.decode(result(world)).nrCpus).toBe(4);
    expect(ctl(world, 'dom0', SYSCTL.getcpuinfo, xenSysctlGetcpuinfo.encode({ maxCpus: 1, info: NOWHERE }))).toBe(
      -EFAULT,
    );
  });

  test('lists domains in the order of their numbers, from one on', () => {
    const world = worldOf({ domains: { dom0: { privileged: true }, seven: { id: 7 }, two: { id: 2 } } });
    const list = (firstDomain: number, maxDomains: number): number[] => {
      const u = xenSysctlGetdomaininfolist.encode({ firstDomain, maxDomains, buffer: BUFFER });
      expect(ctl(world, 'dom0', SYSCTL.getdomaininfolist, u)).toBe(0);
      const { numDomains } = xenSysctlGetdomaininfolist.decode(result(world));
      const { size } = xenDomctlGetdomaininfo;
      return Array.from(
        { length: numDomains },
        (_, i) => xenDomctlGetdomaininfo.decode(get(world.guest('dom0'), size, BUFFER + i * size)).domain,
      );
    };
    expect(list(0, 9)).toEqual([0, 2, 7]);
    expect(list(1, 1)).toEqual([2]);
  });

  test("reads the console's ring, once where it is cleared", () => {
    const world = both();
    put(
      world.guest('one'),
      Uint8Array.from('hello\n', (c) => c.charCodeAt(0)),
    );
    hyper(world.guest('one'), 'consoleIo', [0, 6, OPERAND]);
    const read = (fields: Parameters<typeof xenSysctlReadconsole.encode>[0]): string => {
      const u = xenSysctlReadconsole.encode({ buffer: BUFFER, count: 100, ...fields });
      expect(ctl(world, 'dom0', SYSCTL.readconsole, u)).toBe(0);
      return textAt(world.guest('dom0'), xenSysctlReadconsole.decode(result(world)).count, BUFFER);
    };
    expect(read({})).toBe('(d1) hello\n');
    expect(read({ incremental: 1, index: 5 })).toBe('hello\n');
    expect(read({ clear: 1, count: 5 })).toBe('(d1) ');
    expect(read({})).toBe('hello\n');
  });

  test("the console's ring has the control domain's bytes as they were written", () => {
    const world = both();
    const written = [0xc3, 0xa9, 0, 0xff, 10];
    put(world.guest('dom0'), Uint8Array.from(written));
    hyper(world.guest('dom0'), 'consoleIo', [0, written.length, OPERAND]);
    const u = xenSysctlReadconsole.encode({ buffer: BUFFER, count: 100 });
    expect(ctl(world, 'dom0', SYSCTL.readconsole, u)).toBe(0);
    expect([...get(world.guest('dom0'), xenSysctlReadconsole.decode(result(world)).count, BUFFER)]).toEqual(written);
  });
});

describe('hypfs_op', () => {
  const path = (text: string): number[] => [
    put(world.guest('dom0'), new TextEncoder().encode(`${text}\0`)),
    text.length + 1,
  ];
  const world = both({ host: { changeset: 'abc', parameters: { loglvl: 'all' } } });
  const read = (text: string, room = 128): number =>
    hyper(world.guest('dom0'), 'hypfsOp', [1, ...path(text), BUFFER, room]);
  const entry = () => xenHypfsDirentry.decode(get(world.guest('dom0'), xenHypfsDirentry.size, BUFFER));

  test('is for the control domain', () => {
    expect(hyper(world.guest('one'), 'hypfsOp', [0, 0, 0, 0, 0])).toBe(-EPERM);
    expect(hyper(world.guest('dom0'), 'hypfsOp', [0, 0, 0, 0, 0])).toBe(1);
    expect(hyper(world.guest('dom0'), 'hypfsOp', [0, 0, 1, 0, 0])).toBe(-EINVAL);
  });

  test('gives contents behind their header, and the header alone where they do not fit', () => {
    expect(read('/buildinfo/changeset')).toBe(0);
    expect(entry()).toMatchObject({ type: 2, contentLen: 4, maxWriteLen: 0 });
    expect(textAt(world.guest('dom0'), 4, BUFFER + xenHypfsDirentry.size)).toBe('abc');
    expect(read('/buildinfo/changeset', 15)).toBe(-ENOBUFS);
    expect(read('/buildinfo/changeset', 11)).toBe(-EINVAL);
    expect(read('/params/loglvl')).toBe(0);
    expect(entry().maxWriteLen).toBeGreaterThan(0);
    expect(read('/cpupool/0/sched-gran')).toBe(0);
  });

  test('lists a directory, its entries sorted', () => {
    expect(read('/buildinfo/version')).toBe(0);
    const list = get(world.guest('dom0'), entry().contentLen, BUFFER + xenHypfsDirentry.size);
    expect(String.fromCharCode(...list).match(/[a-z]{3,}/g)).toEqual(['extra', 'major', 'minor']);
  });

  test('checks the path, then looks for it, then at the command', () => {
    const { EINVAL: invalid } = ERRNO;
    const dom0 = world.guest('dom0');
    expect(hyper(dom0, 'hypfsOp', [1, OPERAND, 1025, BUFFER, 128])).toBe(-invalid);
    expect(hyper(dom0, 'hypfsOp', [1, NOWHERE, 4, BUFFER, 128])).toBe(-EFAULT);
    expect(read('buildinfo')).toBe(-invalid);
    expect(read('/nothing')).toBe(-ENOENT);
    expect(read('/buildinfo/changeset/more')).toBe(-ENOENT);
    expect(hyper(dom0, 'hypfsOp', [2, ...path('/params/loglvl'), BUFFER, 1])).toBe(-EACCES);
    expect(hyper(dom0, 'hypfsOp', [7, ...path('/params/loglvl'), BUFFER, 1])).toBe(-EOPNOTSUPP);
    expect(hyper(dom0, 'hypfsOp', [1, ...path('/params/loglvl'), NOWHERE, 64])).toBe(-EFAULT);
  });
});

describe('what only a permissive build has', () => {
  test('argo is there and off; a released Xen does not know it', () => {
    expect(hyper(worldOf({ profile: 'spec' }).guest('one'), 'argoOp', [1, 0, 0, 0, 0])).toBe(-EOPNOTSUPP);
    expect(hyper(worldOf().guest('one'), 'argoOp', [1, 0, 0, 0, 0])).toBe(-ENOSYS);
  });

  test('dm_op raises shared interrupts and counts vCPUs for the control domain', () => {
    const world = both({ profile: 'spec' });
    const op = (name: string, domid: number, command: number, body: Uint8Array, count = 1): number => {
      const bytes = new Uint8Array(8 + body.length);
      bytes.set([command]);
      bytes.set(body, 8);
      put(world.guest(name), bytes, BUFFER);
      put(world.guest(name), xenDmOpBuf.encode({ h: BUFFER, size: bytes.length }));
      return hyper(world.guest(name), 'dmOp', [domid, count, OPERAND]);
    };
    const level = (irq: number, value: number) => xenDmOpSetIrqLevel.encode({ irq, level: value });
    expect(op('dom0', 1, 20, xenDmOpNrVcpus.encode({}))).toBe(0);
    expect(xenDmOpNrVcpus.decode(get(world.guest('dom0'), 4, BUFFER + 8)).vcpus).toBe(2);
    expect(op('dom0', 1, 19, level(40, 1))).toBe(0);
    expect(op('dom0', 1, 19, level(31, 1))).toBe(-EINVAL);
    expect(op('dom0', 1, 19, level(40, 2))).toBe(-EINVAL);
    expect(op('dom0', 1, 1, new Uint8Array(xenDmOp.size))).toBe(-EOPNOTSUPP);
    expect(op('dom0', 0, 20, xenDmOpNrVcpus.encode({}))).toBe(-EPERM);
    expect(op('dom0', 9, 20, xenDmOpNrVcpus.encode({}))).toBe(-ESRCH);
    expect(op('one', 0, 20, xenDmOpNrVcpus.encode({}))).toBe(-EPERM);
    expect(op('dom0', 1, 20, xenDmOpNrVcpus.encode({}), 0)).toBe(-ENODATA);
    expect(op('dom0', 1, 20, xenDmOpNrVcpus.encode({}), 4)).toBe(-E2BIG);
    expect(op('dom0', 1, 20, new Uint8Array(2))).toBe(-EFAULT);
  });
});

test('vm_assist knows the runstate flag alone', () => {
  const guest = worldOf().guest('one');
  expect(hyper(guest, 'vmAssist', [0, 5])).toBe(0);
  expect(hyper(guest, 'vmAssist', [1, 5])).toBe(0);
  expect(hyper(guest, 'vmAssist', [2, 5])).toBe(-ENOSYS);
  expect(hyper(guest, 'vmAssist', [0, 4])).toBe(-EINVAL);
});

test.each([
  'physdevOp',
  'schedOpCompat',
  'eventChannelOpCompat',
  'physdevOpCompat',
  'xsmOp',
  'setTimerOp',
  'iret',
] as const)('%s is not implemented', (name) => {
  expect(hyper(worldOf().guest('one'), name, [0, 0])).toBe(-ENOSYS);
});
