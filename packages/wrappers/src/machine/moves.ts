/** One register to be filled from another. */
export interface Move {
  readonly to: number;
  readonly from: number;
  readonly bits: 32 | 64;
}

/**
 * Orders moves that mean to happen at once, so that nothing is overwritten before it is read. Every register is the source
 * of one move at most, and the target of one.
 *
 * Cycles come first, over `spare`: no move reads it, and one that writes it is in no cycle and comes later. A move to
 * itself stays only where it narrows to 32 bits of a 64-bit register.
 */
export function orderMoves(moves: readonly Move[], spare: number, narrows: boolean): readonly Move[] {
  const all = moves.filter(({ to, from, bits }) => to !== from || (narrows && bits === 32));
  const ordered: Move[] = [];
  const done = new Set<Move>();
  for (const start of all) {
    const cycle = done.has(start) ? [] : cycleOf(start, all);
    if (cycle.length < 2) continue;
    // The first move's target is kept aside for the move that reads it, which is the last one.
    ordered.push({ to: spare, from: start.to, bits: 64 });
    for (const move of cycle) ordered.push(move.from === start.to ? { ...move, from: spare } : move);
    for (const move of cycle) done.add(move);
  }
  let left = all.filter((move) => !done.has(move));
  while (left.length > 0) {
    const free = left.find((move) => !left.some((other) => other !== move && other.from === move.to)) as Move;
    ordered.push(free);
    left = left.filter((move) => move !== free);
  }
  return ordered;
}

/** The moves of a cycle from one of them on, each before the one that overwrites its source; empty where it is in none. */
function cycleOf(start: Move, all: readonly Move[]): readonly Move[] {
  const cycle = [start];
  for (let move = start; ; ) {
    const next = all.find(({ to }) => to === move.from);
    if (next === undefined) return [];
    if (next === start) return cycle;
    cycle.push(next);
    move = next;
  }
}
