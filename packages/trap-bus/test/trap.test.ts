import {
  AGAIN,
  CallFault,
  createClient,
  defineInterface,
  FORWARD,
  implement,
  type Outcome,
  PC,
  RETURNED,
  returnInt,
  UNCLAIMED,
  u32,
} from '@trapline/core';
import {
  createMachine,
  type GuestSpec,
  type Machine,
  PowerError,
  TAKEN_BY_EL2,
  TAKEN_BY_EL3,
} from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';
import { tinyAbi, tinyService } from './world.js';

const VERSION = tinyAbi.calls.version.id;
const PASS = tinyAbi.calls.pass.id;

function one(spec: Partial<GuestSpec>, more: Omit<Parameters<typeof createMachine>[0], 'guests'> = {}) {
  const machine = createMachine({ guests: [{ name: 'g', vcpus: 1, ...spec }], ...more });
  const vcpu = machine.guest('g').vcpu(0);
  vcpu.w[2 * PC] = 0x1000;
  return { machine, vcpu };
}

function call(machine: Machine, conduit: string, id: number, immediate = 0): Outcome {
  const vcpu = machine.guest('g').vcpu(0);
  vcpu.w[0] = id;
  return machine.trap(vcpu, conduit, immediate);
}

describe('where services stand', () => {
  test('a service at EL2 answers HVC, one at EL3 answers SMC, and the caller goes on behind its call', () => {
    const el2 = tinyService({ name: 'hyp', version: 2 });
    const el3 = tinyService({ name: 'fw', version: 3 });
    const { machine, vcpu } = one({ services: { el2: [el2], el3: [el3] } });
    expect(call(machine, 'hvc', VERSION)).toBe(RETURNED);
    expect([vcpu.w[0], vcpu.w[2 * PC]]).toEqual([2, 0x1004]);
    expect(call(machine, 'smc', VERSION)).toBe(RETURNED);
    expect([vcpu.w[0], vcpu.w[2 * PC]]).toEqual([3, 0x1008]);
  });

  test('a service at EL2 that traps SMC takes it, and it is stepped over', () => {
    const hyp = tinyService({ name: 'hyp', version: 2, trapsSmc: true });
    const { machine, vcpu } = one({ services: { el2: [hyp], el3: [tinyService({ version: 3 })] } });
    expect(vcpu.read('HCR_EL2') & (1n << 19n)).not.toBe(0n);
    expect(call(machine, 'smc', VERSION)).toBe(RETURNED);
    expect([vcpu.w[0], vcpu.w[2 * PC]]).toEqual([2, 0x1004]);
  });

  test('a service outside answers before the rules, also on a machine without EL2 and EL3', () => {
    const { machine, vcpu } = one({ services: { outside: [tinyService({ version: 9 })] } });
    for (const conduit of ['hvc', 'smc']) {
      expect(call(machine, conduit, VERSION)).toBe(RETURNED);
      expect(vcpu.w[0]).toBe(9);
    }
  });

  test('a service outside does not hear EL0, nor an SMC of EL1 that its EL2 traps', () => {
    const { machine, vcpu } = one({ hasEl2: true, services: { outside: [tinyService({ version: 9 })] } });
    vcpu.write('HCR_EL2', vcpu.read('HCR_EL2') | (1n << 19n));
    vcpu.secure = false;
    vcpu.el = 1;
    expect(machine.explain(vcpu, 'smc', 0)).toContain('outside: tiny is not asked');
    expect(call(machine, 'smc', VERSION).kind).toBe('exit');
    expect(call(machine, 'hvc', VERSION)).toBe(RETURNED);
    vcpu.el = 0;
    expect(call(machine, 'hvc', VERSION).kind).toBe('inject');
    expect(vcpu.w[0]).not.toBe(9);
  });

  test('what a service outside does not claim goes by the rules', () => {
    const outside = tinyService({ name: 'outside', only: ['version'] });
    const { machine, vcpu } = one({ services: { outside: [outside], el3: [tinyService({ version: 3 })] } });
    vcpu.w.set([2, 0, 3, 0], 2);
    expect(call(machine, 'smc', tinyAbi.calls.add.id)).toBe(RETURNED);
    expect(vcpu.w[0]).toBe(5);
  });

  test('EL2 forwards an SMC to EL3', () => {
    const hyp = tinyService({ name: 'hyp', trapsSmc: true, forwards: true });
    const { machine, vcpu } = one({ services: { el2: [hyp], el3: [tinyService({ name: 'fw', version: 3 })] } });
    for (const conduit of ['smc', 'hvc']) {
      expect(call(machine, conduit, PASS)).toBe(RETURNED);
      expect(vcpu.w[0]).toBe(3);
    }
    expect(vcpu.w[2 * PC]).toBe(0x1008);
  });

  test('a forwarded call reaches nobody where SCR_EL3.SMD disables EL2’s SMC', () => {
    const hyp = tinyService({ name: 'hyp', trapsSmc: true, forwards: true });
    const { machine, vcpu } = one({ services: { el2: [hyp], el3: [tinyService({ name: 'fw' })] } });
    vcpu.write('SCR_EL3', vcpu.read('SCR_EL3') | 0x80n);
    expect(call(machine, 'smc', PASS).kind).toBe('inject');
  });

  test('what EL3 forwards, or EL2 without EL3, nobody takes', () => {
    const forwards = tinyService({ onPass: () => FORWARD });
    expect(call(one({ services: { el3: [forwards] } }).machine, 'smc', PASS).kind).toBe('inject');
    expect(call(one({ services: { el2: [forwards] } }).machine, 'hvc', PASS).kind).toBe('inject');
  });

  test('the second service of a level is asked for what the first leaves', () => {
    const abi = defineInterface({
      name: 'native',
      title: 'By X16',
      source: 'this test',
      convention: { immediates: [[0xea1, 0xea1]], selector: { a64: 16, a32: 12 }, conduits: ['hvc'] },
      calls: { hello: { id: 5, since: '1', clause: '1', summary: 'Hello.', returns: u32 } },
    });
    const native = tinyService({
      name: 'native',
      implementations: [implement(abi, { hello: (c) => returnInt(c, 77) })],
    });
    const { machine, vcpu } = one({ services: { el2: [tinyService(), native] } });
    vcpu.w[32] = 5;
    expect(call(machine, 'hvc', VERSION, 0xea1)).toBe(RETURNED);
    expect(vcpu.w[0]).toBe(77);
    expect(call(machine, 'hvc', VERSION, 0)).toBe(RETURNED);
    expect(vcpu.w[0]).toBe(1);
  });
});

