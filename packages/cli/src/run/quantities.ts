import * as v from 'valibot';

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** A number of bytes: `536870912`, `0x20000000` or `512 MiB`. */
export const byteCount: v.GenericSchema<unknown, number> = v.pipe(
  v.unknown(),
  v.transform((input) => (typeof input === 'string' ? bytesOf(input) : input)),
  v.number('write a number of bytes (536870912, 0x20000000) or one with B, KiB, MiB, GiB or TiB (512 MiB)'),
  v.safeInteger('write a whole number of bytes below 2^53'),
  v.minValue(1, 'write at least one byte'),
);

/** A guest-physical address. */
export const address: v.GenericSchema<unknown, number> = v.pipe(
  v.number('write an address as a number (0x40000000)'),
  v.safeInteger('write a whole address below 2^53'),
  v.minValue(0, 'write an address from 0'),
);

/** An unsigned 32-bit value. */
export const word32: v.GenericSchema<unknown, number> = v.pipe(
  v.number('write a 32-bit number (0x410fd083)'),
  v.integer('write a whole number'),
  v.minValue(0, 'write a number from 0'),
  v.maxValue(0xffff_ffff, 'write a number of at most 32 bits'),
);

function bytesOf(text: string): number | string {
  const match = /^(\d+)\s*(B|KiB|MiB|GiB|TiB)$/.exec(text.trim());
  return match === null ? text : Number(match[1]) * (UNITS[match[2] as string] as number);
}
