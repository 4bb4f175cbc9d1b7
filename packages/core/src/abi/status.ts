/**
 * Status codes, each in the namespace that gives it its meaning.
 *
 * −2 is INVALID_PARAMETERS in PSCI, NOT_REQUIRED in SMCCC and INVALID_PARAMETER in TRNG: a status therefore carries its
 * namespace in its type, and a number never travels from one to another.
 */
export interface Status<Namespace extends string = string, Name extends string = string> {
  readonly namespace: Namespace;
  readonly name: Name;
  readonly code: number;
  toString(): string;
}

/** A code that the namespace does not name: kept as it came. */
export interface UnknownStatus<Namespace extends string = string> {
  readonly namespace: Namespace;
  readonly unknown: number;
  toString(): string;
}

/** All codes of one namespace, by name; {@link StatusSet.of} for the way back. */
export type StatusNamespace<Namespace extends string, Names extends string> = {
  readonly [N in Names]: Status<Namespace, N>;
} & StatusSet<Namespace, Names>;

/** What every namespace offers beside its codes. */
export interface StatusSet<Namespace extends string = string, Names extends string = string> {
  readonly namespace: Namespace;
  /** Where the codes are defined. */
  readonly source: string;
  readonly all: readonly Status<Namespace, Names>[];
  /** The status of a code; unknown codes are kept, not refused. Known ones allocate nothing. */
  of(code: number): Status<Namespace, Names> | UnknownStatus<Namespace>;
}

/**
 * Declares a namespace of status codes: `defineStatus('psci', 'DEN0022F.b 5.2.2', { SUCCESS: 0, NOT_SUPPORTED: -1 })`.
 */
export function defineStatus<const Namespace extends string, const Codes extends Readonly<Record<string, number>>>(
  namespace: Namespace,
  source: string,
  codes: Codes,
): StatusNamespace<Namespace, keyof Codes & string> {
  const all: Status<Namespace, keyof Codes & string>[] = [];
  const byCode = new Map<number, Status<Namespace, keyof Codes & string>>();
  const named: Record<string, unknown> = {};
  for (const name of Object.keys(codes)) {
    const code = codes[name] as number;
    const status = Object.freeze({ namespace, name, code, toString: () => name });
    all.push(status);
    byCode.set(code, status);
    named[name] = status;
  }
  const of = (code: number): Status<Namespace, keyof Codes & string> | UnknownStatus<Namespace> =>
    byCode.get(code) ?? Object.freeze({ namespace, unknown: code, toString: () => `${namespace} status ${code}` });
  return Object.freeze({ ...named, namespace, source, all: Object.freeze(all), of }) as StatusNamespace<
    Namespace,
    keyof Codes & string
  >;
}

/** Whether a result of a typed client is a status of any namespace (as against a value). */
export function isStatus(value: unknown): value is Status | UnknownStatus {
  return typeof value === 'object' && value !== null && 'namespace' in value;
}
