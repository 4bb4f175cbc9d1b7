import {
  type CallDeclaration,
  type ConduitKind,
  type DecodedValue,
  hexId,
  type Level,
  type Outcome,
  SMC64,
} from '@trapline/core';
import type { Vcpu } from '../cpu/vcpu.js';
import type { Answerer } from '../guest/standing.js';
import { outcomeWords } from './outcome-words.js';

/** Registers that a call may use, X0 to X17 (DEN0028 1.5 F, 2.6), in halves. */
const HALVES = 36;

/** Copies the registers that a call may use, as int32: a list of small integers costs a tenth of a typed array. */
export function copyRegisters(vcpu: Vcpu): readonly number[] {
  const { w } = vcpu;
  const copy = new Array<number>(HALVES);
  for (let i = 0; i < HALVES; i++) copy[i] = (w[i] as number) | 0;
  return copy;
}

/** A call that went over the bus: registers as they were before and after, words only when somebody asks for them. */
export class CallEvent {
  readonly guest: string;
  readonly vcpu: number;
  readonly conduit: ConduitKind;
  readonly immediate: number;
  readonly outcome: Outcome;
  /** Whether the caller was in AArch64 state. */
  readonly a64: boolean;
  /** General registers X0 to X17 before the call, in halves as int32, low first. */
  readonly before: readonly number[];
  /** The same after it. */
  readonly after: readonly number[];
  readonly #answerer: Answerer | undefined;
  readonly #overridden: boolean;

  constructor(
    vcpu: Vcpu,
    a64: boolean,
    conduit: ConduitKind,
    immediate: number,
    before: readonly number[],
    answerer: Answerer | undefined,
    overridden: boolean,
    outcome: Outcome,
  ) {
    this.guest = vcpu.guest;
    this.vcpu = vcpu.index;
    this.a64 = a64;
    this.conduit = conduit;
    this.immediate = immediate;
    this.before = before;
    this.after = copyRegisters(vcpu);
    this.outcome = outcome;
    this.#answerer = answerer;
    this.#overridden = overridden;
  }

  /** The level that answered; undefined where no service did. */
  get level(): Level | undefined {
    return this.#answerer?.level;
  }

  /** Name of the service that answered, or `embedder` for an interception or {@link MachineSpec.onUnclaimed}. */
  get service(): string | undefined {
    return this.#overridden ? 'embedder' : this.#answerer?.service;
  }

  /** The call's name with its interface: `psci.cpuOn`; undefined for a number that nobody declares. */
  get call(): string | undefined {
    const { declaration, interface: name } = this.#answerer ?? {};
    return declaration && `${name}.${declaration.name}`;
  }

  get declaration(): CallDeclaration | undefined {
    return this.#answerer?.declaration;
  }

  /** The number that selected the call, as int32. */
  get id(): number {
    const selector = this.#answerer?.convention.selector ?? { a64: 0, a32: 0 };
    if (selector === 'immediate') return this.immediate | 0;
    return (this.before[2 * (this.a64 ? selector.a64 : selector.a32)] as number) | 0;
  }

  /** The arguments in words. */
  get arguments(): readonly DecodedValue[] {
    const { declaration, convention } = this.#answerer ?? {};
    if (!declaration || !convention) return [];
    return values(
      declaration.argumentNames,
      declaration.argumentTypes,
      this.before,
      convention.firstArgument,
      this.#wide,
    );
  }

  /** The results in words; none where the call did not return. */
  get results(): readonly DecodedValue[] {
    const { declaration, convention } = this.#answerer ?? {};
    if (!declaration || !convention || this.outcome.kind !== 'returned') return [];
    return values(declaration.resultNames, declaration.resultTypes, this.after, convention.firstResult, this.#wide);
  }

  get #wide(): boolean {
    return this.a64 && (this.#answerer?.convention.narrow !== 'by-id' || (this.id & SMC64) !== 0);
  }

  /** The call as one line of stable field order: `linux/0 hvc#0 psci.version() = 0x10001 [el2 psci]`. */
  toString(): string {
    const args = this.arguments.map(({ name, text }) => `${name}: ${text}`).join(', ');
    const name = this.call ?? hexId(this.id);
    return `${this.guest}/${this.vcpu} ${this.conduit}#${this.immediate} ${name}(${args}) ${this.#end()} [${this.#by()}]`;
  }

  #end(): string {
    if (this.outcome.kind !== 'returned') return `→ ${outcomeWords(this.outcome)}`;
    if (!this.declaration) return `= ${hexId(this.after[0] as number)}`;
    const { results } = this;
    if (results.length === 1) return `= ${results[0]?.text}`;
    return `= { ${results.map((r) => `${r.name}: ${r.text}`).join(', ')} }`;
  }

  #by(): string {
    const { service } = this;
    return service === undefined ? 'nobody' : this.level === undefined ? service : `${this.level} ${service}`;
  }
}

function values(
  names: readonly string[],
  types: CallDeclaration['argumentTypes'],
  w: readonly number[],
  first: number,
  wide: boolean,
): DecodedValue[] {
  return names.map((name, i) => {
    const slot = 2 * (first + i);
    const type = types[i] as CallDeclaration['argumentTypes'][number];
    const high = wide && type.bits !== 32 ? (w[slot + 1] as number) : 0;
    return { name, text: type.show(w[slot] as number, high) };
  });
}
