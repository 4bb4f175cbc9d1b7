/**
 * Copies a call's arguments from the caller's registers into {@link Call.w}. `highs` is all ones for an AArch64 caller,
 * zero for an AArch32 one, whose registers have no high halves.
 */
export type CopyArguments = (to: Uint32Array, from: Uint32Array, highs: number) => void;

/**
 * The function that copies `count` arguments from register `first` on, chosen once per call shape. Where `wide` is
 * false the high halves are cleared. Undefined for a call without arguments.
 */
export function argumentCopier(first: number, count: number, wide: boolean): CopyArguments | undefined {
  if (count === 0) return undefined;
  const mask = wide ? -1 : 0;
  const f = 2 * first;
  switch (count) {
    case 1:
      return (to, from, highs) => {
        to[0] = from[f] as number;
        to[1] = (from[f + 1] as number) & highs & mask;
      };
    case 2:
      return (to, from, highs) => {
        const high = highs & mask;
        to[0] = from[f] as number;
        to[1] = (from[f + 1] as number) & high;
        to[2] = from[f + 2] as number;
        to[3] = (from[f + 3] as number) & high;
      };
    case 3:
      return (to, from, highs) => {
        const high = highs & mask;
        to[0] = from[f] as number;
        to[1] = (from[f + 1] as number) & high;
        to[2] = from[f + 2] as number;
        to[3] = (from[f + 3] as number) & high;
        to[4] = from[f + 4] as number;
        to[5] = (from[f + 5] as number) & high;
      };
    default:
      return (to, from, highs) => {
        const high = highs & mask;
        for (let i = 0; i < 2 * count; i += 2) {
          to[i] = from[f + i] as number;
          to[i + 1] = (from[f + i + 1] as number) & high;
        }
      };
  }
}
