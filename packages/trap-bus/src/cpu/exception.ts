import type { ExceptionLevel } from '@trapline/core';

/** Kinds of exceptions that the bus enters. */
export type ExceptionKind = 'undefined' | 'data-abort' | 'prefetch-abort' | 'serror' | 'call';

/** An exception that a vCPU takes, with all that the architecture makes of it. */
export interface TakenException {
  readonly kind: ExceptionKind;
  readonly target: ExceptionLevel;
  /** Whether the level it is taken to uses AArch32. */
  readonly aarch32: boolean;
  /** ESR_ELx, or HSR of an AArch32 EL2; unused by AArch32 EL1. */
  readonly syndrome: number;
  /** The return address, as bytes after the instruction: what ELR_ELx holds, or the link register of the mode. */
  readonly returnOffset: number;
}
