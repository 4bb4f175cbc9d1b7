import { CompositionError, type Saved, type SystemEvent } from '@trapline/core';
import { readDts } from '@trapline/devicetree';
import { createMachine } from '@trapline/trap-bus';
import {
  ERRNO,
  type HypervisorOptions,
  hypervisor,
  PROFILE_NAMES,
  PROFILES,
  readXenNode,
  SHUTDOWN,
} from '@trapline/xen';
import { describe, expect, test } from 'vitest';
import { evtchnBindVirq, evtchnStatus } from '../../src/abi/structures/event-channel.js';
import { schedRemoteShutdown, schedShutdown } from '../../src/abi/structures/sched.js';
import { RESTART_DELAY_MS } from '../../src/domain/life.js';
import { get, hyper, make, OPERAND, put, RAM, type World, worldOf } from '../machine.js';

const BOTH = { dom0: { privileged: true }, one: {} };

function eventsOf(world: World, name: string): SystemEvent[] {
  const events: SystemEvent[] = [];
  world.guest(name).ports.system.events$.subscribe((event) => events.push(event));
  return events;
}

describe('numbers of domains', () => {
  test('are from 1 on, 0 for the control domain, or what is asked for', () => {
    const { host } = worldOf({ domains: { a: {}, dom0: { privileged: true }, five: { id: 5 }, b: {} } });
    expect(host.domains.map(({ id, name }) => [id, name])).toEqual([
      [0, 'dom0'],
      [1, 'a'],
      [2, 'b'],
      [5, 'five'],
    ]);
    expect(host.domain('nobody')).toBeUndefined();
  });

  test.each([
    [{ a: { id: 1 }, b: { id: 1 } }, 'both domain 1'],
    [{ a: { id: 0x7ff0 } }, 'cannot be domain'],
    [{ a: { id: -1 } }, 'cannot be domain'],
    [{ a: { id: 1.5 } }, 'cannot be domain'],
  ])('%j is refused', (domains, message) => {
    expect(() => worldOf({ domains })).toThrow(CompositionError);
    expect(() => worldOf({ domains })).toThrow(message);
  });

  test('a profile that is not there is refused with those that are', () => {
    expect(() => hypervisor({ profile: 'xen-3.0' } as unknown as HypervisorOptions)).toThrow(PROFILE_NAMES.join(', '));
  });

  test('a profile of one’s own is taken as it is', () => {
    const options = { profile: { ...PROFILES['xen-4.17'], name: 'mine', hypercalls: [] } };
    expect(hyper(worldOf(options).guest('one'), 'xenVersion', [0, 0])).toBe(-ERRNO.ENOSYS);
  });
});

