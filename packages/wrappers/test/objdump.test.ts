import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeInstructions, type LocatedDecoding, TARGETS, type Target } from '@trapline/wrappers';
import { describe, expect, it } from 'vitest';
import { binutils, link } from './binutils.js';
import { needs, run, scratch } from './tools.js';

const tools = needs('aarch64-linux-gnu-as', 'arm-linux-gnueabi-as');

const WORDS = 1_000_000;
/** Sequences that are decoded at once are no longer than this. */
const PIECE = 0x1_0000;

/** One word in so many is nearly a call instruction: random ones alone hardly ever are. */
const NEAR = 4;
const SEEDS = {
  a64: { calls: [0xd400_0002, 0xd400_0003], free: 0x001f_ffe0 },
  a32: { calls: [0xe140_0070, 0xe160_0070], free: 0xf00f_ff0f },
  t32: { calls: [0xf7e0_8000, 0xf7f0_8000], free: 0x000f_0fff },
} as const;

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

/**
 * Words at random (T32: two halfwords, which are one instruction or two, or parts of them), and many that have the fixed
 * bits of a call with all others at random; some of those with one fixed bit wrong.
 */
function wordsFor(target: Target): Uint32Array {
  const random = randomWords();
  const { calls, free } = SEEDS[target.set];
  return Uint32Array.from({ length: WORDS }, (_, i) => {
    const any = random();
    if (i % NEAR !== 0) return any;
    const call = (calls[(i / NEAR) % 2] as number) ^ (any & free);
    return i % (4 * NEAR) === 0 ? call ^ (1 << (random() % 32)) : call;
  });
}

/** The words as bytes in the order that `as` gives code: `ld --be8` swaps it afterwards. */
function objectBytes(words: Uint32Array, target: Target): Uint8Array {
  const little = target.set === 'a64' || target.data === 'little';
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    if (target.set !== 't32') view.setUint32(4 * i, word, little);
    else {
      view.setUint16(4 * i, word >>> 16, little);
      view.setUint16(4 * i + 2, word, little);
    }
  });
  return bytes;
}

/** A line of a call: conduit, condition (`<und>` after an ill-formed IT), immediate. */
const LINE = /^\t(hvc|smc)([a-z]{2}|<und>)?(?:\.w)?\t#?(0x[0-9a-f]+|\d+)/gm;

describe.skipIf(tools.skip)(`GNU objdump${tools.why}`, () => {
  it.each(Object.values(TARGETS))('sees the same calls in a million words: $title', (target) => {
    const folder = scratch();
    const words = wordsFor(target);
    writeFileSync(join(folder, 'words'), objectBytes(words, target));
    const set = target.set === 'a64' ? '' : `.syntax unified\n.${target.set === 't32' ? 'thumb' : 'arm'}\n`;
    const elf = link(`.text\n${set}nop\n`, target, folder, join(folder, 'words'));
    const { prefix } = binutils(target);
    const flat = join(folder, 'flat');
    run(`${prefix}-objcopy`, ['-O', 'binary', '-j', '.text', elf, flat]);
    const bytes = new Uint8Array(readFileSync(flat));

    const listing = run(`${prefix}-objdump`, ['-d', '-z', '-w', '--no-addresses', '--no-show-raw-insn', elf]);
    const theirs = Array.from(listing.matchAll(LINE), ([, conduit, condition, immediate]) => {
      // SMC has four bits; objdump adds those that should be zero on top. In T32 the condition is an IT block's.
      const number = Number(immediate) & (conduit === 'smc' && target.set !== 'a64' ? 0xf : 0xffff);
      return `${conduit} ${target.set === 't32' ? 'al' : (condition ?? 'al')} ${number}`;
    });

    const ours: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      const piece = decodeInstructions(bytes.subarray(at, at + PIECE), target);
      for (const { decoding } of piece) {
        if (decoding.kind === 'call') ours.push(`${decoding.conduit} ${decoding.condition} ${decoding.immediate}`);
      }
      // What a piece cuts in two is read again with the next one; the file itself ends with a whole instruction or a half.
      const { offset, decoding } = piece.at(-1) as LocatedDecoding;
      at += offset + decoding.length || bytes.length;
    }

    expect(ours.length).toBeGreaterThan(WORDS / (4 * NEAR));
    const same = ours.join('\n') === theirs.join('\n');
    const first = ours.findIndex((line, i) => line !== theirs[i]);
    expect(same ? [] : [ours.slice(first, first + 5), theirs.slice(first, first + 5)]).toEqual([]);
  });
});
