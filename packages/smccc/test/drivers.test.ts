import { type BindContext, type Conduit, type Driver, type RandomPort, RETURNED, type Service } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import {
  archService,
  discoverSmccc,
  MAX_TRNG_TRIES,
  pvTimeDriver,
  pvTimeService,
  smcccDriver,
  trngDriver,
  trngService,
} from '@trapline/smccc';
import { describe, expect, test } from 'vitest';
import { RAM, TestGuest } from './bench-guest.js';

const A32 = [{ aarch32: true, boot: { state: 'a32' } }] as const;

/** What stands for PSCI's driver: it is bound already, and says what PSCI_FEATURES would. */
interface Psci {
  readonly conduit: Conduit;
  readonly known: readonly number[];
}

function psciDriver(known: readonly number[] = [0x8000_0000]): Driver<Psci> {
  return {
    name: 'psci',
    compatible: ['arm,psci-1.0'],
    needs: [],
    bind: (context) => ({ conduit: context.conduit('smc'), known }),
  };
}

function found(guest: TestGuest, known?: readonly number[]) {
  const psci = psciDriver(known);
  const smccc = smcccDriver({
    driver: psci,
    conduit: ({ conduit }) => conduit,
    hasFeature: (bound, id) => bound.known.includes(id),
  });
  const trng = trngDriver(smccc);
  const pvTime = pvTimeDriver(smccc);
  const bound = new Map<unknown, unknown>();
  const { memory, random } = guest.guest.ports;
  const context: BindContext = {
    tree: new DeviceTree(),
    conduit: (kind) => guest.guest.conduit(kind),
    get: <Bound>(driver: Driver<Bound>): Bound => bound.get(driver) as Bound,
    memory,
    random,
  };
  const bind = <Bound>(driver: Driver<Bound>): Bound | undefined => {
    const result = driver.needs.every((needed) => bound.get(needed)) ? driver.bind(context, undefined) : undefined;
    bound.set(driver, result);
    return result;
  };
  bind(psci);
  return { smccc: bind(smccc), trng: bind(trng), pvTime: bind(pvTime) };
}

function conduitOf(guest: TestGuest): Conduit {
  return guest.guest.conduit('smc');
}

describe('SMCCC is found', () => {
  test('by PSCI_FEATURES, then SMCCC_VERSION', () => {
    const smccc = discoverSmccc(
      conduitOf(new TestGuest([archService({ version: '1.2' })])),
      (id) => id === 0x8000_0000,
    );
    expect(smccc.version).toEqual({ major: 1, minor: 2 });
    expect(smccc.has(0x8000_0001)).toBe(true);
    expect(smccc.has(0x8000_0002)).toBe(false);
  });

  test.each([
    ['PSCI does not know it', archService(), false],
    ['firmware does not know it, though PSCI says so', archService({ version: '1.0' }), true],
  ])('as 1.0, without calls, where %s', (_, service, known) => {
    const smccc = discoverSmccc(conduitOf(new TestGuest([service])), () => known);
    expect(smccc.version).toEqual({ major: 1, minor: 0 });
    expect(smccc.calls).toBeUndefined();
    expect(smccc.has(0x8000_0001)).toBe(false);
    expect(smccc.socId()).toEqual({ version: undefined, revision: undefined, name: undefined });
  });

  test('with the SoC it runs on', () => {
    const ask = (service: Service, vcpus: typeof A32 | number = 4) =>
      discoverSmccc(conduitOf(new TestGuest([service], { vcpus })), () => true).socId();
    const soc = { version: 0x043b_0001, revision: 2, name: 'Trapline' };
    expect(ask(archService({ socId: soc }))).toEqual(soc);
    expect(ask(archService({ socId: { ...soc, name: 'x'.repeat(135) } })).name).toHaveLength(135);
    expect(ask(archService({ socId: soc }), A32)).toEqual({ ...soc, name: undefined });
    expect(ask(archService({ socId: {} }))).toEqual({ version: undefined, revision: undefined, name: undefined });
    expect(ask(archService())).toEqual({ version: undefined, revision: undefined, name: undefined });
  });

  test('a client of workarounds gives nothing back', () => {
    const smccc = discoverSmccc(conduitOf(new TestGuest([archService()])), () => true);
    expect(smccc.calls?.archWorkaround2({ enable: 1 })).toBeUndefined();
  });
});

