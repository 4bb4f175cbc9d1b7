import { SYS, type Vcpu } from '@trapline/trap-bus';
import { describe, expect, it } from 'vitest';
import { domU, FREE, HOLE, type Party, RAM, RAM_PAGES } from './rig.js';
import { DOMID_SELF, memoryStructures } from './structures.js';

/** Tables of 4 KiB pages for both ranges of 48 bits, in the first pages after {@link FREE}. */
const TABLES = FREE + 16;
const LOWER = 0x12_3456_7000n;
const UPPER = 0xffff_8000_0000_0000n;
const READ_ONLY = 0x80n;
const VALID_PAGE = 0x403n;

/** Translates four pages from LOWER and from UPPER on: to the frames given, with bits of the descriptor. */
function withMmu(a: Party, pages: readonly (readonly [frame: number, bits?: bigint])[]): void {
  const table = (n: number) => BigInt((TABLES + n) * 4096);
  const entry = (frame: number, index: number | bigint, value: bigint) =>
    a.put(frame * 4096 + Number(index) * 8, new Uint8Array(BigUint64Array.of(value).buffer));
  const at = (address: bigint, shift: bigint) => (address >> shift) & 511n;
  [LOWER, UPPER].forEach((start, i) => {
    // Roots are tables 0 and 1; then each range has three tables of its own.
    const below = 2 + 3 * i;
    entry(TABLES + i, at(start, 39n), table(below) | 3n);
    entry(TABLES + below, at(start, 30n), table(below + 1) | 3n);
    entry(TABLES + below + 1, at(start, 21n), table(below + 2) | 3n);
    pages.forEach(([frame, bits = 0n], page) => {
      entry(TABLES + below + 2, at(start, 12n) + BigInt(page), BigInt(frame * 4096) | VALID_PAGE | bits);
    });
  });
  const vcpu = a.guest.vcpus[0] as Vcpu;
  vcpu.system[SYS.TTBR0_EL1] = table(0);
  vcpu.system[SYS.TTBR1_EL1] = table(1);
  // T0SZ and T1SZ 16; TG0 and TG1 4 KiB; IPS 48 bits.
  vcpu.system[SYS.TCR_EL1] = 16n | (16n << 16n) | (2n << 30n) | (5n << 32n);
  vcpu.sctlr = 1;
}

const domid = new Uint8Array(Uint16Array.of(DOMID_SELF).buffer);

describe('a pointer of a guest with its MMU on', () => {
  it('is translated, in both halves of the address space', () => {
    const a = domU();
    a.put((FREE + 2) * 4096 + 0x10, domid);
    withMmu(a, [[FREE + 2]]);
    expect(a.op(3, LOWER + 0x10n)).toBe(RAM_PAGES);
    expect(a.op(3, UPPER + 0x10n)).toBe(RAM_PAGES);
    expect(a.op(3, RAM)).toBe(-14);
    expect(a.op(3, UPPER - 0x10n)).toBe(-14);
    expect(a.op(3, 2n ** 64n - 1n)).toBe(-14);
    expect(a.op(3, 0x00ff_8000_0000_0000n)).toBe(-14);
  });

  it('may lead over pages that are not neighbours', () => {
    const a = domU();
    const { structure } = memoryStructures('addToPhysmap');
    const bytes = structure?.encode({ domid: DOMID_SELF, space: 0, idx: 0n, gpfn: HOLE } as never) as Uint8Array;
    a.put((FREE + 3) * 4096 + 4096 - 11, bytes.subarray(0, 11));
    a.put((FREE + 1) * 4096, bytes.subarray(11));
    withMmu(a, [[FREE + 3], [FREE + 1]]);
    expect(a.op(7, LOWER + 4085n)).toBe(0);
    expect(a.see(HOLE)).toBe(0);
    expect(a.op(7, LOWER + 4085n + 4096n)).toBe(-14);
  });

  it('is no place to write to where stage 1 permits reading alone', () => {
    const a = domU();
    withMmu(a, [[FREE + 2, READ_ONLY], [FREE + 3]]);
    expect(a.op(27, LOWER)).toBe(-14);
    expect(a.op(27, LOWER + 4096n)).toBe(0);
    // What is written before the page that cannot be is written.
    a.put((FREE + 3) * 4096, Uint8Array.of(0, 0, 0, 0, 9));
    withMmu(a, [[FREE + 3], [FREE + 2, READ_ONLY]]);
    expect(a.op(27, LOWER + 4096n - 8n)).toBe(-14);
  });

  it('leads nowhere where its page was given back', () => {
    const a = domU();
    a.put((FREE + 2) * 4096, domid);
    a.decrease(FREE + 3);
    withMmu(a, [[FREE + 2], [FREE + 3]]);
    expect([a.op(3, LOWER), a.op(3, LOWER + 4096n), a.op(3, LOWER + 4095n)]).toEqual([RAM_PAGES - 1, -14, -14]);
  });
});

describe('an operand without an MMU', () => {
  it('may end exactly where memory ends', () => {
    const a = domU();
    const end = RAM + RAM_PAGES * 4096;
    a.put(end - 2, domid);
    expect([a.op(3, end - 2), a.op(3, end - 1), a.op(3, end)]).toEqual([RAM_PAGES, -14, -14]);
    for (const pointer of [2n ** 63n, 2n ** 64n - 2n, 2n ** 53n, 2n ** 48n]) expect(a.op(3, pointer)).toBe(-14);
  });
});
