import { PC } from '@trapline/core';
import type { BootStep, Hex } from '@trapline/recordings';
import type { Vcpu } from '@trapline/trap-bus';
import { compareRegisters } from '../compare/registers.js';
import { performerOf } from '../play/performer-of.js';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Performer } from '../stage/performer.js';
import type { Stage } from '../stage/stage.js';
import type { VmmSide } from './vmm-side.js';

const PSTATE_DAIF = 0x3c0;
const PSTATE_NZCV = 0xf000_0000;
const PSTATE_T = 1 << 5;

const STATES: Readonly<Record<Vcpu['state'], string>> = { a64: 'aarch64', a32: 'arm', t32: 'thumb' };

/** What a vCPU's first instruction finds, by the field that recordings give it; T of CPSR reads as 0 there. */
const FIELDS: Readonly<Record<string, (vcpu: Vcpu) => bigint>> = {
  entryPc: (vcpu) => vcpu.x[PC] as bigint,
  currentEL: (vcpu) => BigInt(vcpu.el << 2),
  daif: (vcpu) => BigInt(vcpu.pstate & PSTATE_DAIF),
  spsel: (vcpu) => BigInt(vcpu.pstate & 1),
  nzcv: (vcpu) => BigInt((vcpu.pstate & PSTATE_NZCV) >>> 0),
  sctlr_el1: (vcpu) => vcpu.read('SCTLR_EL1'),
  mpidr_el1: (vcpu) => vcpu.mpidr,
  cpsr: (vcpu) => BigInt((vcpu.pstate & ~PSTATE_T) >>> 0),
  sctlr: (vcpu) => BigInt(vcpu.sctlr >>> 0),
  mpidr: (vcpu) => vcpu.mpidr,
};

/** A vCPU executes its first instruction after it was turned on. */
export function playKvmBoot(side: VmmSide, step: BootStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  const vcpu = side.vcpu(stage, step);
  if (!performer || !vcpu) return;
  const { kind } = vcpu.run();
  findings.compare('started', step.started ? 'guest' : 'blocked', kind);
  if (kind !== 'guest') return;
  const zeros = new Map([...performer.view().keys()].map((register) => [register, 0n] as const));
  compareRegisters(findings, zeros, performer.view(), step.nonzeroRegs ?? {}, step);
  if (step.entryState !== undefined) {
    findings.compare('entryState', step.entryState, STATES[performer.vcpu.state]);
  }
  compareFields(step, findings, performer);
}

function compareFields(step: BootStep, findings: Findings, { vcpu }: Performer): void {
  for (const [name, read] of Object.entries(FIELDS)) {
    const expected = step[name] as Hex | undefined;
    if (expected !== undefined) findings.compare(`boot.${name}`, hex(BigInt(expected)), hex(read(vcpu)));
  }
}
