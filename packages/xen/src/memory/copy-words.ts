/**
 * Copies words, the first one first. Four in a turn: the engine looks at both arrays anew in every turn of a loop, which
 * takes longer than a word.
 */
export function copyWords(target: Uint32Array, at: number, source: Uint32Array, from: number, count: number): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const to = at + i;
    const next = from + i;
    target[to] = source[next] as number;
    target[to + 1] = source[next + 1] as number;
    target[to + 2] = source[next + 2] as number;
    target[to + 3] = source[next + 3] as number;
  }
  for (; i < count; i++) target[at + i] = source[from + i] as number;
}
