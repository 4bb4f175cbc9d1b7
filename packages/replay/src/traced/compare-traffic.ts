import type { InterruptDrive, MemoryBytes } from '@trapline/recordings';
import { physical } from '../compare/memory.js';
import { hex, hexOfBytes } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import { ByteMap } from '../tap/byte-map.js';
import { contentOf } from '../tap/memory-entries.js';

/** Differing bytes shown of one run. */
const SHOWN_BYTES = 32;

/** Compares everything that was written in a step: no byte less, none more, none other. */
export function compareWritten(findings: Findings, memOut: readonly MemoryBytes[] | undefined, got: ByteMap): void {
  const expected = new ByteMap();
  for (const entry of memOut ?? []) {
    const address = physical(entry.addr);
    if (address >= 0) expected.put(address, contentOf(entry));
  }
  if (expected.equals(got)) return;
  const found = [...missing(expected, got), ...changed(expected, got), ...missing(got, expected)];
  for (const range of found.sort((a, b) => a.address - b.address)) report(findings, range, expected, got);
}

/** Compares the interrupt lines that were driven, in their order. */
export function compareDriven(
  findings: Findings,
  expected: readonly InterruptDrive[] | undefined,
  got: readonly InterruptDrive[],
): void {
  findings.compare('interrupts', wordsOf(expected ?? []), wordsOf(got));
}

interface Range {
  readonly address: number;
  readonly length: number;
}

/** Ranges that both maps have, one otherwise than the other. */
function changed(map: ByteMap, other: ByteMap): Generator<Range> {
  return ranges(map, (address, byte) => (other.at(address) ?? byte) !== byte);
}

/** Ranges of one map that the other does not have. */
function missing(map: ByteMap, other: ByteMap): Generator<Range> {
  return ranges(map, (address) => other.at(address) === undefined);
}

function* ranges(map: ByteMap, counts: (address: number, byte: number) => boolean): Generator<Range> {
  for (const { address, bytes } of map.runs()) {
    for (let i = 0; i < bytes.length; i++) {
      const from = i;
      while (i < bytes.length && counts(address + i, bytes[i] as number)) i++;
      if (i > from) yield { address: address + from, length: i - from };
    }
  }
}

function report(findings: Findings, { address, length }: Range, expected: ByteMap, got: ByteMap): void {
  const shown = (map: ByteMap): string => shownOf(map, address, length);
  findings.different(`mem:${hex(BigInt(address))}`, shown(expected), shown(got));
}

function shownOf(map: ByteMap, address: number, length: number): string {
  const bytes: number[] = [];
  for (let i = 0; i < Math.min(length, SHOWN_BYTES); i++) {
    const byte = map.at(address + i);
    if (byte === undefined) return 'not written';
    bytes.push(byte);
  }
  const head = hexOfBytes(Uint8Array.from(bytes));
  return length > SHOWN_BYTES ? `${head}… (${length} bytes)` : head;
}

function wordsOf(drives: readonly InterruptDrive[]): string {
  return drives.map(({ cpu, intid, change }) => `${intid} of CPU ${cpu} ${change}`).join(', ') || 'none';
}
