/** A wrapper that cannot be made: says which one, why, and what to do. */
export class WrapperError extends Error {
  override readonly name = 'WrapperError';

  constructor(place: string, problem: string, remedy: string) {
    super(`${place}: ${problem}; ${remedy}`);
  }
}
