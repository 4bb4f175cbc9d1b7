/** One register to be filled from another. */
export interface Move {
  readonly to: number;
  readonly from: number;
  readonly bits: 32 | 64;
}

/**
 * Orders moves that mean to happen at once, so that nothing is overwritten before it is read; a cycle goes over `spare`,
 * which no move names. A move to itself stays only where it narrows to 32 bits of a 64-bit register.
 */
export function orderMoves(moves: readonly Move[], spare: number, narrows: boolean): readonly Move[] {
  const ordered: Move[] = [];
  let left = moves.filter(({ to, from, bits }) => to !== from || (narrows && bits === 32));
  while (left.length > 0) {
    const free = left.find((move) => !left.some((other) => other !== move && other.from === move.to));
    if (free) {
      ordered.push(free);
      left = left.filter((move) => move !== free);
      continue;
    }
    const [{ to }] = left as [Move];
    ordered.push({ to: spare, from: to, bits: 64 });
    left = left.map((move) => (move.from === to ? { ...move, from: spare } : move));
  }
  return ordered;
}
