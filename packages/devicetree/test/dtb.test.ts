import {
  DeviceTreeError,
  type DeviceTreeReason,
  MAX_BLOB_SIZE,
  MAX_DEPTH,
  MAX_NAME_LENGTH,
  MAX_RESERVATIONS,
  readDtb,
  readDts,
  readFdtHeader,
  writeDtb,
  writeDts,
} from '@trapline/devicetree';
import { describe, expect, test } from 'vitest';
import { BlobBuilder } from './blob.js';
import { dtc, needsDtc, withoutDtc } from './dtc.js';
import { allTrees, fixture, inOrder } from './trees.js';

function refusal(run: () => unknown): DeviceTreeError {
  try {
    run();
  } catch (error) {
    if (error instanceof DeviceTreeError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

function changed(blob: Uint8Array, at: number, value: number): Uint8Array {
  const copy = blob.slice();
  new DataView(copy.buffer).setUint32(at, value);
  return copy;
}

/** A source does not say which CPU boots, so compilers guess. */
function withoutBootCpu(blob: Uint8Array): Uint8Array {
  return changed(blob, 28, 0);
}

const small = (): Uint8Array => new BlobBuilder().begin('').property('a', [1]).begin('b').end().end().finish();

describe.each(allTrees())('$name', ({ blob }) => {
  test('comes out byte for byte when nothing was changed', () => {
    expect(Buffer.compare(writeDtb(readDtb(blob)), blob)).toBe(0);
  });

  test.skipIf(withoutDtc)(`written anew is what dtc writes${needsDtc}`, () => {
    const written = writeDtb(readDtb(blob), { canonical: true });
    expect(Buffer.compare(written, dtc(blob, 'dtb', 'dtb', '-f'))).toBe(0);
  });

  test.skipIf(withoutDtc)(`our source is compiled by dtc and by us to what dtc makes of the blob${needsDtc}`, () => {
    const source = writeDts(readDtb(blob));
    const expected = withoutBootCpu(dtc(blob, 'dtb', 'dtb', '-f'));
    expect(Buffer.compare(withoutBootCpu(dtc(source, 'dts', 'dtb')), expected)).toBe(0);
    expect(Buffer.compare(withoutBootCpu(writeDtb(readDts(source))), expected)).toBe(0);
  });

  test.skipIf(withoutDtc)(`dtc's source is compiled by us to what dtc makes of it${needsDtc}`, () => {
    const source = dtc(blob, 'dtb', 'dts', '-f');
    const ours = writeDtb(readDts(new TextDecoder().decode(source)));
    expect(Buffer.compare(ours, dtc(source, 'dts', 'dtb'))).toBe(0);
  });
});

test('padding inside and bytes after the blob survive while nothing is changed, and go with the first edit', () => {
  const blob = fixture('qemu-virt-default.dtb');
  const padded = writeDtb(readDtb(blob), { size: 1 << 20 });
  expect(padded.length).toBe(1 << 20);
  const withTail = new Uint8Array(padded.length + 5).fill(0xaa);
  withTail.set(padded);
  const tree = readDtb(withTail);
  expect(Buffer.compare(writeDtb(tree), withTail)).toBe(0);
  tree.root.set('model', 'changed');
  expect(tree.image).toBeUndefined();
  expect(writeDtb(tree).length).toBeLessThan(blob.length + 100);
});

test('later changes of the bytes that were given do not reach the tree', () => {
  const blob = small();
  const tree = readDtb(blob);
  blob.fill(0);
  expect(tree.root.bytes('a')).toEqual(Uint8Array.of(1));
});

test('a node Buffer or a view into a larger memory is read like any bytes', () => {
  const memory = new Uint8Array(4096);
  memory.set(small(), 128);
  expect(readDtb(Buffer.from(memory.buffer, 128, small().length)).root.has('a')).toBe(true);
  expect(readDtb(memory.subarray(128)).root.has('a')).toBe(true);
});

test('NOPs anywhere are skipped and kept', () => {
  const builder = new BlobBuilder().token(4).begin('').token(4).property('a', [1, 2, 3]).token(4);
  const blob = builder.begin('b').token(4).end().token(4).end().token(4).finish();
  const tree = readDtb(blob);
  expect(inOrder(tree)).toEqual({
    reservations: [],
    root: {
      name: '',
      properties: [['a', '010203']],
      children: [{ name: 'b', properties: [], children: [] }],
    },
  });
  expect(writeDtb(tree)).toEqual(blob);
  expect(writeDtb(tree, { canonical: true }).length).toBe(blob.length - 7 * 4 + 4);
});

test('reservations and the boot CPU are read, can be set, and are written', () => {
  const builder = new BlobBuilder().begin('').end();
  builder.reservations = [[0x1_0000_0000n, 0x1000n]];
  const tree = readDtb(changed(builder.finish(), 28, 0x80000001));
  expect(tree.reservations).toEqual([{ address: 0x1_0000_0000n, size: 0x1000n }]);
  expect(tree.bootCpu).toBe(0x80000001);
  tree.reservations = [...tree.reservations, { address: 8n, size: 0xffff_ffff_ffff_ffffn }];
  tree.bootCpu = 7;
  const again = readDtb(writeDtb(tree, { spareReservations: 2, padding: 16 }));
  expect(again.reservations).toEqual(tree.reservations);
  expect(again.bootCpu).toBe(7);
});

test('version 16, which does not say the size of its structure, is read and kept', () => {
  const builder = new BlobBuilder().begin('').property('compatible', [0x61, 0]).end();
  builder.version = 16;
  const blob = builder.finish();
  const tree = readDtb(blob);
  expect(tree.root.compatible).toEqual(['a']);
  expect(writeDtb(tree)).toEqual(blob);
  expect(readFdtHeader(writeDtb(tree, { canonical: true })).version).toBe(17);
});

test('a newer version that says it is compatible with 17 is read as 17', () => {
  expect(readDtb(changed(small(), 20, 18)).root.has('a')).toBe(true);
});

test('properties after subnodes are read, as dtc reads them, and still must be unique', () => {
  const late = new BlobBuilder().begin('').begin('b').property('a').end().property('a').end().finish();
  expect(readDtb(late).root.properties.map(({ name }) => name)).toEqual(['a']);
  const twice = new BlobBuilder().begin('').property('a').begin('b').property('a').end().property('a').end().finish();
  expect(refusal(() => readDtb(twice)).reason).toBe('duplicate-name');
});

const deep = (depth: number): Uint8Array => {
  const builder = new BlobBuilder().begin('');
  for (let i = 1; i < depth; i++) builder.begin('n');
  for (let i = 0; i < depth; i++) builder.end();
  return builder.finish();
};

const named = (name: string): Uint8Array => new BlobBuilder().begin('').begin(name).end().end().finish();

const siblings = (names: readonly string[]): Uint8Array => {
  const builder = new BlobBuilder().begin('');
  for (const name of names) builder.begin(name).end();
  return builder.end().finish();
};

const strings = (text: string, ...offsets: number[]): Uint8Array => {
  const builder = new BlobBuilder().begin('');
  builder.strings = text;
  for (const offset of offsets) builder.propertyAt(offset);
  return builder.end().finish();
};

/** Has its reservations last, with no room for the pair of zeros that ends them. */
const endlessReservations = (): Uint8Array => {
  const bytes = new Uint8Array(136);
  bytes.set(small());
  return changed(changed(bytes, 4, 136), 16, 128);
};

const reservations = (count: number): Uint8Array => {
  const builder = new BlobBuilder().begin('').end();
  builder.reservations = Array.from({ length: count }, () => [1n, 1n] as const);
  return builder.finish();
};

const many = Array.from({ length: 40 }, (_, i) => `n${i}`);
const refused: [string, DeviceTreeReason, number | undefined, () => Uint8Array][] = [
  ['nothing', 'truncated', 0, () => new Uint8Array()],
  ['another magic', 'bad-magic', 0, () => changed(small(), 0, 0xedfe0dd0)],
  ['a header that is cut off', 'truncated', 20, () => small().subarray(0, 20)],
  ['a blob that is cut off', 'truncated', 60, () => small().subarray(0, 60)],
  ['a total size below the header', 'bad-header', 4, () => changed(small(), 4, 39)],
  ['a total size above the limit', 'limit', 4, () => changed(small(), 4, MAX_BLOB_SIZE + 1)],
  ['version 15', 'unsupported-version', 20, () => changed(small(), 20, 15)],
  ['a last compatible version above 17', 'unsupported-version', 20, () => changed(changed(small(), 20, 18), 24, 18)],
  [
    'a last compatible version above its own',
    'unsupported-version',
    20,
    () => changed(changed(small(), 20, 16), 24, 17),
  ],
  ['a structure block outside', 'bad-header', 8, () => changed(small(), 8, 0xfffffff0)],
  ['a structure block in the header', 'bad-header', 8, () => changed(small(), 8, 8)],
  ['a structure block longer than the blob', 'bad-header', 8, () => changed(small(), 36, 0xffffffff)],
  ['a misaligned structure block', 'misaligned', 8, () => changed(small(), 8, 57)],
  ['a strings block outside', 'bad-header', 12, () => changed(small(), 12, 0xffffffff)],
  ['a strings block longer than the blob', 'bad-header', 12, () => changed(small(), 32, 0x80000000)],
  ['a strings block in the structure block', 'overlap', 12, () => changed(small(), 12, 60)],
  ['misaligned reservations', 'misaligned', 16, () => changed(small(), 16, 44)],
  ['reservations in the structure block', 'overlap', 56, () => changed(small(), 16, 56)],
  ['reservations without an end', 'truncated', 128, () => endlessReservations()],
  ['more reservations than the limit', 'limit', 40 + MAX_RESERVATIONS * 16, () => reservations(MAX_RESERVATIONS + 1)],
  ['an unknown token', 'bad-token', 56, () => changed(small(), 56, 5)],
  ['a structure that does not end', 'truncated', undefined, () => changed(small(), 36, 40)],
  ['a value longer than the block', 'truncated', 68, () => changed(small(), 68, 0x7fffffff)],
  ['a value of nearly 2^32 bytes', 'truncated', 68, () => changed(small(), 68, 0xfffffffd)],
  ['FDT_END in a node', 'bad-structure', 64, () => changed(small(), 64, 9)],
  ['no node at all', 'bad-structure', 56, () => new BlobBuilder().finish()],
  ['two roots', 'bad-structure', 68, () => new BlobBuilder().begin('').end().begin('').end().finish()],
  ['an end without a node', 'bad-structure', 56, () => new BlobBuilder().end().finish()],
  ['a property outside of nodes', 'bad-structure', 56, () => new BlobBuilder().property('a').finish()],
  ['a root with a name', 'bad-name', 60, () => new BlobBuilder().begin('x').end().finish()],
  ['a node without a name', 'bad-name', 68, () => named('')],
  ['a space in a node name', 'bad-name', 69, () => named('a b')],
  ['a number sign in a node name', 'bad-name', 68, () => named('#a')],
  ['two unit addresses', 'bad-name', 71, () => named('a@1@2')],
  ['a node name without an end', 'bad-string', 68, () => changed(changed(named('abc'), 36, 16), 68, 0x61626364)],
  ['a node name above the limit', 'limit', 68, () => named('n'.repeat(MAX_NAME_LENGTH + 1))],
  ['nodes deeper than the limit', 'limit', 56 + MAX_DEPTH * 8, () => deep(MAX_DEPTH + 1)],
  ['a property name outside the strings', 'bad-string', 72, () => strings('a\0', 2)],
  ['a property name without an end', 'bad-string', undefined, () => strings('a', 0)],
  ['a property name without characters', 'bad-name', undefined, () => strings('\0', 0)],
  ['a slash in a property name', 'bad-name', undefined, () => strings('a/b\0', 0)],
  ['a property name above the limit', 'limit', undefined, () => strings(`${'p'.repeat(MAX_NAME_LENGTH + 1)}\0`, 0)],
  [
    'names that multiply the strings block',
    'limit',
    undefined,
    () => strings(`${'p'.repeat(200)}\0`, ...Array.from({ length: 100 }, (_, i) => i)),
  ],
  ['a property twice', 'duplicate-name', undefined, () => strings('a\0', 0, 0)],
  ['a property twice from two strings', 'duplicate-name', undefined, () => strings('a\0a\0', 0, 2)],
  ['a node twice', 'duplicate-name', undefined, () => siblings(['a', 'b', 'a'])],
  ['a node twice among many', 'duplicate-name', undefined, () => siblings([...many, 'n7'])],
];

test.each(refused)('%s is refused with %s', (_, reason, offset, make) => {
  const error = refusal(() => readDtb(make()));
  expect(error.reason).toBe(reason);
  if (offset !== undefined) expect(error.offset).toBe(offset);
  expect(error.message).toContain(`offset 0x${error.offset?.toString(16)}`);
});

test('as many nodes beside and below one another as the limits allow are read', () => {
  expect([...readDtb(deep(MAX_DEPTH)).nodes()].length).toBe(MAX_DEPTH);
  expect(readDtb(siblings(many)).root.children.length).toBe(many.length);
  expect(readDtb(reservations(MAX_RESERVATIONS)).reservations.length).toBe(MAX_RESERVATIONS);
  const longest = 'n'.repeat(MAX_NAME_LENGTH);
  expect(readDtb(named(longest)).node(`/${longest}`)?.name).toBe(longest);
});

test('a blob above the size limit is not written', () => {
  const tree = readDtb(small());
  expect(refusal(() => writeDtb(tree, { size: MAX_BLOB_SIZE + 1 })).reason).toBe('limit');
});
