import {
  AGAIN,
  CompositionError,
  createRegisters,
  defineInterface,
  implement,
  type Ports,
  returnInt,
  u32,
} from '@trapline/core';
import {
  createMachine,
  type GuestSpec,
  MAX_GUESTS,
  MAX_REPEATS,
  MAX_SERVICES,
  MAX_VCPUS,
  mpidrOf,
} from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';
import { tinyAbi, tinyService } from './world.js';

const guest = (spec: Partial<GuestSpec> = {}): GuestSpec => ({ name: 'g', vcpus: 1, ...spec });

const byX16 = (name: string, immediates: [number, number][]) => {
  const abi = defineInterface({
    name,
    title: name,
    source: 'this test',
    convention: { immediates, selector: { a64: 16, a32: 12 } },
    calls: { hello: { id: 1, since: '1', clause: '1', summary: 'Hello.', returns: u32 } },
  });
  return tinyService({ name, implementations: [implement(abi, { hello: (c) => returnInt(c, 0) })] });
};

describe('a machine that cannot be built is refused with both parties and the remedy', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['no guest', () => createMachine({ guests: [] }), /has no guest: give it at least one/],
    [
      'too many guests',
      () => createMachine({ guests: Array(MAX_GUESTS + 1).fill(guest()) }),
      /65 guests: .* at most 64/,
    ],
    ['two guests of one name', () => createMachine({ guests: [guest(), guest()] }), /two guests are named g/],
    ['no vCPUs', () => createMachine({ guests: [guest({ vcpus: 0 })] }), /g has 0 vCPUs/],
    ['no vCPU in a list', () => createMachine({ guests: [guest({ vcpus: [] })] }), /g has 0 vCPUs/],
    ['half a vCPU', () => createMachine({ guests: [guest({ vcpus: 1.5 })] }), /1.5 vCPUs/],
    [
      'too many vCPUs',
      () => createMachine({ guests: [guest({ vcpus: MAX_VCPUS + 1 })] }),
      /65537 vCPUs: at most 65536/,
    ],
    [
      'two vCPUs of one affinity',
      () => createMachine({ guests: [guest({ vcpus: [{ mpidr: 0x8000_0001n }, { mpidr: 0x1n }] })] }),
      /vCPUs 0 and 1 share the affinity of MPIDR 0x1/,
    ],
    [
      'a service at a level that the machine lacks',
      () => createMachine({ guests: [guest({ hasEl2: false, services: { el2: [tinyService()] } })] }),
      /tiny stands at el2 of g, whose machine has no EL2: leave hasEl2 out, or stand tiny at another level/,
    ],
    [
      'a service at a level that it does not list',
      () => createMachine({ guests: [guest({ services: { el3: [tinyService({ levels: ['el2', 'outside'] })] } })] }),
      /tiny cannot stand at el3 of g: stand it at el2 or outside/,
    ],
    [
      'too many services',
      () => createMachine({ guests: [guest({ services: { el3: Array(MAX_SERVICES + 1).fill(tinyService()) } })] }),
      /65 services at el3/,
    ],
    [
      'two owners of one number',
      () =>
        createMachine({
          guests: [guest({ services: { el3: [tinyService({ name: 'a' }), tinyService({ name: 'b' })] } })],
        }),
      /claimed by both a and b/,
    ],
    [
      'two owners of one immediate',
      () =>
        createMachine({
          guests: [guest({ services: { el2: [tinyService({ name: 'a' }), byX16('b', [[0, 0]])] } })],
        }),
      /a \(tiny\) and b \(b\) both own the immediate 0x0 of hvc/,
    ],
    [
      'a vCPU that begins at a level that is not there',
      () => createMachine({ guests: [guest({ vcpus: [{ boot: { el: 2 } }] })] }),
      /vCPU 0 begins at EL2, which the machine lacks: set hasEl2/,
    ],
    [
      'a vCPU that begins where a service stands',
      () => createMachine({ guests: [guest({ vcpus: [{ boot: { el: 3 } }], services: { el3: [tinyService()] } })] }),
      /vCPU 0 begins at EL3, where tiny stands/,
    ],
    [
      'memory that overlaps',
      () =>
        createMachine({
          guests: [
            guest({
              memory: [
                { base: 0, size: 8192 },
                { base: 4096, size: 4096 },
              ],
            }),
          ],
        }),
      /overlap/,
    ],
  ])('%s', (_, build, words) => {
    expect(build).toThrow(CompositionError);
    expect(build).toThrow(words);
  });

  test('a port that a service needs and nobody gives', () => {
    const service = { ...tinyService(), needs: ['power', 'teleport' as keyof Ports] as const };
    expect(() => createMachine({ guests: [guest({ services: { el3: [service] } })] })).toThrow(
      /tiny needs the port teleport, which g does not have/,
    );
  });

  test('interfaces of other registers share a level where their immediates differ', () => {
    const services = { el2: [tinyService(), byX16('b', [[0xea1, 0xea1]])] };
    expect(() => createMachine({ guests: [guest({ services })] })).not.toThrow();
  });
});