describe('drivers without a node', () => {
  const random: RandomPort = { fill: (target) => target.fill(1) !== undefined };

  test('bind once SMCCC is there and says so', () => {
    const services = [archService(), trngService(), pvTimeService({ areas: RAM })];
    const guest = new TestGuest(services, { level: 'outside' });
    const { smccc, trng, pvTime } = found(guest);
    expect(smccc?.version).toEqual({ major: 1, minor: 5 });
    expect(trng?.version).toEqual({ major: 1, minor: 0 });
    expect(trng?.uuid).toBeUndefined();
    expect(pvTime).toBeDefined();
  });

  test('do not bind to what is not there', () => {
    const without = found(new TestGuest([archService()]));
    expect([without.trng, without.pvTime]).toEqual([undefined, undefined]);
    const old = found(new TestGuest([archService(), trngService()]), []);
    expect(old.smccc?.version).toEqual({ major: 1, minor: 0 });
    expect(old.trng).toBeUndefined();
    const services = [archService(), pvTimeService({ areas: [undefined] })];
    expect(found(new TestGuest(services, { level: 'outside' })).pvTime).toBeUndefined();
  });

  test.each([
    ['AArch64', 4],
    ['AArch32', A32],
  ] as const)('TRNG fills any number of bytes, in order, for an %s guest', (_, vcpus) => {
    let next = 0;
    const counting: RandomPort = {
      fill: (target) => {
        for (let i = 0; i < target.length; i++) target[i] = next++;
        return true;
      },
    };
    const uuid = '11223344-5566-7788-99aa-bbccddeeff01';
    const { trng } = found(
      new TestGuest([archService(), trngService({ uuid })], { vcpus, ports: { random: counting } }),
    );
    expect(trng?.uuid).toBe(uuid);
    for (const length of [0, 1, 4, 7, 12, 13, 24, 25, 100]) {
      next = 0;
      const target = new Uint8Array(length);
      expect(trng?.fill(target)).toBe(true);
      expect([...target]).toEqual(Array.from({ length }, (_, i) => i));
    }
  });

  test('TRNG asks again where there is no entropy yet, and gives up at last without a secret', () => {
    let refusals = 0;
    let asked = 0;
    const tired: RandomPort = {
      fill: (target) => {
        asked++;
        target.fill(7);
        return refusals-- <= 0;
      },
    };
    const { trng } = found(new TestGuest([archService(), trngService()], { ports: { random: tired } }));
    refusals = MAX_TRNG_TRIES - 1;
    expect(trng?.fill(new Uint8Array(8))).toBe(true);
    refusals = 0;
    const target = new Uint8Array(48);
    asked = 0;
    let first = true;
    const half: RandomPort = {
      fill: (bytes) => {
        asked++;
        bytes.fill(7);
        if (!first) return false;
        first = false;
        return true;
      },
    };
    const bound = found(new TestGuest([archService(), trngService()], { ports: { random: half } })).trng;
    expect(bound?.fill(target)).toBe(false);
    expect(asked).toBe(1 + MAX_TRNG_TRIES);
    expect(target.every((byte) => byte === 0)).toBe(true);
  });

  test('a TRNG that refuses what it should give is no endless loop', () => {
    const guest = new TestGuest([archService(), trngService()], { ports: { random } });
    const { trng } = found(guest);
    guest.machine.intercept({ id: 0xc400_0053 | 0 }, (call) => {
      call.pe.x[0] = BigInt.asUintN(64, -2n);
      return RETURNED;
    });
    expect(trng?.fill(new Uint8Array(4))).toBe(false);
  });

  test('the reader of stolen time follows the structure', () => {
    const guest = new TestGuest([archService(), pvTimeService({ areas: RAM })], { level: 'outside' });
    const reader = found(guest).pvTime?.reader();
    expect(reader?.()).toBe(0n);
    guest.machine.clock.steal(guest.cpu(0), 99n);
    guest.call(0xc500_0021);
    expect(reader?.()).toBe(99n);
  });

  test('there is no reader where the structure is no memory or of another revision', () => {
    const nowhere = new TestGuest([archService(), pvTimeService({ areas: 64 })], { level: 'outside' });
    expect(found(nowhere).pvTime?.reader()).toBeUndefined();
    const guest = new TestGuest([archService(), pvTimeService({ areas: RAM })], { level: 'outside' });
    const { pvTime } = found(guest);
    const { memory } = guest.guest.ports;
    guest.machine.intercept({ id: 0xc500_0021 | 0 }, (call) => {
      call.pe.x[0] = BigInt(RAM);
      memory.write(RAM as never, Uint8Array.of(1));
      return RETURNED;
    });
    expect(pvTime?.reader()).toBeUndefined();
  });
});

test('the reader of stolen time never shows half of an update, and never runs backwards', () => {
  const guest = new TestGuest([archService(), pvTimeService({ areas: RAM })], { level: 'outside' });
  const { memory } = guest.guest.ports;
  const torn: bigint[] = [];
  const smccc = discoverSmccc(guest.guest.conduit('smc'), () => true);
  const bound = pvTimeDriver({ name: 'smccc', compatible: [], needs: [], bind: () => smccc }).bind(
    {
      tree: new DeviceTree(),
      conduit: (kind) => guest.guest.conduit(kind),
      get: (() => smccc) as never,
      memory: {
        ...memory,
        has: (address, length) => memory.has(address, length),
        write: (address, bytes) => memory.write(address, bytes),
        translate: () => -1,
        read: (address, target) => {
          const value = torn.shift();
          if (target.length !== 8 || value === undefined) return memory.read(address, target);
          new DataView(target.buffer).setBigUint64(0, value, true);
          return true;
        },
      },
      random: undefined,
    },
    undefined,
  );
  torn.push(0n);
  const read = bound?.reader();
  torn.push(0x1_0000_0000n, 0x1_ffff_ffffn, 0x2_0000_0000n, 0x2_0000_0000n);
  expect(read?.()).toBe(0x2_0000_0000n);
  torn.push(5n, 5n, 5n);
  expect(read?.()).toBe(0x2_0000_0000n);
});
