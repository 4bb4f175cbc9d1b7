import { type Call, type ExceptionLevel, type Inject, type Outcome, PC, UNDEFINED_INSTRUCTION } from '@trapline/core';
import {
  a32Slot,
  createMachine,
  linkSlot,
  stackSlot,
  type TakenException,
  type Vcpu,
  type VcpuSpec,
} from '@trapline/trap-bus';
import { describe, expect, test } from 'vitest';
import { tinyAbi, tinyService } from './world.js';

/** A guest whose firmware answers `pass` with an outcome of the test's choice. */
function guestOf(outcome: Outcome, vcpu: VcpuSpec = {}, hasEl2 = false) {
  const machine = createMachine({
    guests: [{ name: 'g', vcpus: [vcpu], hasEl2, services: { outside: [tinyService({ onPass: () => outcome })] } }],
  });
  const pe = machine.guest('g').vcpu(0);
  pe.x[PC] = 0x1000n;
  const run = (): Outcome => {
    pe.w[0] = tinyAbi.calls.pass.id;
    return machine.trap(pe, 'hvc', 0);
  };
  return { pe, run };
}

const inject = (exception: Inject['exception'], more: Partial<Inject> = {}): Inject => ({
  kind: 'inject',
  exception,
  ...more,
});

describe('into AArch64', () => {
  test('EL1 with its own stack pointer: vector 0x200, masked, the syndrome of an unknown reason', () => {
    const { pe, run } = guestOf(UNDEFINED_INSTRUCTION);
    pe.write('VBAR_EL1', 0x1_0000n);
    pe.pstate = 0x6000_0005;
    expect(run()).toBe(UNDEFINED_INSTRUCTION);
    expect(pe.x[PC]).toBe(0x1_0200n);
    expect(pe.read('ELR_EL1')).toBe(0x1000n);
    expect(pe.read('SPSR_EL1')).toBe(0x6000_0005n);
    expect(pe.read('ESR_EL1')).toBe(0x200_0000n);
    expect(pe.pstate >>> 0).toBe(0x6000_03c5);
  });

  test('EL1 on SP_EL0: vector 0, and the handler has SP_EL1', () => {
    const { pe, run } = guestOf(UNDEFINED_INSTRUCTION);
    pe.pstate = 0x4;
    pe.write('SP_EL1', 0x1111n);
    pe.x[31] = 0x2222n;
    run();
    expect([pe.x[PC], pe.x[31], pe.read('SP_EL0')]).toEqual([0n, 0x1111n, 0x2222n]);
  });

  test('EL0 goes to EL1: vector 0x400, or 0x600 for an AArch32 application', () => {
    for (const [state, vector] of [
      ['a64', 0x400n],
      ['t32', 0x600n],
    ] as const) {
      const { pe, run } = guestOf(UNDEFINED_INSTRUCTION);
      pe.setLevel(0);
      pe.state = state;
      pe.pstate = state === 'a64' ? 0 : 0x30;
      run();
      expect([pe.x[PC], pe.el, pe.state]).toEqual([vector, 1, 'a64']);
    }
  });

  test('EL0 goes to EL2 under HCR_EL2.TGE', () => {
    const { pe, run } = guestOf(UNDEFINED_INSTRUCTION, {}, true);
    pe.write('HCR_EL2', pe.read('HCR_EL2') | (1n << 27n));
    pe.setLevel(0);
    pe.pstate = 0;
    run();
    expect([pe.x[PC], pe.el]).toEqual([0x400n, 2]);
    expect(pe.read('ELR_EL2')).toBe(0x1000n);
  });

  test('PAN is set on entry to EL1 unless SCTLR_EL1.SPAN', () => {
    const { pe, run } = guestOf(UNDEFINED_INSTRUCTION);
    run();
    expect(pe.pstate & (1 << 22)).toBe(0);
    pe.sctlr &= ~(1 << 23);
    run();
    expect(pe.pstate & (1 << 22)).not.toBe(0);
  });

  test.each([
    ['data-abort', 0x9600_0010n, 0x9200_0010n],
    ['prefetch-abort', 0x8600_0010n, 0x8200_0010n],
  ] as const)('%s: external abort, with the class of the same or of a lower level', (kind, same, lower) => {
    for (const [el, esr] of [
      [1, same],
      [0, lower],
    ] as const) {
      const outcome = inject(kind);
      const onPass = (call: Call): Outcome => {
        (call.pe as Vcpu).setLevel(el);
        call.pe.pstate = el === 1 ? 5 : 0;
        return outcome;
      };
      const machine = createMachine({
        guests: [{ name: 'g', vcpus: 1, services: { outside: [tinyService({ onPass })] } }],
      });
      const pe = machine.guest('g').vcpu(0);
      pe.w[0] = tinyAbi.calls.pass.id;
      machine.trap(pe, 'hvc', 0);
      expect(pe.read('ESR_EL1')).toBe(esr);
    }
  });

  test('SError has vectors of its own', () => {
    const { pe, run } = guestOf(inject('serror'));
    run();
    expect(pe.x[PC]).toBe(0x380n);
    expect(pe.read('ESR_EL1')).toBe(0xbe00_0000n);
  });

  test('the service’s choice of return address and syndrome counts', () => {
    const { pe, run } = guestOf(inject('undefined', { returnOffset: 4, syndrome: 0x5a00_0001 }));
    run();
    expect(pe.read('ELR_EL1')).toBe(0x1004n);
    expect(pe.read('ESR_EL1')).toBe(0x5a00_0001n);
  });

  test('the embedder’s CPU may take it itself', () => {
    const taken: TakenException[] = [];
    const cpu = {
      takeException: (_: unknown, exception: TakenException) => {
        taken.push(exception);
        return true;
      },
    };
    const { pe, run } = guestOf(UNDEFINED_INSTRUCTION, { cpu });
    run();
    expect(pe.x[PC]).toBe(0x1000n);
    expect(taken).toEqual([{ kind: 'undefined', target: 1, aarch32: false, syndrome: 0x200_0000, returnOffset: 0 }]);
  });
});