describe('what a machine has', () => {
  test('exception levels where services stand, or where the composition says so', () => {
    const levels = (spec: Partial<GuestSpec>) => createMachine({ guests: [guest(spec)] }).guest('g').levels;
    expect(levels({})).toEqual({ hasEl2: false, hasEl3: false });
    expect(levels({ services: { el2: [tinyService()] } })).toEqual({ hasEl2: true, hasEl3: false });
    expect(levels({ services: { el3: [tinyService()] }, hasEl2: true })).toEqual({ hasEl2: true, hasEl3: true });
  });

  test('affinities of 16 in a cluster where nobody says', () => {
    expect([0, 15, 16, 4095, 65_535].map((i) => mpidrOf(i).toString(16))).toEqual([
      '80000000',
      '8000000f',
      '80000100',
      '8000ff0f',
      '800fff0f',
    ]);
    const machine = createMachine({ guests: [guest({ vcpus: 4096 })] });
    expect(new Set(machine.guest('g').vcpus.map((vcpu) => vcpu.affinity)).size).toBe(4096);
  });

  test('guests, CPUs and callers by name and number, and words for those that are not there', () => {
    const machine = createMachine({ guests: [guest({ vcpus: 2, services: { el3: [tinyService()] } })] });
    expect(() => machine.guest('x')).toThrow(/no guest x: there are g/);
    const g = machine.guest('g');
    expect(() => g.vcpu(2)).toThrow(/g has 2 vCPUs, no number 2/);
    expect(() => g.caller(7)).toThrow(RangeError);
    expect([g.caller(1).index, g.caller(1).width]).toEqual([1, 64]);
    g.vcpu(1).state = 'a32';
    expect(g.caller(1).width).toBe(32);
    const conduit = g.conduit('hvc');
    expect(g.conduit('hvc')).toBe(conduit);
    expect(conduit.caller.index).toBe(0);
    g.select(1);
    expect([conduit.caller.index, g.conduit('smc').caller.index]).toEqual([1, 1]);
    expect(g.services.map(({ level, service }) => `${level} ${service.name}`)).toEqual(['el3 tiny']);
  });

  test('controls as the owners of the levels set them', () => {
    const el2 = [tinyService({ trapsSmc: true })];
    const vcpu = createMachine({ guests: [guest({ hasEl3: true, services: { el2 } })] })
      .guest('g')
      .vcpu(0);
    expect(vcpu.read('SCR_EL3')).toBe(0x501n);
    expect(vcpu.read('HCR_EL2')).toBe(0x8008_0000n);
    expect(vcpu.read('SCTLR_EL1')).toBe(0x30d0_0800n);
    const secure = createMachine({ guests: [guest({ hasEl3: true, vcpus: [{ secure: true }] })] })
      .guest('g')
      .vcpu(0);
    expect([secure.secure, secure.read('SCR_EL3')]).toEqual([true, 0x400n]);
    const a32 = createMachine({ guests: [guest({ hasEl3: true, vcpus: [{ boot: { state: 'a32' } }] })] });
    expect(a32.guest('g').vcpu(0).read('SCR_EL3')).toBe(1n);
  });

  test('a boot state', () => {
    const boot = { el: 2, entry: 0xffff_0000_1234_5678n, context: 9, bigEndian: true } as const;
    const vcpu = createMachine({ guests: [guest({ hasEl2: true, vcpus: [{ boot }] })] })
      .guest('g')
      .vcpu(0);
    expect([vcpu.el, vcpu.x[32], vcpu.x[0], vcpu.pstate]).toEqual([2, boot.entry, 9n, 0x3c9]);
    expect(vcpu.read('SCTLR_EL2')).toBe(0x32c5_0830n);
  });

  test('system registers as a vCPU reads and writes them', () => {
    const vcpu = createMachine({ guests: [guest({ hasEl2: true })] })
      .guest('g')
      .vcpu(0);
    vcpu.hcr = 1 << 27;
    expect(vcpu.read('HCR_EL2')).toBe(0x800_0000n);
    vcpu.write('HCR_EL2', 0x1_0000_0000_0000_0001n + 0x2_0000_0000n);
    expect([vcpu.hcr, vcpu.read('HCR_EL2')]).toEqual([1, 0x2_0000_0001n]);
    vcpu.write('SCTLR_EL2', 5n);
    vcpu.setLevel(2);
    expect(vcpu.sctlr).toBe(5);
    vcpu.sctlr = 7;
    vcpu.setLevel(1);
    expect([vcpu.sctlr, vcpu.read('SCTLR_EL2')]).toEqual([0x30d0_0800, 7n]);
    vcpu.x[31] = 0x10n;
    vcpu.switchTo(2, 'a64', 0x3c9);
    expect([vcpu.read('SP_EL1'), vcpu.x[31], vcpu.el]).toEqual([0x10n, 0n, 2]);
    vcpu.setReturn(2, -1, 1, 0x3c5);
    expect([vcpu.read('ELR_EL2'), vcpu.read('SPSR_EL2')]).toEqual([0x1_ffff_ffffn, 0x3c5n]);
  });
});

