import { type GuestPhysical, type GuestVirtual, NO_ADDRESS, type Pe } from '@trapline/core';
import { createMachine, createMemory, DACR, loadTranslationRegisters, TCR, TTBR0, type Vcpu } from '@trapline/trap-bus';
import { describe, expect, it } from 'vitest';
import { createPes } from './models-fakes.js';

const physical = (address: number): GuestPhysical => address as GuestPhysical;
const virtual = (address: number): GuestVirtual => address as GuestVirtual;

/** One page at the top of the upper half, and the same one at 4 KiB, under 39-bit tables at 0x4000_0000. */
function setUp() {
  const machine = createMachine({ guests: [{ name: 'g', vcpus: 1, hasEl2: true, hasEl3: true }] });
  const [vcpu] = machine.guest('g').vcpus as [Vcpu];
  const memory = createMemory([{ base: 0x4000_0000, size: 0x1_0000 }], {
    registers: (pe, into) => loadTranslationRegisters(pe as Vcpu, into),
  });
  const descriptors: [address: number, descriptor: bigint][] = [
    [0x4000_0000, 0x4000_1003n],
    [0x4000_1000, 0x4000_2003n],
    [0x4000_2008, 0x4000_8000n | 0x403n],
    [0x4000_3000 + 511 * 8, 0x4000_4003n],
    [0x4000_4000 + 511 * 8, 0x4000_5003n],
    [0x4000_5000 + 510 * 8, 0x4000_8000n | 0x483n],
  ];
  for (const [address, descriptor] of descriptors) memory.words.setU64(physical(address), descriptor);
  vcpu.write('TTBR0_EL1', 0x4000_0000n);
  vcpu.write('TTBR1_EL1', 0x4000_3000n);
  vcpu.write('TCR_EL1', 25n | (25n << 16n) | (2n << 30n) | (5n << 32n));
  return { memory, vcpu };
}