describe('calls that nobody takes', () => {
  test('an unclaimed HVC to services at EL2 is undefined at the caller', () => {
    const { machine, vcpu } = one({ services: { el2: [tinyService()] } });
    vcpu.write('VBAR_EL1', 0xffff_0000_0000_0800n);
    expect(call(machine, 'hvc', 0x1234)).toMatchObject({ kind: 'inject', exception: 'undefined' });
    expect(vcpu.x[PC]).toBe(0xffff_0000_0000_0a00n);
    expect(vcpu.read('ELR_EL1')).toBe(0x1000n);
    expect(vcpu.read('ESR_EL1')).toBe(0x200_0000n);
  });

  test('the embedder’s own handler may take it', () => {
    const asked: [string, number][] = [];
    const { machine, vcpu } = one(
      { services: { el2: [tinyService()] } },
      {
        onUnclaimed: (pe, conduit, immediate) => {
          asked.push([conduit, immediate]);
          pe.w[0] = 5;
          return RETURNED;
        },
      },
    );
    expect(call(machine, 'hvc', 0x1234, 3)).toBe(RETURNED);
    expect([vcpu.w[0], vcpu.w[2 * PC], asked]).toEqual([5, 0x1004, [['hvc', 3]]]);
  });

  test('the embedder may leave it; what the rules call undefined is not asked about', () => {
    let asked = 0;
    const { machine } = one(
      { services: { el2: [tinyService()] } },
      {
        onUnclaimed: () => {
          asked++;
          return UNCLAIMED;
        },
      },
    );
    expect(call(machine, 'hvc', 0x1234).kind).toBe('inject');
    expect(asked).toBe(1);
    expect(call(machine, 'smc', VERSION).kind).toBe('inject');
    expect(asked).toBe(1);
  });

  test('a client of a conduit that is not there gets a CallFault', () => {
    const { machine } = one({ services: { el3: [tinyService()] } });
    const client = createClient(tinyAbi, machine.guest('g').conduit('hvc'));
    expect(() => client.version()).toThrow(CallFault);
  });
});

