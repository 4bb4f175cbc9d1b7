import { PC } from '@trapline/core';
import type { RegisterValues, Tolerance } from '@trapline/recordings';
import { SYSTEM_REGISTERS, type SystemRegister, type Vcpu } from '@trapline/trap-bus';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Performer } from '../stage/performer.js';
import { volatileBits } from './tolerance.js';

const GENERAL = /^[xr](\d+)$/;
const PSTATE_NZCV = 0xf000_0000;
const PSTATE_DAIF = 0x3c0;

/** State of a CPU that recordings name, beside general registers and system registers. */
const NAMED: Readonly<Record<string, (vcpu: Vcpu) => bigint>> = {
  pc: (vcpu) => vcpu.x[PC] as bigint,
  el: (vcpu) => BigInt(vcpu.el),
  currentel: (vcpu) => BigInt(vcpu.el << 2),
  daif: (vcpu) => BigInt(vcpu.pstate & PSTATE_DAIF),
  spsel: (vcpu) => BigInt(vcpu.pstate & 1),
  nzcv: (vcpu) => BigInt((vcpu.pstate & PSTATE_NZCV) >>> 0),
  cpsr: (vcpu) => BigInt(vcpu.pstate >>> 0),
  sctlr: (vcpu) => BigInt(vcpu.sctlr >>> 0),
  mpidr: (vcpu) => vcpu.mpidr,
  mpidr_el1: (vcpu) => vcpu.mpidr,
  vbar: (vcpu) => vcpu.read('VBAR_EL1'),
  tpidrprw: (vcpu) => vcpu.read('TPIDR_EL1'),
};

/** Reads a register or a piece of state by the name that recordings give it; undefined for a name that is not known. */
export function readNamed(performer: Performer, name: string): bigint | undefined {
  const general = GENERAL.exec(name);
  if (general) return registerOf(performer, Number(general[1]));
  const key = name.toLowerCase();
  if (Object.hasOwn(NAMED, key)) return NAMED[key]?.(performer.vcpu);
  return isSystemRegister(name) ? performer.vcpu.read(name) : undefined;
}

/** A general register by its number; undefined for a number that no register has. */
function registerOf(performer: Performer, n: number): bigint | undefined {
  return n <= (performer.width === 64 ? 30 : 14) ? performer.register(n) : undefined;
}

/** Whether a vCPU of the bus holds this system register. */
export function isSystemRegister(name: string): name is SystemRegister {
  return (SYSTEM_REGISTERS as readonly string[]).includes(name);
}

/** Compares a CPU's state, name by name, with what a recording lists. */
export function compareState(
  findings: Findings,
  performer: Performer,
  expected: RegisterValues,
  tolerance: Tolerance,
): void {
  for (const [name, value] of Object.entries(expected)) {
    const got = readNamed(performer, name);
    if (got === undefined) {
      findings.skip(`no CPU here has ${name}`);
      continue;
    }
    const compared =
      ~volatileBits(tolerance, name.replace(/^r/, 'x')) & ~(tolerance.volatile?.includes(name) ? -1n : 0n);
    if ((BigInt(value) & compared) !== (got & compared)) findings.different(`entry.${name}`, value, hex(got));
  }
}
