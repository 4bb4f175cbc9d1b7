/** A run that did not come to an end within its limit of steps; names the CPUs whose programs were not through. */
export class StepLimitError extends Error {
  override readonly name = 'StepLimitError';
  /** Numbers of the CPUs whose programs were not through. */
  readonly cpus: readonly number[];

  constructor(limit: number, unfinished: readonly { readonly cpu: number; readonly why: string }[]) {
    const list = unfinished.map(({ cpu, why }) => `cpu ${cpu} (${why})`).join(', ');
    super(`not through after ${limit} steps: ${list || 'no CPU has a program, alarms go on'}`);
    this.cpus = unfinished.map(({ cpu }) => cpu);
  }
}

/** A guest program threw: `cause` is what it threw, the message says on which CPU and at which step. */
export class GuestProgramError extends Error {
  override readonly name = 'GuestProgramError';
  readonly cpu: number;

  constructor(cpu: number, step: number, cause: unknown) {
    super(
      `the program of cpu ${cpu} threw at step ${step}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
    this.cpu = cpu;
  }
}

/** A world that does not behave the same way twice for the same choices: nothing about it can be explored. */
export class NondeterminismError extends Error {
  override readonly name = 'NondeterminismError';
}
