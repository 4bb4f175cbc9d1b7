import type { Convention } from '../abi/convention.js';
import type { CallDeclaration, CallSpec, Interface } from '../abi/interface.js';
import type { Handler } from './call.js';

/** Handlers by call name. A call without one is unknown to the guest. */
export type Handlers<I extends Interface> = { readonly [N in keyof I['calls']]?: Handler };

/** What a profile changes about how an interface is read. */
export interface ImplementationOptions<I extends Interface> {
  /** Overrides for the whole interface. */
  readonly convention?: Partial<Convention>;
  /** Overrides for single calls: how their arguments are narrowed. */
  readonly narrow?: { readonly [N in keyof I['calls']]?: Convention['narrow'] };
  /** Numbers in place of the declared ones (PSCI 0.1 takes them from the tree). */
  readonly ids?: { readonly [N in keyof I['calls']]?: readonly number[] };
  /** Takes whole ranges of numbers that no call claims (an owner's queries, NOT_SUPPORTED for a range). */
  readonly ranges?: readonly RangeHandler[];
}

/** A handler for all numbers of a closed range that no call claims. Compared as uint32. */
export interface RangeHandler {
  readonly from: number;
  readonly to: number;
  readonly handler: Handler;
  /** Answers what nobody else takes (NOT_SUPPORTED): several services may bring one, the first is asked. */
  readonly fallback?: boolean;
}

/** One call number and who answers it. */
export interface Entry {
  readonly id: number;
  readonly declaration: CallDeclaration;
  readonly handler: Handler;
  readonly narrow: Convention['narrow'];
}

/** An interface with handlers: what a service gives to the bus. */
export interface Implementation {
  readonly interface: Interface;
  readonly convention: Convention;
  readonly entries: readonly Entry[];
  readonly ranges: readonly RangeHandler[];
}

/** Joins an interface with the handlers of a service. */
export function implement<Calls extends Readonly<Record<string, CallSpec>>>(
  abi: Interface<Calls>,
  handlers: Handlers<Interface<Calls>>,
  options: ImplementationOptions<Interface<Calls>> = {},
): Implementation {
  const convention = { ...abi.convention, ...options.convention };
  const entries: Entry[] = [];
  for (const declaration of abi.all) {
    const name = declaration.name as keyof Calls & string;
    const handler = handlers[name];
    if (!handler) continue;
    const narrow = options.narrow?.[name] ?? convention.narrow;
    for (const id of options.ids?.[name] ?? idsOf(declaration)) {
      entries.push({ id: id | 0, declaration, handler, narrow });
    }
  }
  return { interface: abi as unknown as Interface, convention, entries, ranges: options.ranges ?? [] };
}

function idsOf(declaration: CallDeclaration): number[] {
  return declaration.wideId === undefined ? [declaration.id] : [declaration.id, declaration.wideId];
}
