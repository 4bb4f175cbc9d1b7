import type { CallStep, RegisterValues, Step } from '@trapline/recordings';
import { declared } from './calls.js';
import type { Column } from './columns.js';
import { codeTable } from './markdown.js';

/** Which registers calls change that carry no result. */
export function clobberSection(columns: readonly Column[]): readonly string[] {
  const rows = columns.map(({ title, recording, conduit }) => {
    const calls = recording.scenarios
      .flatMap(({ steps }) => steps)
      .filter(
        (step): step is CallStep =>
          step.op === 'call' && step.conduit === conduit && Number(step.imm) === 0 && step.width === 64,
      )
      .filter(({ out, exception }) => out && !exception);
    const changed = calls.map(clobbered).filter(({ length }) => length > 0);
    const sets = new Map<string, number>();
    for (const registers of changed) sets.set(registers.join(', '), (sets.get(registers.join(', ')) ?? 0) + 1);
    const words = [...sets].sort(([, a], [, b]) => b - a).map(([registers, n]) => `${registers} (${n})`);
    return [title, String(calls.length), words.join('; ') || 'none'];
  });
  return codeTable(['', 'calls that returned', 'registers changed beyond the results (in how many calls)'], rows);
}

function clobbered(step: CallStep): readonly string[] {
  const call = declared(step);
  const results = Math.max(1, call?.declaration.resultNames.length ?? 1);
  return Object.keys(step.out ?? {}).filter((name) => Number(name.slice(1)) >= results);
}

/** What a started CPU finds. */
export function startSection(columns: readonly Column[]): readonly string[] {
  const rows = columns.flatMap(({ title, recording }) => {
    const state = recording.scenarios
      .flatMap(({ steps }) => steps)
      .map(startOf)
      .find((found) => found !== undefined);
    return state ? [[title, ...state]] : [];
  });
  return codeTable(['', 'exception level', 'SCTLR_ELx', 'PSTATE.DAIF', 'SPSel', 'other registers than X0'], rows);
}

/** The first state of a CPU that a call started: level, SCTLR, masks, stack pointer, what is not zero. */
function startOf(step: Step): readonly string[] | undefined {
  if (step.op === 'entry' && step.state) {
    const { el = '', sctlr = '', daif = '', spsel = '' } = step.state;
    return [String(Number(el)), sctlr, daif, spsel, notZero(step.state)];
  }
  if (step.op === 'entry' && step.sysregs) {
    const { CurrentEL = '0x0', SCTLR_EL1 = '', DAIF = '', SPSel = '' } = step.sysregs;
    return [String(Number(CurrentEL) >> 2), SCTLR_EL1, DAIF, SPSel, notZero(step.regs ?? {})];
  }
  if (step.op === 'boot' && step.cpuOnStep !== null && step.width === 64) {
    const { currentEL = '0x0', sctlr_el1 = '', daif = '', spsel = '' } = step as unknown as Record<string, string>;
    return [String(Number(currentEL) >> 2), sctlr_el1, daif, spsel, notZero(step.nonzeroRegs ?? {})];
  }
  return undefined;
}

function notZero(registers: RegisterValues): string {
  const names = Object.entries(registers).filter(([name, value]) => /^x[1-9]/.test(name) && BigInt(value) !== 0n);
  return names.map(([name]) => name).join(', ') || 'zero';
}

/** Calls that ended in an exception: which instruction, what the handler reads. */
export function exceptionSection(columns: readonly Column[]): readonly string[] {
  const seen = new Map<string, readonly string[]>();
  for (const { title, recording } of columns) {
    for (const step of recording.scenarios.flatMap(({ steps }) => steps)) {
      if (step.op !== 'call' || !step.exception?.esr) continue;
      const { esr, elrMinusInsn } = step.exception;
      const row = [
        title,
        `${step.conduit} #${step.imm}`,
        esr,
        elrMinusInsn === undefined ? 'not recorded' : `instruction + ${Number(elrMinusInsn)}`,
      ];
      seen.set(row.join(), row);
    }
  }
  return codeTable(['', 'instruction', 'syndrome', 'return address'], [...seen.values()]);
}