describe('an embedder’s own world', () => {
  test('a CPU’s registers are shared, and calls are made from its own exception code', () => {
    const registers = createRegisters();
    const machine = createMachine({
      guests: [guest({ vcpus: [{ cpu: { registers } }], services: { el3: [tinyService({ version: 4 })] } })],
    });
    const { vcpus } = machine.guest('g');
    registers.w[0] = tinyAbi.calls.version.id;
    registers.x[32] = 0x100n;
    machine.trap(vcpus[0] as (typeof vcpus)[0], 'smc', 0);
    expect([registers.w[0], registers.x[32]]).toEqual([4, 0x104n]);
  });

  test('its ports take the models’ places, and are its own to save', () => {
    const machine = createMachine({ guests: [guest()] });
    const own = machine.guest('g').ports;
    const { power: _, ...ports } = own;
    const other = createMachine({ guests: [guest({ ports })] }).guest('g');
    expect(Object.values(other.models)).toEqual(Array(7).fill(undefined));
    expect(other.ports.memory).toBe(own.memory);
    expect(other.world.save()).toEqual({ memory: null, gic: null, timers: null, random: null, log: null });
    other.world.restore(other.world.save(), 'g.world');
    other.reset();
    other.dispose();
  });

  test('one seed draws one sequence', () => {
    const draw = (seed: number): string => {
      const bytes = new Uint8Array(16);
      createMachine({ guests: [guest({ seed })] })
        .guest('g')
        .ports.random.fill(bytes);
      return bytes.join();
    };
    expect(draw(7)).toBe(draw(7));
    expect(draw(7)).not.toBe(draw(8));
  });
});

test('a service knows its neighbours of the same level once the bus is built', () => {
  const seen: string[] = [];
  const service = tinyService();
  const curious = {
    ...service,
    start: () => ({
      attach: (attached: Parameters<ReturnType<typeof service.start>['attach']>[0]) => {
        const one = service.start().attach(attached);
        return { ...one, entered: () => void seen.push(...attached.neighbours().map((n) => n.interface.name)) };
      },
    }),
  };
  const services = { el3: [curious, byX16('other', [[1, 1]])], el2: [tinyService()] };
  const g = createMachine({ guests: [guest({ vcpus: 2, services })] }).guest('g');
  g.ports.power.start(g.vcpu(1));
  g.enter(g.vcpu(1));
  expect(seen).toEqual(['tiny', 'other']);
});

test('a call that is preempted for ever is given back after MAX_REPEATS', () => {
  let repeats = 0;
  const service = tinyService({
    onPass: () => {
      repeats++;
      return AGAIN;
    },
  });
  const g = createMachine({ guests: [guest({ services: { el3: [service] } })] }).guest('g');
  g.vcpu(0).w[0] = tinyAbi.calls.pass.id;
  expect(g.caller(0).execute('smc', 0)).toBe(AGAIN);
  expect(repeats).toBe(MAX_REPEATS);
});