describe('into AArch32', () => {
  const boot = (state: 'a32' | 't32', el: ExceptionLevel = 1): VcpuSpec => ({ aarch32: true, boot: { state, el } });

  test.each([
    ['a32', 0x1004n],
    ['t32', 0x1002n],
  ] as const)('undefined from %s: LR_und, SPSR_und, Und mode, vector 4', (state, link) => {
    const { pe, run } = guestOf(UNDEFINED_INSTRUCTION, boot(state));
    pe.write('VBAR_EL1', 0x8000n);
    pe.x[18] = 0xaaaan;
    const before = pe.pstate;
    run();
    expect(pe.x[22]).toBe(link);
    expect(pe.x[18]).toBe(0xaaaan);
    expect(pe.read('SPSR_und')).toBe(BigInt(before));
    expect([pe.x[PC], pe.pstate & 0x1f, pe.state]).toEqual([0x8004n, 0x1b, 'a32']);
    expect(pe.pstate & 0x80).toBe(0x80);
  });

  test('the service’s choice of the link register counts: recorded Xen has HVC + 8', () => {
    const { pe, run } = guestOf(inject('undefined', { returnOffset: 8 }), boot('a32'));
    run();
    expect(pe.x[22]).toBe(0x1008n);
  });

  test('SCTLR.V, TE and EE decide vectors, instruction set and byte order of the handler', () => {
    const { pe, run } = guestOf(UNDEFINED_INSTRUCTION, boot('a32'));
    pe.sctlr |= (1 << 13) | (1 << 25) | (1 << 30);
    run();
    expect([pe.x[PC], pe.state, pe.pstate & 0x220]).toEqual([0xffff_0004n, 't32', 0x220]);
  });

  test.each([
    ['data-abort', 0x10n, 0x1008n, 0x08n, 0n],
    ['prefetch-abort', 0x0cn, 0x1004n, 0n, 0x08n],
    ['serror', 0x10n, 0x1008n, 0x406n, 0n],
  ] as const)('%s: Abt mode, LR_abt, the short format’s status', (kind, vector, link, dfsr, ifsr) => {
    const { pe, run } = guestOf(inject(kind), boot('a32'));
    pe.write('ESR_EL1', 0n);
    run();
    expect([pe.x[PC], pe.x[20], pe.pstate & 0x1f]).toEqual([vector, link, 0x17]);
    expect([pe.read('ESR_EL1'), pe.read('IFSR32_EL2')]).toEqual([dfsr, ifsr]);
    expect(pe.pstate & 0x100).toBe(0x100);
  });

  test.each([
    ['data-abort', 0x210n],
    ['serror', 0x211n],
  ] as const)('%s with long descriptors', (kind, dfsr) => {
    const { pe, run } = guestOf(inject(kind), boot('a32'));
    pe.write('TCR_EL1', 0x8000_0000n);
    run();
    expect(pe.read('ESR_EL1')).toBe(dfsr);
  });

  test('Hyp mode takes its own at vector 4, with ELR_hyp and HSR', () => {
    const { pe, run } = guestOf(UNDEFINED_INSTRUCTION, boot('a32', 2), true);
    run();
    expect([pe.x[PC], pe.el, pe.pstate & 0x1f]).toEqual([4n, 2, 0x1a]);
    expect([pe.read('ELR_EL2'), pe.read('ESR_EL2')]).toEqual([0x1000n, 0x200_0000n]);
  });

  test('an AArch32 guest of an AArch64 hypervisor takes it in its own Und mode', () => {
    const { pe, run } = guestOf(UNDEFINED_INSTRUCTION, { boot: { state: 'a32' } }, true);
    expect(pe.read('HCR_EL2') & 0x8000_0000n).toBe(0n);
    run();
    expect([pe.el, pe.state, pe.x[22]]).toEqual([1, 'a32', 0x1004n]);
  });

  test('an AArch32 application of an AArch32 kernel goes to Und mode', () => {
    const { pe, run } = guestOf(UNDEFINED_INSTRUCTION, boot('a32'));
    pe.setLevel(0);
    pe.pstate = 0x10;
    run();
    expect([pe.el, pe.pstate & 0x1f]).toEqual([1, 0x1b]);
  });
});

test('banked registers are where AArch64 sees them', () => {
  const modes = { usr: 0x10, fiq: 0x11, irq: 0x12, svc: 0x13, abt: 0x17, hyp: 0x1a, und: 0x1b, sys: 0x1f } as const;
  const lr = Object.entries(modes).map(([name, mode]) => `${name} ${linkSlot(mode)}`);
  expect(lr).toEqual(['usr 14', 'fiq 30', 'irq 16', 'svc 18', 'abt 20', 'hyp 14', 'und 22', 'sys 14']);
  const sp = Object.entries(modes).map(([name, mode]) => `${name} ${stackSlot(mode)}`);
  expect(sp).toEqual(['usr 13', 'fiq 29', 'irq 17', 'svc 19', 'abt 21', 'hyp 15', 'und 23', 'sys 13']);
  expect([a32Slot(0x13, 8), a32Slot(0x11, 8), a32Slot(0x11, 12), a32Slot(0x11, 7)]).toEqual([8, 24, 28, 7]);
  expect([a32Slot(0x13, 13), a32Slot(0x13, 14)]).toEqual([19, 18]);
});