describe('calls that the guest’s own software takes', () => {
  test('an HVC at EL1 goes to the guest’s EL2 vector, with the next instruction as return address', () => {
    const { machine, vcpu } = one({ hasEl2: true });
    vcpu.write('VBAR_EL2', 0x8_0000n);
    vcpu.write('SP_EL2', 0x7000n);
    vcpu.x[31] = 0x6000n;
    const before = vcpu.pstate;
    expect(call(machine, 'hvc', 1, 0xea1)).toBe(TAKEN_BY_EL2);
    expect(vcpu.x[PC]).toBe(0x8_0400n);
    expect([vcpu.el, vcpu.state, vcpu.pstate & 0x3df]).toEqual([2, 'a64', 0x3c9]);
    expect(vcpu.read('ELR_EL2')).toBe(0x1004n);
    expect(vcpu.read('SPSR_EL2')).toBe(BigInt(before));
    expect(vcpu.read('ESR_EL2')).toBe(0x5a00_0ea1n);
    expect([vcpu.x[31], vcpu.read('SP_EL1')]).toEqual([0x7000n, 0x6000n]);
    expect(vcpu.powerState).toBe('running');
  });

  test('an HVC at EL2 is taken by the same level, SPx vectors', () => {
    const { machine, vcpu } = one({ hasEl2: true, vcpus: [{ boot: { el: 2 } }] });
    vcpu.write('VBAR_EL2', 0x8_0000n);
    vcpu.x[PC] = 0x2000n;
    expect(call(machine, 'hvc', 1)).toBe(TAKEN_BY_EL2);
    expect(vcpu.x[PC]).toBe(0x8_0200n);
    expect(vcpu.read('ELR_EL2')).toBe(0x2004n);
  });

  test('an SMC trapped to the guest’s EL2 returns to itself', () => {
    const { machine, vcpu } = one({ hasEl2: true, services: { el3: [tinyService()] } });
    vcpu.write('HCR_EL2', vcpu.read('HCR_EL2') | (1n << 19n));
    expect(call(machine, 'smc', VERSION, 5)).toBe(TAKEN_BY_EL2);
    expect(vcpu.read('ELR_EL2')).toBe(0x1000n);
    expect(vcpu.read('ESR_EL2')).toBe(0x5e00_0005n);
  });

  test('an SMC goes to the guest’s EL3 vector', () => {
    const { machine, vcpu } = one({ hasEl3: true });
    vcpu.write('VBAR_EL3', 0x4000n);
    expect(call(machine, 'smc', 1)).toBe(TAKEN_BY_EL3);
    expect([vcpu.x[PC], vcpu.el]).toEqual([0x4400n, 3]);
    expect(vcpu.read('ELR_EL3')).toBe(0x1004n);
  });

  test('an AArch32 caller of an AArch64 EL2 uses its AArch32 vectors and EC 0x12', () => {
    const { machine, vcpu } = one({ hasEl2: true, vcpus: [{ boot: { state: 't32' } }] });
    vcpu.x[PC] = 0x1000n;
    expect(call(machine, 'hvc', 1, 3)).toBe(TAKEN_BY_EL2);
    expect(vcpu.x[PC]).toBe(0x600n);
    expect(vcpu.read('ESR_EL2')).toBe(0x4a00_0003n);
    expect(vcpu.read('SPSR_EL2') & 0x3fn).toBe(0x33n);
    expect(vcpu.read('ELR_EL2')).toBe(0x1004n);
  });

  test('an AArch32 EL2 has Hyp mode: vector 0x14, ELR_hyp and HSR', () => {
    const { machine, vcpu } = one({ hasEl2: true, vcpus: [{ aarch32: true, boot: { state: 'a32' } }] });
    vcpu.write('VBAR_EL2', 0x2_0000n);
    vcpu.x[PC] = 0x1000n;
    expect(call(machine, 'hvc', 1, 9)).toBe(TAKEN_BY_EL2);
    expect([vcpu.x[PC], vcpu.state, vcpu.el, vcpu.pstate & 0x1f]).toEqual([0x2_0014n, 'a32', 2, 0x1a]);
    expect(vcpu.read('ELR_EL2')).toBe(0x1004n);
    expect(vcpu.read('ESR_EL2')).toBe(0x4a00_0009n);
  });

  test('an HVC of Hyp mode itself is at vector 8', () => {
    const { machine, vcpu } = one({ hasEl2: true, vcpus: [{ aarch32: true, boot: { state: 'a32', el: 2 } }] });
    expect(call(machine, 'hvc', 1)).toBe(TAKEN_BY_EL2);
    expect(vcpu.x[PC]).toBe(8n);
  });

  test('an AArch32 EL3 takes an SMC in Monitor mode, interrupts masked', () => {
    const { machine, vcpu } = one({ hasEl3: true, vcpus: [{ aarch32: true, boot: { state: 'a32' } }] });
    vcpu.write('VBAR_EL3', 0x3000n);
    vcpu.x[PC] = 0x1000n;
    expect(call(machine, 'smc', 1)).toBe(TAKEN_BY_EL3);
    expect([vcpu.x[PC], vcpu.pstate & 0x1ff]).toEqual([0x3008n, 0x1d6]);
    expect(vcpu.read('ELR_EL3')).toBe(0x1004n);
  });
});

