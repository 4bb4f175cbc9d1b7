/**
 * How the registers of a call are read: which one selects it, how many of its bits count, where arguments and results
 * stand and how wide they are. A property of the interface; a profile overrides what a real implementation does
 * differently.
 */
export interface Convention {
  readonly name: string;
  /** The instructions by which the calls may come. */
  readonly conduits: readonly ConduitKind[];
  /** The immediates that belong to the interface, as closed ranges. */
  readonly immediates: readonly (readonly [from: number, to: number])[];
  /** The register with the call's number for an AArch64 and for an AArch32 caller, or the immediate itself. */
  readonly selector: { readonly a64: number; readonly a32: number } | 'immediate';
  /** How many bits of the selecting register count. With 64, a number with anything in its high half is unknown. */
  readonly selectorBits: 32 | 64;
  /** Bits of the number that do not select (SMCCC's SVE hint). */
  readonly ignoredBits: number;
  /** The register of the first argument and of the first result. */
  readonly firstArgument: number;
  readonly firstResult: number;
  /**
   * What the high halves of arguments mean: `by-id`, cleared for numbers that say SMC32 and for AArch32 callers;
   * `by-caller`, cleared for AArch32 callers only; `never`, always read (QEMU reads them in SMC32 calls too).
   */
  readonly narrow: 'by-id' | 'by-caller' | 'never';
  /** Whether numbers that say SMC64 are unknown to AArch32 callers (DEN0028, 2.7). */
  readonly smc64NeedsA64: boolean;
  /** How a 32-bit result fills its 64-bit register. */
  readonly widen: 'sign' | 'zero';
}

/** An instruction that calls upwards. Vendors add their own: any other string names one (a trapped register). */
export type ConduitKind = 'hvc' | 'smc' | (string & {});

/** Bit 30 of an SMCCC function id: the 64-bit convention. */
export const SMC64 = 0x4000_0000;

/** The SMC Calling Convention's rules (DEN0028 1.5 F, sections 2 and 3): the default of every interface. */
export const SMCCC: Convention = {
  name: 'smccc',
  conduits: ['hvc', 'smc'],
  immediates: [[0, 0]],
  selector: { a64: 0, a32: 0 },
  selectorBits: 32,
  ignoredBits: 0x1_0000,
  firstArgument: 1,
  firstResult: 0,
  narrow: 'by-id',
  smc64NeedsA64: true,
  widen: 'sign',
};