describe('the end of a domain', () => {
  test.each([
    [SHUTDOWN.poweroff, 'shutdown'],
    [SHUTDOWN.reboot, 'reset'],
    [SHUTDOWN.suspend, 'suspend'],
    [SHUTDOWN.crash, 'crash'],
    [SHUTDOWN.watchdog, 'crash'],
    [SHUTDOWN.softReset, 'reset'],
    [0x45, 'shutdown'],
  ])('reason %i is the event %s, told once', (reason, event) => {
    const world = worldOf();
    const events = eventsOf(world, 'one');
    put(world.guest('one'), schedShutdown.encode({ reason: reason + 0x1_0000 }));
    expect(make(world.guest('one'), 'schedOp', [2, OPERAND])).toMatchObject({ kind: 'system', event });
    expect(events).toMatchObject([{ event, detail: { domain: 1, reason } }]);
    world.host.domain(1)?.shutdown(reason);
    expect(events).toHaveLength(1);
  });

  test('no vCPU of it runs any more, until it is resumed', () => {
    const world = worldOf();
    const one = world.host.domain('one');
    one?.shutdown(SHUTDOWN.suspend);
    expect(world.guest('one').vcpus.map(({ paused }) => paused)).toEqual([true, true]);
    one?.resume();
    expect(world.guest('one').vcpus.map(({ paused }) => paused)).toEqual([false, false]);
  });

  test('from outside the system port alone tells; the first reason counts', () => {
    const world = worldOf({ domains: BOTH });
    const events = eventsOf(world, 'one');
    put(world.guest('dom0'), schedRemoteShutdown.encode({ domainId: 1, reason: SHUTDOWN.crash }));
    expect(hyper(world.guest('dom0'), 'schedOp', [4, OPERAND])).toBe(0);
    expect(events).toMatchObject([{ event: 'crash', detail: { reason: SHUTDOWN.crash } }]);
    world.host.domain('one')?.shutdown(SHUTDOWN.poweroff);
    expect(world.host.domain('one')?.info.shutdownCode).toBe(SHUTDOWN.crash);
  });

  test.each([
    [SHUTDOWN.poweroff, 'shutdown', undefined],
    [SHUTDOWN.reboot, 'reset', 0],
    [SHUTDOWN.suspend, 'reset', RESTART_DELAY_MS],
    [SHUTDOWN.crash, 'reset', RESTART_DELAY_MS],
    [SHUTDOWN.watchdog, 'reset', 0],
    [SHUTDOWN.softReset, 'reset', 0],
    [99, 'reset', RESTART_DELAY_MS],
  ])('dom0 takes the machine with it: reason %i, %s after %s ms', (reason, event, afterMs) => {
    const world = worldOf({ domains: BOTH });
    put(world.guest('dom0'), schedShutdown.encode({ reason }));
    const outcome = make(world.guest('dom0'), 'schedOp', [2, OPERAND]) as SystemEvent;
    expect([outcome.event, outcome.detail.afterMs]).toEqual([event, afterMs]);
  });

  test('dom0 hears of it by VIRQ_DOM_EXC', () => {
    const world = worldOf({ domains: BOTH });
    const dom0 = world.guest('dom0');
    put(dom0, evtchnBindVirq.encode({ virq: 3, vcpu: 0 }));
    expect(hyper(dom0, 'eventChannelOp', [1, OPERAND])).toBe(0);
    const { port } = evtchnBindVirq.decode(get(dom0, evtchnBindVirq.size));
    put(dom0, evtchnStatus.encode({ dom: 0x7ff0, port }));
    expect(hyper(dom0, 'eventChannelOp', [5, OPERAND])).toBe(0);
    // add_to_physmap of shared_info, where the pending bits stand.
    put(dom0, Uint8Array.of(0xf0, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    const frame = new DataView(new ArrayBuffer(24));
    frame.setUint16(0, 0x7ff0, true);
    frame.setBigUint64(16, BigInt((RAM + 0x10_0000) / 0x1000), true);
    put(dom0, new Uint8Array(frame.buffer));
    expect(hyper(dom0, 'memoryOp', [7, OPERAND])).toBe(0);
    expect(get(dom0, 1, RAM + 0x10_0030)[0]).toBe(0);
    world.host.domain('one')?.shutdown(SHUTDOWN.poweroff);
    expect(get(dom0, 1, RAM + 0x10_0030)[0]).toBe(1 << port);
  });
});

describe('what a domain shows', () => {
  test('blocked where all vCPUs that are on are, running where one is', () => {
    const world = worldOf({ host: { cpus: 4 } });
    const one = () => world.host.domain('one')?.info;
    expect(one()).toMatchObject({ blocked: false, running: true, vcpusOnline: 1, maxVcpuId: 1, pages: 512 });
    make(world.guest('one'), 'schedOp', [1, 0]);
    expect(one()).toMatchObject({ blocked: true, running: false });
  });

  test('on a host with one CPU only whoever looks runs', () => {
    expect(worldOf().host.domain('one')?.info.running).toBe(false);
  });

  test('a domain created paused waits for the host', () => {
    const world = worldOf({ domains: { one: { paused: true } } });
    const [vcpu] = world.guest('one').vcpus;
    expect(vcpu?.paused).toBe(true);
    expect(world.host.domain('one')?.unpause()).toBe(true);
    expect(vcpu?.paused).toBe(false);
    expect(world.host.domain('one')?.unpause()).toBe(false);
    world.machine.reset();
    expect(vcpu?.paused).toBe(true);
  });

  test('a host without a side of its own has no ports', () => {
    expect(() => worldOf().host.domain('one')?.link).toThrow(CompositionError);
    const { host } = worldOf({ hostSide: true });
    expect(host.domain('one')?.link.domid).toBe(1);
    expect(host.domain('one')?.offerPort()).toBe(1);
    expect(host.domains.map(({ name }) => name)).toEqual(['one']);
  });
});

describe('the tree of a domain', () => {
  test('has the hypervisor where it is enhanced, and PSCI', () => {
    for (const enhanced of [true, false]) {
      const service = hypervisor({ domains: { one: { enhanced } } });
      const machine = createMachine({
        guests: [{ name: 'one', vcpus: 1, memory: [{ base: RAM, size: 0x800_0000 }], services: { el2: [service] } }],
      });
      const tree = readDts(`/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;
        gic { interrupt-controller; #interrupt-cells = <3>; phandle = <1>; }; };`);
      for (const { attachment } of machine.guest('one').services) {
        attachment.describe?.(tree, { conduit: 'hvc', cpus: [], interruptController: 1 });
      }
      const node = tree.node('/hypervisor');
      expect(node !== undefined).toBe(enhanced);
      expect(tree.require('/psci').string('method')).toBe('hvc');
      if (node === undefined) continue;
      expect(readXenNode(node)).toMatchObject({
        version: { major: 4, minor: 17 },
        grantRegion: { base: 0x3800_0000n, size: 0x100_0000n },
        extendedRegions: [
          { base: 0x4800_0000n, size: 0xb800_0000n },
          { base: 0x2_0000_0000n, size: 0xfe_0000_0000n },
        ],
        eventInterrupt: 31,
      });
    }
  });
});

describe('saving', () => {
  test('a machine goes on in another: lives, parameters, pauses', () => {
    const world = worldOf({ domains: BOTH });
    world.host.domain('one')?.setParameter('consolePfn', 0x39000n);
    world.host.domain('one')?.pause();
    world.host.domain('dom0')?.shutdown(SHUTDOWN.reboot);
    hyper(world.guest('one'), 'vmAssist', [0, 5]);
    const other = worldOf({ domains: BOTH });
    other.machine.restore(JSON.parse(JSON.stringify(world.machine.save())) as Saved);
    expect(other.host.domain('one')?.parameter('consolePfn')).toBe(0x39000n);
    expect(other.host.domain('one')?.info.paused).toBe(true);
    expect(other.guest('one').vcpus[0]?.paused).toBe(true);
    expect(other.host.domain('dom0')?.info.shutdownCode).toBe(SHUTDOWN.reboot);
    other.machine.reset();
    expect(other.host.domain('one')?.info).toMatchObject({ paused: false, shutdown: false });
    expect(other.host.domain('one')?.parameter('consolePfn')).toBe(0n);
  });

  test.each(['life', 'params', 'assists', 'services'])('garbage in `%s` is refused', (part) => {
    const world = worldOf();
    const saved = JSON.parse(JSON.stringify(world.machine.save()));
    for (const garbage of [null, 7, 'x', [1], { code: 999 }, [{}]]) {
      saved.guests[0].services[0].state[part] = garbage;
      if (part === 'services' && garbage !== 7 && garbage !== null) continue;
      expect(() => world.machine.restore(saved)).toThrow(/xen/);
    }
  });
});
