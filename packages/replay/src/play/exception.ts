import { PC } from '@trapline/core';
import type { RecordedException } from '@trapline/recordings';
import { linkSlot, type SystemRegister, type TakenException, type Vcpu } from '@trapline/trap-bus';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Performer } from '../stage/performer.js';

/** An exception as its handler finds it. */
export type CaughtException = Required<Pick<RecordedException, 'kind' | 'ec' | 'esr' | 'vector' | 'spsr'>> & {
  /** ELR or LR of the handler minus the address of the call. */
  readonly returnOffset: bigint;
};

const EC_SHIFT = 26n;
/** Offset in the vector table: VBAR_ELx is aligned to it. */
const VECTOR_MASK = 0x7ffn;
const MODE_UND = 0x1b;
/** Vectors of an interrupt from the current level with its own stack pointer, and with SP_EL0 (Table D1-7). */
const IRQ_VECTOR = 0x280;
const IRQ_VECTOR_SP0 = 0x80;

/** Reads, as its handler would, the exception that a call took. */
export function catchException(performer: Performer, taken: TakenException): CaughtException {
  const { vcpu } = performer;
  return taken.aarch32 && taken.target === 1
    ? catchA32(performer, vcpu)
    : catchAt(performer, vcpu, taken.target as 1 | 2 | 3);
}

function catchAt(performer: Performer, vcpu: Vcpu, level: 1 | 2 | 3): CaughtException {
  const read = (name: 'ELR' | 'ESR' | 'SPSR') => vcpu.read(`${name}_EL${level}` as SystemRegister);
  const esr = read('ESR');
  return {
    kind: 'sync',
    ec: hex(esr >> EC_SHIFT),
    esr: hex(esr),
    spsr: hex(read('SPSR')),
    vector: hex((vcpu.x[PC] as bigint) & VECTOR_MASK),
    returnOffset: read('ELR') - performer.callSite,
  };
}

/** Undefined mode has no syndrome: recorders write 0. */
function catchA32(performer: Performer, vcpu: Vcpu): CaughtException {
  return {
    kind: 'undef',
    ec: '0x0',
    esr: '0x0',
    spsr: hex(vcpu.read('SPSR_und')),
    vector: hex((vcpu.x[PC] as bigint) & 0x1fn),
    returnOffset: (vcpu.x[linkSlot(MODE_UND)] as bigint) - performer.callSite,
  };
}

/** The interrupt that a guest takes right behind a call that has unmasked it. */
export function catchInterrupt(performer: Performer): CaughtException {
  const { vcpu } = performer;
  return {
    kind: 'irq',
    ec: '0x0',
    esr: '0x0',
    spsr: hex(vcpu.pstate),
    vector: hex(vcpu.pstate & 1 ? IRQ_VECTOR : IRQ_VECTOR_SP0),
    returnOffset: (vcpu.x[PC] as bigint) - performer.callSite,
  };
}

/** Compares what a recording says of an exception; what it leaves out was not looked at. */
export function compareException(findings: Findings, expected: RecordedException, got: CaughtException): void {
  for (const field of ['kind', 'ec', 'esr', 'vector', 'spsr'] as const) {
    const value = expected[field];
    if (value !== undefined) findings.compare(`exception.${field}`, value, got[field]);
  }
  for (const field of ['elrMinusInsn', 'lrUndMinusInsn'] as const) {
    const value = expected[field];
    if (value !== undefined) findings.compare(`exception.${field}`, value, hex(got.returnOffset));
  }
}
