import type { SystemRegister } from '@trapline/trap-bus';
import { isSystemRegister } from '../compare/state.js';
import type { Performer } from '../stage/performer.js';
import type { DomainSide } from './domain-side.js';

/** A register of the vCPU, its timer or its interrupt controller's CPU interface. */
interface Register {
  readonly read?: (side: DomainSide, performer: Performer) => bigint;
  readonly write?: (side: DomainSide, performer: Performer, value: bigint) => void;
}

const PSTATE_SP = 1;
const ISR_I = 0x80n;
/** ICC_SRE_EL1 with system registers in use and both bypasses disabled. */
const SRE = 7n;

/** Registers that are no plain memory, by AArch64's names. */
const REGISTERS: Readonly<Record<string, Register>> = {
  SPSel: {
    read: (_, { vcpu }) => BigInt(vcpu.pstate & PSTATE_SP),
    write: (_, { vcpu }, value) => vcpu.switchTo(vcpu.el, vcpu.state, (vcpu.pstate & ~PSTATE_SP) | Number(value & 1n)),
  },
  ISR_EL1: { read: ({ gic }, { vcpu }) => (gic.signals(vcpu) ? ISR_I : 0n) },
  ICC_SRE_EL1: { read: () => SRE },
  ICC_PMR_EL1: {
    read: ({ gic }, { vcpu }) => BigInt(gic.priorityMask(vcpu)),
    write: ({ gic }, { vcpu }, value) => gic.setPriorityMask(vcpu, Number(value & 0xffn)),
  },
  ICC_IGRPEN1_EL1: {
    read: ({ gic }, { vcpu }) => (gic.groupEnabled(vcpu) ? 1n : 0n),
    write: ({ gic }, { vcpu }, value) => gic.setGroupEnabled(vcpu, (value & 1n) !== 0n),
  },
  ICC_HPPIR1_EL1: { read: ({ gic }, { vcpu }) => BigInt(gic.highestPending(vcpu)) },
  CNTV_CTL_EL0: {
    read: ({ timers }, { vcpu }) => BigInt(timers.of(vcpu).virtual.control),
    write: ({ timers }, { vcpu }, value) => {
      timers.of(vcpu).virtual.control = Number(value & 3n);
    },
  },
  CNTV_CVAL_EL0: {
    read: ({ timers }, { vcpu }) => timers.of(vcpu).virtual.compare,
    write: ({ timers }, { vcpu }, value) => {
      timers.of(vcpu).virtual.compare = value;
    },
  },
  CNTV_TVAL_EL0: {
    read: ({ timers }, { vcpu }) => BigInt.asUintN(32, BigInt(timers.of(vcpu).virtual.value)),
    write: ({ timers }, { vcpu }, value) => {
      timers.of(vcpu).virtual.value = Number(BigInt.asIntN(32, value));
    },
  },
};

/** AArch32's names of the same registers (DDI 0487, D1.20.1 and chapter G8). */
const AARCH32: Readonly<Record<string, string>> = {
  VBAR: 'VBAR_EL1',
  SCTLR: 'SCTLR_EL1',
  TPIDRPRW: 'TPIDR_EL1',
  TPIDRURW: 'TPIDR_EL0',
  TPIDRURO: 'TPIDRRO_EL0',
  ISR: 'ISR_EL1',
  ICC_SRE: 'ICC_SRE_EL1',
  ICC_PMR: 'ICC_PMR_EL1',
  ICC_IGRPEN1: 'ICC_IGRPEN1_EL1',
  ICC_HPPIR1: 'ICC_HPPIR1_EL1',
  CNTV_CTL: 'CNTV_CTL_EL0',
  CNTV_CVAL: 'CNTV_CVAL_EL0',
  CNTV_TVAL: 'CNTV_TVAL_EL0',
};

/** The value of a register by either of its names; undefined for one that is not known here. */
export function readRegister(side: DomainSide, performer: Performer, name: string): bigint | undefined {
  const known = nameOf(name);
  if (Object.hasOwn(REGISTERS, known)) return REGISTERS[known]?.read?.(side, performer);
  return isSystemRegister(known) ? performer.vcpu.read(known) : undefined;
}

/** Writes a register; false for one that is not known here. */
export function writeRegister(side: DomainSide, performer: Performer, name: string, value: bigint): boolean {
  const known = nameOf(name);
  if (Object.hasOwn(REGISTERS, known)) {
    const write = REGISTERS[known]?.write;
    write?.(side, performer, value);
    return write !== undefined;
  }
  if (!isSystemRegister(known)) return false;
  performer.vcpu.write(known as SystemRegister, value);
  return true;
}

function nameOf(name: string): string {
  return Object.hasOwn(AARCH32, name) ? (AARCH32[name] as string) : name;
}
