import type { MemoryStep, SysregStep } from '@trapline/recordings';
import { compareBytes, physical } from '../compare/memory.js';
import { readNamed } from '../compare/state.js';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Stage } from '../stage/stage.js';
import { performerOf } from './performer-of.js';

/** A look at guest memory. */
export function playMemory(step: MemoryStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  if (!performer) return;
  const { memory } = performer.guest.ports;
  const { addr, at, hex: digits, fault } = step;
  if (fault)
    findings.compare(`mem:${addr}`, 'a fault', memory.has(physical(addr), step.len ?? 1) ? 'memory' : 'a fault');
  else if (digits !== undefined) compareBytes(findings, memory, { addr, hex: digits, at }, step);
}

/** A read of a system register. */
export function playSysreg(step: SysregStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  if (!performer) return;
  if (step.mmio) {
    findings.skip(`no device is modelled at ${step.mmio.addr}`);
    return;
  }
  const got = step.readBy === 'ack' ? performer.acknowledged : readNamed(performer, step.name);
  if (got === undefined) {
    findings.skip(`no CPU here has ${step.name}`);
    return;
  }
  if (!step.volatile?.includes(step.name)) findings.compare(step.name, step.value, hex(got));
}