describe('memory that translates for a vCPU', () => {
  it('is identity until the MMU is on, then walks tables in guest memory', () => {
    const { memory, vcpu } = setUp();
    expect(memory.translate(vcpu, virtual(0x1010), 'read')).toBe(0x1010);
    vcpu.write('SCTLR_EL1', 1n);
    expect(memory.translate(vcpu, virtual(0x1010), 'write')).toBe(0x4000_8010);
    expect(memory.translate(vcpu, virtual(0x2010), 'read')).toBe(NO_ADDRESS);
  });

  it('takes addresses of the upper half as negative Numbers or as halves', () => {
    const { memory, vcpu } = setUp();
    vcpu.write('SCTLR_EL1', 1n);
    expect(memory.translate(vcpu, virtual(-0x1ff0), 'read')).toBe(0x4000_8010);
    expect(memory.translateHalves(vcpu, 0xffff_e010, 0xffff_ffff, 'read')).toBe(0x4000_8010);
    expect(memory.translateHalves(vcpu, 0xffff_e010, 0xffff_ffff, 'write')).toBe(NO_ADDRESS);
    expect(memory.explain(vcpu, 0xffff_ffff_ffff_e010n, 'write')).toMatchObject({ kind: 'permission', level: 3 });
    expect(memory.explain(vcpu, 0xffff_ffff_ffff_e010n, 'read')).toBeUndefined();
  });

  it('gives nothing for what is no whole Number', () => {
    const { memory, vcpu } = setUp();
    for (const address of [Number.NaN, 0.5, Number.POSITIVE_INFINITY]) {
      expect(memory.translate(vcpu, virtual(address), 'read')).toBe(NO_ADDRESS);
    }
    expect(memory.translate(vcpu, virtual(NO_ADDRESS), 'read')).toBe(NO_ADDRESS);
  });

  it('uses the tables of the level that the vCPU is at', () => {
    const { memory, vcpu } = setUp();
    vcpu.write('SCTLR_EL2', 1n);
    vcpu.write('TTBR0_EL2', 0x4000_0000n);
    vcpu.write('TCR_EL2', 25n | (5n << 16n));
    vcpu.write('SCTLR_EL3', 1n);
    vcpu.write('TCR_EL3', 25n | (5n << 16n));
    vcpu.setLevel(2);
    expect(memory.translate(vcpu, virtual(0x1004), 'write')).toBe(0x4000_8004);
    expect(memory.translate(vcpu, virtual(-0x1ff0), 'read')).toBe(NO_ADDRESS);
    vcpu.setLevel(3);
    expect(memory.explain(vcpu, 0x1004n, 'read')).toMatchObject({ kind: 'external-abort', level: 1 });
    vcpu.write('TTBR0_EL3', 0x4000_0000n);
    expect(memory.translate(vcpu, virtual(0x1004), 'write')).toBe(0x4000_8004);
  });

  it('gives EL0 only what EL1 opened to it', () => {
    const { memory, vcpu } = setUp();
    vcpu.write('SCTLR_EL1', 1n);
    vcpu.setLevel(0);
    expect(memory.explain(vcpu, 0x1000n, 'read')).toMatchObject({ kind: 'permission' });
    memory.words.setU64(physical(0x4000_2008), 0x4000_8443n);
    expect(memory.translate(vcpu, virtual(0x1000), 'write')).toBe(0x4000_8000);
    vcpu.state = 'a32';
    vcpu.hcr |= 0x8000_0000;
    expect(memory.translate(vcpu, virtual(0x1000), 'write')).toBe(0x4000_8000);
  });

  it('is identity where HCR_EL2.DC or TGE turn EL1s stage 1 off', () => {
    const { memory, vcpu } = setUp();
    vcpu.write('SCTLR_EL1', 1n);
    for (const bit of [1n << 12n, 1n << 27n]) {
      vcpu.write('HCR_EL2', bit);
      expect(memory.translate(vcpu, virtual(0x2010), 'read')).toBe(0x2010);
    }
  });

  it('walks short descriptors, with their domains, for an AArch32 vCPU', () => {
    const { memory, vcpu } = setUp();
    memory.words.setU32(physical(0x4000_c000), 0x4000_0c02);
    vcpu.state = 't32';
    vcpu.write('SCTLR_EL1', 1n);
    vcpu.write('TTBR0_EL1', 0x4000_c000n);
    vcpu.write('TCR_EL1', 0n);
    expect(memory.explain(vcpu, 0x123n, 'read')).toMatchObject({ kind: 'domain', format: 'short' });
    vcpu.write('DACR32_EL2', 1n);
    expect(memory.translate(vcpu, virtual(0x123), 'read')).toBe(0x4000_0123);
    vcpu.el = 3;
    vcpu.sctlr = 1;
    expect(memory.translate(vcpu, virtual(0x123), 'read')).toBe(0x4000_0123);
  });

  it('translates nothing with the MMU on where nobody gives it registers', () => {
    const memory = createMemory([{ base: 0, size: 0x1000 }]);
    const [pe] = createPes(1) as [Pe];
    expect(memory.translate(pe, virtual(8), 'read')).toBe(8);
    pe.sctlr = 1;
    for (const el of [0, 1, 2, 3] as const) {
      for (const state of ['a64', 'a32'] as const) {
        Object.assign(pe, { el, state });
        expect(memory.translate(pe, virtual(8), 'read')).toBe(NO_ADDRESS);
      }
    }
  });

  it('has as many bits of address as the composition says', () => {
    const memory = createMemory([{ base: 0, size: 0x1000 }], { addressBits: 36, managesFlags: true });
    const [pe] = createPes(1) as [Pe];
    expect(memory.translate(pe, virtual(2 ** 36), 'read')).toBe(NO_ADDRESS);
    expect(memory.translate(pe, virtual(2 ** 36 - 1), 'read')).toBe(2 ** 36 - 1);
  });

  it('loads into an embedders record what each level has', () => {
    const { vcpu } = setUp();
    const into = { x: new BigUint64Array(4), w: new Uint32Array(8) };
    vcpu.write('TTBR0_EL3', 7n);
    vcpu.write('TCR_EL3', 8n);
    vcpu.write('DACR32_EL2', 9n);
    loadTranslationRegisters(vcpu, into);
    expect([into.x[TTBR0], into.x[DACR]]).toEqual([0x4000_0000n, 9n]);
    vcpu.setLevel(3);
    loadTranslationRegisters(vcpu, into);
    expect([into.x[TTBR0], into.x[TCR]]).toEqual([7n, 8n]);
  });
});