describe('the way back', () => {
  test('a preempted call leaves PC at the instruction, and a caller repeats it', () => {
    let left = 3;
    const again = tinyService({ onPass: (c) => (--left > 0 ? AGAIN : returnInt(c, 8)) });
    const { machine, vcpu } = one({ services: { el3: [again] } });
    expect(call(machine, 'smc', PASS)).toBe(AGAIN);
    expect(vcpu.w[2 * PC]).toBe(0x1000);
    expect(machine.guest('g').caller(0).execute('smc', 0)).toBe(RETURNED);
    expect([left, vcpu.w[0], vcpu.w[2 * PC]]).toEqual([0, 8, 0x1004]);
  });

  test('PC carries into its high half in AArch64 and wraps in AArch32', () => {
    const { machine, vcpu } = one({ services: { el3: [tinyService()] } });
    vcpu.x[PC] = 0xffff_fffcn;
    call(machine, 'smc', VERSION);
    expect(vcpu.x[PC]).toBe(0x1_0000_0000n);
    vcpu.state = 'a32';
    vcpu.x[PC] = 0xffff_fffcn;
    call(machine, 'smc', VERSION);
    expect(vcpu.x[PC]).toBe(0n);
  });

  test('a vCPU that does not run executes nothing', () => {
    const machine = createMachine({ guests: [{ name: 'g', vcpus: 2, services: { el3: [tinyService()] } }] });
    expect(() => machine.trap(machine.guest('g').vcpu(1), 'smc', 0)).toThrow(PowerError);
    expect(() => machine.guest('g').caller(1).execute('smc', 0)).toThrow(/g: CPU 1 is off/);
  });
});

describe('calls by their syndrome', () => {
  const { machine, vcpu } = one({ services: { el2: [tinyService({ trapsSmc: true })] } });

  test('HVC: ELR is behind the call, and so is PC afterwards', () => {
    vcpu.x[PC] = 0x1004n;
    vcpu.w[0] = VERSION;
    expect(machine.trapSyndrome(vcpu, 0x5a00_0000)).toBe(RETURNED);
    expect([vcpu.w[0], vcpu.x[PC]]).toEqual([1, 0x1004n]);
  });

  test('a trapped SMC: ELR is the call, PC afterwards behind it', () => {
    vcpu.x[PC] = 0x1000n;
    vcpu.w[0] = VERSION;
    expect(machine.trapSyndrome(vcpu, 0x5e00_0000)).toBe(RETURNED);
    expect([vcpu.w[0], vcpu.x[PC]]).toEqual([1, 0x1004n]);
  });

  test('an AArch32 SMC whose condition fails is stepped over, no call', () => {
    vcpu.x[PC] = 0x1000n;
    vcpu.w[0] = VERSION;
    vcpu.pstate &= ~(1 << 30);
    expect(machine.trapSyndrome(vcpu, 0x4f00_0000)).toBe(RETURNED);
    expect([vcpu.w[0], vcpu.x[PC]]).toEqual([VERSION >>> 0, 0x1004n]);
  });

  test('an abort is not a call', () => {
    expect(machine.trapSyndrome(vcpu, 0x9600_0010)).toBeUndefined();
  });
});

test('a trapped register access goes to who claims that conduit, EL2 before EL3', () => {
  const abi = defineInterface({
    name: 'backdoor',
    title: 'A trapped register',
    source: 'this test',
    convention: { conduits: ['mrs'], immediates: [[0x9808, 0x9808]] },
    calls: { hello: { id: 5, since: '1', clause: '1', summary: 'Hello.', returns: u32 } },
  });
  const backdoor = tinyService({ name: 'vm', implementations: [implement(abi, { hello: (c) => returnInt(c, 66) })] });
  const { machine, vcpu } = one({ services: { el2: [tinyService()], el3: [backdoor] } });
  expect(call(machine, 'mrs', 5, 0x9808)).toBe(RETURNED);
  expect([vcpu.w[0], vcpu.w[2 * PC]]).toEqual([66, 0x1004]);
  expect(machine.explain(vcpu, 'mrs', 0x9808)).toContain('MRS #0x9808');
  expect(call(machine, 'mrs', 5, 0x1111).kind).toBe('inject');
});
