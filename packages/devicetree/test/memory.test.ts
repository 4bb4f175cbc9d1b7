import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DeviceTreeError, readDtb } from '@trapline/devicetree';
import { expect, test } from 'vitest';
import { BlobBuilder } from './blob.js';
import { fixture } from './trees.js';

/**
 * The bound on hostile blobs of 8 KiB: all that is allocated on the heap while one is read, garbage
 * included. (What a read leaves behind is less.)
 */
const MAX_EXPANSION = 16;
const SIZE = 8192;
/** Reads between two looks at the heap: few enough that nothing is collected meanwhile. */
const READS = 4;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The shortest names there are, in order. */
function shortName(i: number): string {
  const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  return `${digits[Math.floor(i / 3844) % 62]}${digits[Math.floor(i / 62) % 62]}${digits[i % 62]}`;
}

function fill(builder: BlobBuilder, reserve: number, add: (i: number) => void): void {
  for (let i = 0; builder.structSize + builder.strings.length < SIZE - 100 - reserve; i++) add(i);
}

const hostile: Record<string, () => Uint8Array> = {
  'sibling nodes of three characters': () => {
    const builder = new BlobBuilder().begin('');
    fill(builder, 0, (i) => builder.begin(shortName(i)).end());
    return builder.end().finish();
  },
  'chains of nodes as deep as they may be': () => {
    const builder = new BlobBuilder().begin('');
    fill(builder, 900, (i) => {
      builder.begin(shortName(i));
      for (let depth = 0; depth < 61; depth++) builder.begin('a');
      for (let depth = 0; depth < 62; depth++) builder.end();
    });
    return builder.end().finish();
  },
  'pairs of nodes': () => {
    const builder = new BlobBuilder().begin('');
    fill(builder, 0, (i) => builder.begin(shortName(i)).begin('a').end().begin('b').end().end());
    return builder.end().finish();
  },
  'nodes with one empty property': () => {
    const builder = new BlobBuilder().begin('');
    fill(builder, 0, (i) => builder.begin(shortName(i)).property('a').end());
    return builder.end().finish();
  },
  'empty properties with short names': () => {
    const builder = new BlobBuilder().begin('');
    fill(builder, 0, (i) => builder.property(shortName(i)));
    return builder.end().finish();
  },
  'properties whose names are tails of one long name': () => {
    const builder = new BlobBuilder().begin('');
    builder.strings = `${'x'.repeat(255)}\0`;
    for (let i = 0; i < 250; i++) builder.propertyAt(i);
    return builder.end().finish();
  },
  'reservations only': () => {
    const builder = new BlobBuilder().begin('').end();
    builder.reservations = Array.from({ length: 500 }, (_, i) => [BigInt(i + 1) << 40n, 1n << 50n] as const);
    return builder.finish();
  },
};

const named = ['qemu-virt-gicv2.dtb', 'xen-4.17-dom0.dtb', 'tfa-default-handed-to-bl33.dtb'].map(
  (name) => [name, () => fixture(name)] as const,
);

test.each([...Object.entries(hostile), ...named])(
  `%s take at most ${MAX_EXPANSION} times the blob in memory`,
  (_, make) => {
    const blob = make();
    const read = (): unknown => {
      try {
        return readDtb(blob);
      } catch (error) {
        if (error instanceof DeviceTreeError) return error;
        throw error;
      }
    };
    for (let i = 0; i < 2000; i++) read();
    // The compiler and the collector work beside the reads and can only disturb a sample: the least one counts.
    const samples = Array.from({ length: 9 }, () => {
      collect();
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < READS; i++) read();
      return (process.memoryUsage().heapUsed - before) / READS;
    });
    const taken = Math.min(...samples.filter((sample) => sample > 0));
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThanOrEqual(MAX_EXPANSION * blob.length);
  },
);
