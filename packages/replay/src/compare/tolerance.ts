import type { Tolerance } from '@trapline/recordings';

const ALL = 0xffff_ffff_ffff_ffffn;

/** Bits of a register that vary from run to run. `rN` names the same register as `xN`. */
export function volatileBits(tolerance: Tolerance, register: string): bigint {
  const names = [register, register.replace(/^x/, 'r')];
  const name = names.find((spelling) => tolerance.volatile?.includes(spelling));
  if (name === undefined) return 0n;
  const mask = tolerance.volatileMask?.[name];
  return mask === undefined ? ALL : BigInt(mask);
}

/** Whether a byte of an operand varies: all of it by `mem:NAME`, or a range of its bytes. */
export function volatileByte(tolerance: Tolerance, operand: string | undefined, offset: number): boolean {
  if (tolerance.volatile?.includes(`mem:${operand}`) || tolerance.volatile?.includes('hex')) return true;
  return (tolerance.volatileBytes ?? []).some(({ at, from, to, count }) => {
    const end = to ?? from + (count ?? 0);
    return (at === undefined || at === operand) && offset >= from && offset < end;
  });
}
