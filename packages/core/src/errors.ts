/** A wrong composition: says what is wrong, where, and what to do. Thrown when a machine is built, never by a call. */
export class CompositionError extends Error {
  override readonly name = 'CompositionError';
  readonly problem: string;
  readonly remedy: string;

  constructor(problem: string, remedy: string) {
    super(`${problem}: ${remedy}`);
    this.problem = problem;
    this.remedy = remedy;
  }
}
