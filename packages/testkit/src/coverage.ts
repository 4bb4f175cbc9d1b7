import { type CallDeclaration, type Caller, type Interface, isStatus, type Outcome } from '@trapline/core';

/** What a call came to, as coverage counts it. */
export const SUCCESS = 'SUCCESS';

/** How often each call came to each end. */
export class Coverage {
  readonly #counts = new Map<CallDeclaration, Map<string, number>>();
  readonly #interfaces: readonly Interface[];

  constructor(interfaces: readonly Interface[]) {
    this.#interfaces = interfaces;
    for (const abi of interfaces) for (const call of abi.all) this.#counts.set(call, new Map());
  }

  count(call: CallDeclaration, end: string): void {
    const ends = this.#counts.get(call);
    ends?.set(end, (ends.get(end) ?? 0) + 1);
  }

  /** How often a call came to an end. */
  of(call: CallDeclaration, end: string): number {
    return this.#counts.get(call)?.get(end) ?? 0;
  }

  /** Every call that never succeeded, and every documented error that never came: `psci.cpuOn: DENIED`. */
  missing(): readonly string[] {
    return this.#interfaces.flatMap((abi) =>
      abi.all.flatMap((call) =>
        [SUCCESS, ...(call.spec.errors ?? [])]
          .filter((end) => this.of(call, end) === 0)
          .map((end) => `${abi.name}.${call.name}: ${end}`),
      ),
    );
  }

  /** One line a call, for a person. */
  toString(): string {
    return this.#interfaces
      .flatMap((abi) =>
        abi.all.map((call) => {
          const ends = [...(this.#counts.get(call) ?? [])].sort(([a], [b]) => a.localeCompare(b));
          return `${abi.name}.${call.name}: ${ends.map(([end, n]) => `${end} ${n}`).join(', ') || 'never'}`;
        }),
      )
      .join('\n');
  }
}

/**
 * The end of a call: the name of the status in its first result, {@link SUCCESS} for a value, for a call that keeps
 * its CPU (waiting, off, resumed, a system event), and `inject` and so on by the outcome's own name otherwise.
 */
export function endOf(abi: Interface, call: CallDeclaration, caller: Caller, wide: boolean, outcome: Outcome): string {
  switch (outcome.kind) {
    case 'redirected':
    case 'wait':
    case 'off':
    case 'resume':
    case 'system':
      return SUCCESS;
    case 'returned':
      break;
    default:
      return outcome.kind;
  }
  const type = call.resultTypes[0];
  if (!type) return SUCCESS;
  const result: unknown = type.read(caller, abi.convention.firstResult, wide && caller.width === 64);
  if (!isStatus(result)) return SUCCESS;
  if (!('name' in result)) return `unknown ${result.unknown}`;
  // ePAPR's and Hyper-V's errors are positive: what the declaration calls an error is one.
  const failed = result.code < 0 || (result.code > 0 && call.spec.errors?.includes(result.name));
  return failed ? result.name : SUCCESS;
}
