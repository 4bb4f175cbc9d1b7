import {
  DeviceTreeError,
  interrupts,
  readDtb,
  readDts,
  references,
  reg,
  translatedReg,
  writeDtb,
  writeDts,
} from '@trapline/devicetree';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixture } from './trees.js';

// Most blobs here are refused, and nobody reads where in the code.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

const NAMES = ['xen-4.17-domu-enhanced.dtb', 'qemu-sbsa-ref.dtb', 'qemu-virt-gicv2.dtb'];

/** Runs something that may refuse its input in the one way there is; anything else fails the test. */
function allowTyped<T>(what: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof DeviceTreeError) return undefined;
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  }
}

/** Reads a blob and everything in it; says whether it was accepted. */
function exercise(what: string, blob: Uint8Array, thorough: boolean): boolean {
  const tree = allowTyped(what, () => readDtb(blob));
  if (tree === undefined) return false;
  if (!thorough) return true;
  for (const node of tree.nodes()) {
    allowTyped(what, () => reg(node));
    allowTyped(what, () => translatedReg(node));
    allowTyped(what, () => interrupts(node));
    allowTyped(what, () => references(node, 'clocks', '#clock-cells'));
    allowTyped(what, () => [node.status, node.compatible, node.phandle, tree.node(node.path)]);
  }
  const written = writeDtb(tree, { canonical: true });
  // What DTS cannot say, such as a phandle that is there twice, is refused by the reader of the source.
  const again = allowTyped(what, () => writeDtb(readDts(writeDts(tree))));
  if (again !== undefined && Buffer.compare(again.subarray(32), written.subarray(32)) !== 0) {
    throw new Error(`${what}: DTS does not give the same tree`);
  }
  return true;
}

test.each(NAMES)('every truncation of %s is a typed error', (name) => {
  const blob = fixture(name);
  for (let length = 0; length < blob.length; length++) {
    expect(exercise(`${name} cut to ${length}`, blob.subarray(0, length), false)).toBe(false);
  }
});

test.each(NAMES)('every byte of %s with any bit flipped, 0x00 or 0xff gives a typed error or a whole tree', (name) => {
  const blob = fixture(name);
  let accepted = 0;
  for (let at = 0; at < blob.length; at++) {
    const original = blob[at] as number;
    const values = [0x00, 0xff, ...Array.from({ length: 8 }, (_, bit) => original ^ (1 << bit))];
    for (const [i, value] of values.entries()) {
      blob[at] = value;
      // Walking and printing costs a hundred times the reading, so one change of every other byte in turn goes all the way.
      if (exercise(`${name}[${at}] = ${value}`, blob, i === (at / 2) % values.length)) accepted++;
    }
    blob[at] = original;
  }
  expect(accepted).toBeGreaterThan(blob.length);
  expect(exercise(name, blob, true)).toBe(true);
});
