import { PC } from '@trapline/core';
import type { CallStep, ExitStep, ReturnStep } from '@trapline/recordings';
import { compareOperands } from '../compare/memory.js';
import { compareRegisters } from '../compare/registers.js';
import { canCall } from '../play/call.js';
import { performerOf } from '../play/performer-of.js';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Performer } from '../stage/performer.js';
import type { Stage } from '../stage/stage.js';
import type { KvmExit, KvmVcpu } from './parts.js';
import { CORE_PC, CORE_X0 } from './settings.js';
import type { VmmSide } from './vmm-side.js';

const PSTATE_MASKS = 0x3c0;
const PSTATE_FLAGS = 0xf000_0000 | 0;
const PSTATE_OBSERVED: number = PSTATE_FLAGS | PSTATE_MASKS;
const HYPERCALL = 3;
const SYSTEM_EVENT = 24;

/** The VMM enters KVM_RUN, and the guest makes one call. */
export function playKvmCall(side: VmmSide, step: CallStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  const vcpu = side.vcpu(stage, step);
  if (!performer || !vcpu) return;
  for (let i = 0; i < (step.repeat ?? 1); i++) if (!playOnce(side, step, stage, findings, performer, vcpu)) return;
}

function playOnce(
  side: VmmSide,
  step: CallStep,
  stage: Stage,
  findings: Findings,
  performer: Performer,
  vcpu: KvmVcpu,
): boolean {
  const entered = vcpu.run();
  if (entered.kind !== 'guest') {
    findings.different('KVM_RUN', 'the guest runs', entered.kind);
    return false;
  }
  if (!canCall(step, stage, performer, findings)) return false;
  const { guest } = performer;
  const { memory } = guest.ports;
  compareOperands(findings, memory, step.memIn, step);
  const flags = Number(stage.environment.nzcvBeforeCall ?? 0) & PSTATE_FLAGS;
  const pstate = flags | (performer.vcpu.pstate & PSTATE_MASKS);
  performer.load(step.in, stage.fill(step.width), pstate);
  const outcome = guest.caller(performer.index).execute(step.conduit, Number(step.imm));
  if (outcome.kind === 'wait') guest.enterWait(performer.vcpu);
  const exit = vcpu.exited(outcome);
  if (exit) side.exits.set(performer.index, exit);
  const expected = step.returns === false ? (step.blocked ? 'blocks' : 'exits') : 'returns';
  const end = endOf(outcome.kind, exit, performer);
  findings.compare('end', expected, end);
  if (end !== expected) return false;
  if (end === 'returns') compareReturned(step, findings, performer, pstate);
  compareOperands(findings, memory, step.memOut, step);
  return true;
}

function endOf(kind: string, exit: KvmExit | undefined, { vcpu }: Performer): string {
  if (exit) return 'exits';
  if (kind === 'returned' || (kind === 'wait' && vcpu.powerState === 'running')) return 'returns';
  return kind === 'wait' ? 'blocks' : kind;
}

function compareReturned(step: CallStep, findings: Findings, performer: Performer, pstate: number): void {
  compareRegisters(findings, performer.before, performer.view(), step.out ?? {}, step);
  findings.compare('pc', hex(performer.behindCall), hex(performer.vcpu.x[PC] as bigint));
  findings.compare('pstate', hex(pstate), hex(performer.vcpu.pstate & PSTATE_OBSERVED));
}

/** A call that had not returned returns now. */
export function playKvmReturn(side: VmmSide, step: ReturnStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  const vcpu = side.vcpu(stage, step);
  if (!performer || !vcpu) return;
  const { kind } = vcpu.run();
  findings.compare('KVM_RUN', 'guest', kind);
  if (kind !== 'guest') return;
  compareRegisters(findings, performer.before, performer.view(), step.out, step);
  findings.compare('pc', hex(performer.behindCall), hex(performer.vcpu.x[PC] as bigint));
}

/** KVM_RUN has returned to the VMM. */
export function playKvmExit(side: VmmSide, step: ExitStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  const vcpu = side.vcpu(stage, step);
  if (!performer || !vcpu) return;
  const exit = side.exits.get(performer.index) ?? exitNow(vcpu);
  side.exits.delete(performer.index);
  if (exit === undefined) {
    findings.different('exit', step.name ?? String(step.exitReason), 'none');
    return;
  }
  compareExit(step, findings, exit);
  compareVcpu(step, findings, performer, vcpu);
}

function exitNow(vcpu: KvmVcpu): KvmExit | undefined {
  const result = vcpu.run();
  return result.kind === 'exit' ? result.exit : undefined;
}

function compareExit(step: ExitStep, findings: Findings, exit: KvmExit): void {
  const compare = (name: string, got: string | undefined): void => {
    if (step[name] !== undefined) findings.compare(`exit.${name}`, String(step[name]), got ?? 'nothing');
  };
  compare('exitReason', String(exit.exitReason));
  if (exit.exitReason === SYSTEM_EVENT) {
    compare('type', String(exit.type));
    compare('ndata', String(exit.data?.length));
    compare('data0_flags', hexOf(exit.data?.[0]));
  }
  if (exit.exitReason === HYPERCALL) {
    compare('nr', hexOf(exit.nr));
    compare('args0', hexOf(exit.args?.[0]));
    compare('hflags', hexOf(exit.flags));
  }
}

function compareVcpu(step: ExitStep, findings: Findings, { callSite }: Performer, vcpu: KvmVcpu): void {
  for (const [name, value] of Object.entries(step.regs ?? {})) {
    if (name === 'pcMinusInsn') {
      const pc = vcpu.getOneReg(CORE_PC).value ?? 0n;
      findings.compare('exit.pc', hex(BigInt(value)), hex(pc - callSite));
    } else {
      const got = vcpu.getOneReg(CORE_X0 + 2n * BigInt(name.slice(1))).value ?? 0n;
      findings.compare(`exit.${name}`, hex(BigInt(value)), hex(got));
    }
  }
  if (step.mpState !== undefined) findings.compare('exit.mp_state', String(step.mpState), String(vcpu.mpState));
}

function hexOf(value: number | bigint | undefined): string | undefined {
  return value === undefined ? undefined : hex(value);
}
