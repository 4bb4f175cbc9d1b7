import { CompositionError, PC } from '@trapline/core';
import { readKernel } from '../board/linux-image.js';
import { type BoardPlan, RAM_BASE } from '../board/plan.js';
import type { BootRegisters } from '../bridge/bridge.js';

/** A file as it is put into memory. */
export interface Placed {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Guest-physical. */
  readonly at: number;
}

/** What a machine is to run. */
export interface Payload {
  /** A Linux kernel, placed as its header asks: an arm64 `Image` or an arm `zImage`. */
  readonly kernel?: Uint8Array;
  /** Its initial file system, or what an image takes as one. */
  readonly initrd?: Uint8Array;
  /** Files at addresses; without a kernel the first is what the machine begins with. */
  readonly images?: readonly Placed[];
}

/** A payload with everything placed. */
export interface PlacedPayload {
  readonly state: 'a64' | 'a32';
  readonly entry: number;
  readonly files: readonly Placed[];
  readonly initrd: { readonly start: number; readonly end: number } | undefined;
  /** Where the device tree's blob goes. */
  readonly tree: number;
}

const GRAIN = 0x20_0000;
/** Bytes that are kept for the device tree's blob. */
export const TREE_BYTES = GRAIN;
/** How far above RAM's beginning an image in RAM finds the tree, or half of RAM where that is less: as QEMU places it. */
const TREE_BEHIND: number = 128 * 2 ** 20;
/** Where a zImage is put: far enough from where it unpacks itself, within reach of its first tables. */
const ZIMAGE_AT: number = RAM_BASE + 0x200_0000;
const ZIMAGE_REST: number = RAM_BASE + 0x800_0000;

/**
 * Decides where everything lies: the kernel near RAM's beginning, initial file system and device tree behind it;
 * images where they are asked to be. Firmware below RAM finds the tree at RAM's beginning, an image in RAM behind it.
 *
 * Throws `CompositionError` for what does not fit, overlaps, or is no kernel.
 */
export function placePayload(plan: BoardPlan, payload: Payload): PlacedPayload {
  const files: Placed[] = [...(payload.images ?? [])];
  const placed =
    payload.kernel === undefined ? placeImages(plan, payload, files) : placeKernel(payload.kernel, payload, files);
  const tree: Placed = { name: 'the device tree', bytes: new Uint8Array(TREE_BYTES), at: placed.tree };
  checkPlaces(plan, [...files, tree]);
  return { ...placed, files };
}

/** What the first CPU begins with, as boot protocols have it: the tree's address in X0, or in R2 beside a machine number of none. */
export function bootRegisters({ state, entry, tree }: PlacedPayload): BootRegisters {
  if (state === 'a64')
    return [
      [0, tree],
      [PC, entry],
    ];
  return [
    [0, 0],
    [1, 0xffff_ffff],
    [2, tree],
    [PC, entry],
  ];
}

function placeImages(
  { memory }: BoardPlan,
  { images, initrd }: Payload,
  files: Placed[],
): Omit<PlacedPayload, 'files'> {
  const first = images?.[0];
  if (first === undefined) throw new CompositionError('nothing to run', 'give a kernel or an image');
  const behind = Math.max(up(first.at + first.bytes.length), up(RAM_BASE + Math.min(memory.size / 2, TREE_BEHIND)));
  const tree = first.at < RAM_BASE ? RAM_BASE : behind;
  return { state: 'a64', entry: first.at, initrd: placeInitrd(initrd, tree + TREE_BYTES, files), tree };
}

function placeKernel(bytes: Uint8Array, { initrd }: Payload, files: Placed[]): Omit<PlacedPayload, 'files'> {
  const kernel = readKernel(bytes);
  if (kernel === undefined) {
    throw new CompositionError(
      'the kernel is neither an arm64 Image nor an arm zImage',
      'unpack it if it is compressed, or place it as an image',
    );
  }
  const wide = kernel.state === 'a64';
  const at = wide ? RAM_BASE + GRAIN + kernel.textOffset : ZIMAGE_AT;
  files.push({ name: 'the kernel', bytes, at });
  const next = wide ? up(at + kernel.size) : ZIMAGE_REST;
  const range = placeInitrd(initrd, next, files);
  return { state: kernel.state, entry: at, initrd: range, tree: range === undefined ? next : up(range.end) };
}

function placeInitrd(bytes: Uint8Array | undefined, at: number, files: Placed[]): PlacedPayload['initrd'] {
  if (bytes === undefined) return undefined;
  files.push({ name: 'the initrd', bytes, at });
  return { start: at, end: at + bytes.length };
}

function up(address: number): number {
  return Math.ceil(address / GRAIN) * GRAIN;
}

function checkPlaces({ windows }: BoardPlan, files: readonly Placed[]): void {
  for (const [i, { name, at, bytes }] of files.entries()) {
    const end = at + bytes.length;
    if (!windows.some(({ base, size }) => at >= base && end <= base + size)) {
      throw new CompositionError(
        `${name}, ${bytes.length} bytes at 0x${at.toString(16)}, does not lie in memory`,
        'place it elsewhere, or give the machine more RAM',
      );
    }
    const other = files.slice(0, i).find((one) => at < one.at + one.bytes.length && one.at < end);
    if (other === undefined) continue;
    throw new CompositionError(`${name} and ${other.name} overlap at 0x${at.toString(16)}`, 'move one of them');
  }
}
