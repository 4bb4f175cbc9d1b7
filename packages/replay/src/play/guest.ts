import type { GuestStep } from '@trapline/recordings';
import { compareOperands, physical } from '../compare/memory.js';
import { isSystemRegister } from '../compare/state.js';
import { bytesOf, hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Performer } from '../stage/performer.js';
import type { Stage } from '../stage/stage.js';
import { performerOf } from './performer-of.js';

const PSTATE_DAIF = 0x3c0;
/** SCTLR_EL1.EE and CPSR.E. */
const SCTLR_EE = 1 << 25;
const PSTATE_E = 1 << 9;

type Act = (step: GuestStep, performer: Performer, stage: Stage, findings: Findings) => void;

/** What the guest's program does itself, by `do`. */
const ACTS: Readonly<Record<string, Act>> = {
  write: (step, { guest }, _, findings) => {
    const { memory } = guest.ports;
    const stored = memory.write(physical(step.addr ?? '0x0'), bytesOf(step.hex ?? ''));
    findings.compare(`mem:${step.addr}`, step.exception ? 'a fault' : 'stored', stored ? 'stored' : 'a fault');
    compareOperands(findings, memory, step.memAlso, {});
  },
  sysreg: ({ name = '', value = '0x0', relative, deltaNs = 0 }, { vcpu }, _, findings) => {
    if (relative || !isSystemRegister(name))
      findings.skip(`no CPU here has ${name}${deltaNs ? ' that counts from now' : ''}`);
    else vcpu.write(name, BigInt(value));
  },
  daif: ({ value = '0x0' }, { vcpu }) => {
    vcpu.pstate = (vcpu.pstate & ~PSTATE_DAIF) | (Number(value) & PSTATE_DAIF);
  },
  ack: (step, performer, stage, findings) => {
    const intid = stage.gic(step)?.acknowledge(performer.vcpu) ?? 0;
    performer.acknowledged = BigInt(intid);
    if (step.intid !== undefined) findings.compare('intid', hex(step.intid), hex(intid));
  },
  eoi: (step, { vcpu }, stage) => {
    stage.gic(step)?.endOfInterrupt(vcpu, step.intid ?? 0);
  },
  endian: ({ value }, { vcpu }) => {
    const big = value === 'big';
    if (vcpu.state === 'a64') vcpu.sctlr = big ? vcpu.sctlr | SCTLR_EE : vcpu.sctlr & ~SCTLR_EE;
    else vcpu.pstate = big ? vcpu.pstate | PSTATE_E : vcpu.pstate & ~PSTATE_E;
  },
  /** A replay has left the handler already. */
  eret: ({ spsr }, { vcpu }) => {
    if (spsr !== undefined) vcpu.pstate = Number(spsr) | 0;
  },
  /** In the order of the file there is nothing to wait for. */
  wait: () => {},
  spin: () => {},
};

/** Something that the guest's program did between calls. */
export function playGuest(step: GuestStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  if (!performer) return;
  if (!Object.hasOwn(ACTS, step.do)) {
    findings.skip(`a guest that does ${step.do}`);
    return;
  }
  ACTS[step.do]?.(step, performer, stage, findings);
}
