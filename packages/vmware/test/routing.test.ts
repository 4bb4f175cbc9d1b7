import { createMachine, decodeSyndrome, type Machine, type Vcpu } from '@trapline/trap-bus';
import { hypervisor, IO_MAGIC, MAGIC, MDCCSR_EL0, MODE_IN_LONG, PORT, UNSUPPORTED } from '@trapline/vmware';
import { describe, expect, test } from 'vitest';

/** ESR_EL2 of MRS XZR, MDCCSR_EL0: EC 0x18, IL, op0 2, op2 0, op1 3, CRn 0, Rt 31, CRm 1, a read. */
const ESR = ((0x18 << 26) | (1 << 25) | (2 << 20) | (3 << 14) | (31 << 5) | (1 << 1) | 1) >>> 0;

const GETVERSION = 10;

function machineWith(el: 0 | 1 = 1): { machine: Machine; vcpu: Vcpu } {
  const guest = { name: 'g', vcpus: 1, hasEl2: true, services: { el2: [hypervisor()] } };
  const machine = createMachine({ guests: [guest] });
  const vcpu = machine.guest('g').vcpus[0] as Vcpu;
  if (el === 0) vcpu.switchTo?.(0, 'a64', 0);
  vcpu.x[0] = BigInt(MAGIC);
  vcpu.x[2] = BigInt(GETVERSION);
  vcpu.x[3] = BigInt(PORT);
  vcpu.x[7] = (BigInt(IO_MAGIC) << 32n) | BigInt(MODE_IN_LONG);
  vcpu.x[32] = 0x4008_0000n;
  return { machine, vcpu };
}

describe('a trapped register read is a conduit', () => {
  test('its syndrome names the register by its encoding', () => {
    expect(decodeSyndrome(ESR)).toEqual({ conduit: 'mrs', immediate: MDCCSR_EL0, condition: undefined });
    // MRS <Xt>, (system register): the encoding's low 15 bits stand in bits 19:5.
    expect(0xd530_0000 | ((MDCCSR_EL0 & 0x7fff) << 5) | 31).toBe(0xd533_011f | 0);
  });

  test.for([1, 0] as const)('from EL%d it calls, and is stepped over', (el) => {
    const { machine, vcpu } = machineWith(el);
    expect(machine.trapSyndrome(vcpu, ESR)).toMatchObject({ kind: 'returned' });
    expect([vcpu.x[0], vcpu.x[1], vcpu.x[32]]).toEqual([6n, BigInt(MAGIC), 0x4008_0004n]);
  });

  test('HVC with immediate 0x86 does the same, with nothing in X7<63:32>', () => {
    const { machine, vcpu } = machineWith();
    vcpu.x[7] = BigInt(MODE_IN_LONG);
    expect(machine.trap(vcpu, 'hvc', IO_MAGIC)).toMatchObject({ kind: 'returned' });
    expect([vcpu.x[0], vcpu.x[32]]).toEqual([6n, 0x4008_0004n]);
  });

  test.for<[string, (vcpu: Vcpu) => void]>([
    ['a read that X7 does not mark', (vcpu) => vcpu.w.fill(0, 15, 16)],
    ['another port', (vcpu) => vcpu.w.fill(PORT + 1, 6, 7)],
    ['another size or direction', (vcpu) => vcpu.w.fill(MODE_IN_LONG - 1, 14, 15)],
  ])('%s is no call', ([, change]) => {
    const { machine, vcpu } = machineWith();
    change(vcpu);
    expect(machine.trap(vcpu, 'mrs', MDCCSR_EL0)).toMatchObject({ kind: 'inject', exception: 'undefined' });
  });

  test('another register, an ordinary HVC and AArch32 are no calls', () => {
    const { machine, vcpu } = machineWith();
    expect(machine.trap(vcpu, 'mrs', 0x9828).kind).not.toBe('returned');
    expect(machineWith().machine.guest('g').caller(0).execute('hvc', 0).kind).not.toBe('returned');
    const other = machineWith();
    expect(other.machine.trap(other.vcpu, 'hvc', MDCCSR_EL0).kind).toBe('inject');
  });

  test('without the magic number, and for an unknown command, all ones come back', () => {
    const first = machineWith();
    first.vcpu.x[0] = 0n;
    first.machine.trap(first.vcpu, 'mrs', MDCCSR_EL0);
    expect(first.vcpu.x[0]).toBe(BigInt(UNSUPPORTED));
    const second = machineWith();
    second.vcpu.x[2] = 99n;
    second.machine.trap(second.vcpu, 'mrs', MDCCSR_EL0);
    expect(second.vcpu.x[0]).toBe(BigInt(UNSUPPORTED));
  });
});
