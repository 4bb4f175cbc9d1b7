import type { ExceptionLevel } from '@trapline/core';

/** AArch32 modes, SPSR.M[4:0] (G8.2.36). */
const MODE_USR = 0x10;
const MODE_FIQ = 0x11;
const MODE_IRQ = 0x12;
const MODE_SVC = 0x13;
export const MODE_MON = 0x16;
export const MODE_ABT = 0x17;
export const MODE_HYP = 0x1a;
export const MODE_UND = 0x1b;
const MODE_SYS = 0x1f;

/**
 * Where the modes' R13 and R14 live (DDI 0487, D1.20.1): slots of {@link Registers.x}. Hyp mode shares LR with User
 * mode; Monitor's pair is not visible to AArch64 and the bus keeps none.
 */
const LINK_SLOT: Readonly<Record<number, number>> = {
  [MODE_USR]: 14,
  [MODE_SYS]: 14,
  [MODE_HYP]: 14,
  [MODE_IRQ]: 16,
  [MODE_SVC]: 18,
  [MODE_ABT]: 20,
  [MODE_UND]: 22,
  [MODE_FIQ]: 30,
};
const STACK_SLOT: Readonly<Record<number, number>> = {
  [MODE_USR]: 13,
  [MODE_SYS]: 13,
  [MODE_HYP]: 15,
  [MODE_IRQ]: 17,
  [MODE_SVC]: 19,
  [MODE_ABT]: 21,
  [MODE_UND]: 23,
  [MODE_FIQ]: 29,
};

/** The slot of R14 of an AArch32 mode. */
export function linkSlot(mode: number): number {
  return LINK_SLOT[mode & 0x1f] ?? 14;
}

/** The slot of R13 of an AArch32 mode. */
export function stackSlot(mode: number): number {
  return STACK_SLOT[mode & 0x1f] ?? 13;
}

/** The slot of general register `n` of an AArch32 mode: FIQ has R8 to R12 of its own, in X24 to X28. */
export function a32Slot(mode: number, n: number): number {
  if (n === 13) return stackSlot(mode);
  if (n === 14) return linkSlot(mode);
  return (mode & 0x1f) === MODE_FIQ && n >= 8 && n <= 12 ? n + 16 : n;
}

/** The mode that an AArch32 PE starts in at an exception level: Hyp at EL2, Supervisor above User. */
export function startMode(el: ExceptionLevel): number {
  return el === 0 ? MODE_USR : el === 2 ? MODE_HYP : MODE_SVC;
}
