import { addressOf, type GuestPhysical, type MemoryPort } from '@trapline/core';
import type { Hex, MemoryBytes, Tolerance } from '@trapline/recordings';
import { hex, hexOfBytes } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import { contentOf } from '../tap/memory-entries.js';
import { volatileByte } from './tolerance.js';

/** Differing bytes shown of one run. */
const SHOWN_BYTES = 32;

/** A recording's address as a number; NO_ADDRESS where no memory can be. */
export function physical(address: Hex): GuestPhysical {
  const value = BigInt(address);
  return addressOf(Number(value & 0xffff_ffffn), Number(value >> 32n)) as GuestPhysical;
}

/** Compares bytes of guest memory; each run of differing bytes is one finding, named by its first address. */
export function compareBytes(
  findings: Findings,
  memory: MemoryPort,
  expected: Omit<MemoryBytes, 'at'> & { readonly at?: string | undefined },
  tolerance: Tolerance,
): void {
  const wanted = contentOf(expected);
  const got = new Uint8Array(wanted.length);
  if (!memory.read(physical(expected.addr), got)) {
    findings.different(`mem:${expected.addr}`, shown(wanted), 'no memory there');
    return;
  }
  const differs = (i: number) => wanted[i] !== got[i] && !volatileByte(tolerance, expected.at, i);
  for (let from = 0; from < wanted.length; from++) {
    if (!differs(from)) continue;
    let to = from + 1;
    while (to < wanted.length && differs(to)) to++;
    const place = `mem:${hex(BigInt(expected.addr) + BigInt(from))}`;
    findings.different(place, shown(wanted.subarray(from, to)), shown(got.subarray(from, to)));
    from = to;
  }
}

/** Compares all operands of a step. */
export function compareOperands(
  findings: Findings,
  memory: MemoryPort,
  operands: readonly MemoryBytes[] | undefined,
  tolerance: Tolerance,
): void {
  for (const operand of operands ?? []) {
    const { hex: digits, volatileBytes } = operand;
    if (digits === undefined) continue;
    const own = volatileBytes ? { ...tolerance, volatileBytes } : tolerance;
    compareBytes(findings, memory, operand, own);
  }
}

function shown(bytes: Uint8Array): string {
  const head = hexOfBytes(bytes.subarray(0, SHOWN_BYTES));
  return bytes.length > SHOWN_BYTES ? `${head}… (${bytes.length} bytes)` : head;
}
