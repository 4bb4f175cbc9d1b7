import type { Saved } from '@trapline/core';
import type { CpuInterfaces } from './gic-cpu-interface.js';
import { ANY_PE, LOWEST_PRIORITY, SPI_BASE } from './gic-limits.js';
import { SavedRecord } from './saved.js';

const FORMAT = 'trapline.gic/1';
const MAX_FLAGS = 31;

/** The tables of a GIC, by slot (targets: by shared interrupt). */
interface Tables {
  readonly flags: Uint8Array;
  readonly priorities: Uint8Array;
  readonly targets: Int32Array;
}

interface Shape {
  readonly pes: number;
  readonly end: number;
}

/** A GIC as plain data. Runs of the same value are saved once: most interrupts are as they were made. */
export function saveGic({ pes, end }: Shape, cpus: CpuInterfaces, { flags, priorities, targets }: Tables): Saved {
  return {
    format: FORMAT,
    pes,
    spis: end - SPI_BASE,
    masks: runs(Array.from({ length: pes }, (_, pe) => cpus.mask(pe))),
    active: runs(Array.from(cpus.active, (word) => word >>> 0)),
    flags: runs(flags),
    priorities: runs(priorities),
    targets: runs(targets),
  };
}

/** Checks everything first, so that a damaged file changes nothing. */
export function restoreGic(saved: Saved, { pes, end }: Shape, cpus: CpuInterfaces, tables: Tables): void {
  const record = SavedRecord.open(saved, FORMAT);
  const shared = end - SPI_BASE;
  if (record.integer('pes', 1, 0x1_0000) !== pes || record.integer('spis', 0, 988) !== shared) {
    throw record.error(`saved from a controller without ${pes} PEs and ${shared} shared interrupts`);
  }
  const slots = tables.flags.length;
  const masks = spread(record, 'masks', 0, LOWEST_PRIORITY, pes);
  const active = spread(record, 'active', 0, 0xffff_ffff, 8 * pes);
  const flags = spread(record, 'flags', 0, MAX_FLAGS, slots);
  const priorities = spread(record, 'priorities', 0, LOWEST_PRIORITY, slots);
  const targets = spread(record, 'targets', ANY_PE, pes - 1, shared);

  cpus.put(masks, active);
  tables.flags.set(flags);
  tables.priorities.set(priorities);
  tables.targets.set(targets);
}

/** [value, how often, …] */
function runs(values: ArrayLike<number>): number[] {
  const result: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const last = result.length - 2;
    if (last >= 0 && result[last] === values[i]) result[last + 1] = (result[last + 1] as number) + 1;
    else result.push(values[i] as number, 1);
  }
  return result;
}

function spread(record: SavedRecord, name: string, least: number, most: number, length: number): number[] {
  const pairs = record.integers(name, Math.min(least, 0), Math.max(most, length));
  const result: number[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const value = pairs[i] as number;
    const count = pairs[i + 1] ?? 0;
    if (value < least || value > most || count < 1 || count > length - result.length) break;
    for (let n = 0; n < count; n++) result.push(value);
  }
  if (result.length !== length) throw record.error(`${name}: not ${length} values from ${least} to ${most}`);
  return result;
}
