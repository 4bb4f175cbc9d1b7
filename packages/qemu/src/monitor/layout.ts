/**
 * The mailbox of a CPU, one page of memory that monitor and outside share: state, frame, answer, commands. The offsets
 * are those of monitor/monitor.s; docs/qemu.md explains them.
 */

/** Bytes of a mailbox. */
export const MAILBOX_BYTES = 0x1000;
/** Where the mailboxes begin in the shared area; EL2's vectors lie at its beginning. */
export const MAILBOXES = 0x1_0000;
/** Where stage 2's tables lie in the shared area: two pages. */
export const STAGE_2 = 0x1000;
/** Bytes of the shared area, which begins at a multiple of them. */
export const AREA_BYTES = 0x20_0000;
/** Most CPUs: as many redistributors as QEMU's virt machine has in the first of its two regions. */
export const MAX_CPUS = 123;

/** What a CPU and the outside say to each other in the first word of a mailbox. */
export const State: {
  readonly runs: 0;
  /** The CPU waits for the outside. */
  readonly waits: 1;
  /** The outside's answers: go on with the registers, carry out commands, sleep. */
  readonly resume: 2;
  readonly commands: 3;
  readonly sleep: 4;
  /** The machine is to go through its reset. */
  readonly reset: 5;
} = { runs: 0, waits: 1, resume: 2, commands: 3, sleep: 4, reset: 5 };

/** The ring that says that the machine is past its reset: what rang before is void. */
export const RING_RESET = 0x80;

/** What brought a CPU into the monitor. Other values are vectors of EL3, and of EL2 from {@link Event.el2}. */
export const Event: {
  /** A synchronous exception from AArch64 or AArch32 below. */
  readonly sync: 0x08;
  readonly sync32: 0x0c;
  /** Somebody wants the CPU: the outside, or another CPU. */
  readonly attention: 0x0a;
  readonly attention32: 0x0e;
  readonly el2: 0x20;
  /** The machine is past its reset. */
  readonly hello: 0x40;
  /** A CPU that slept was woken. */
  readonly woken: 0x41;
} = { sync: 0x08, sync32: 0x0c, attention: 0x0a, attention32: 0x0e, el2: 0x20, hello: 0x40, woken: 0x41 };

/** Offsets of the frame's 64-bit fields. */
export const Field: {
  readonly event: 0x08;
  readonly esr: 0x10;
  readonly far: 0x18;
  readonly hpfar: 0x20;
  readonly mpidr: 0x28;
  readonly entered: 0x30;
  readonly left: 0x38;
  readonly intid: 0x40;
  readonly sctlrEl1: 0x48;
  readonly tcrEl1: 0x50;
  readonly ttbr0El1: 0x58;
  readonly ttbr1El1: 0x60;
  readonly vbarEl1: 0x68;
  readonly esrEl1: 0x70;
  readonly farEl1: 0x78;
  readonly elrEl1: 0x80;
  readonly spsrEl1: 0x88;
  readonly spEl0: 0x90;
  readonly spEl1: 0x98;
  readonly sctlrEl2: 0xa0;
  readonly tcrEl2: 0xa8;
  readonly ttbr0El2: 0xb0;
  readonly vbarEl2: 0xb8;
  readonly dacr: 0xc0;
  readonly ifsr: 0xc8;
  readonly spsrUnd: 0xd0;
  readonly spsrAbt: 0xd8;
  readonly isr: 0xe0;
  readonly flags: 0x210;
  readonly commandCount: 0x218;
  readonly hcr: 0x220;
  readonly startSctlrEl1: 0x228;
  readonly startSctlrEl2: 0x230;
  readonly vttbr: 0x238;
  readonly vtcr: 0x240;
} = {
  event: 0x08,
  esr: 0x10,
  far: 0x18,
  hpfar: 0x20,
  mpidr: 0x28,
  entered: 0x30,
  left: 0x38,
  intid: 0x40,
  sctlrEl1: 0x48,
  tcrEl1: 0x50,
  ttbr0El1: 0x58,
  ttbr1El1: 0x60,
  vbarEl1: 0x68,
  esrEl1: 0x70,
  farEl1: 0x78,
  elrEl1: 0x80,
  spsrEl1: 0x88,
  spEl0: 0x90,
  spEl1: 0x98,
  sctlrEl2: 0xa0,
  tcrEl2: 0xa8,
  ttbr0El2: 0xb0,
  vbarEl2: 0xb8,
  dacr: 0xc0,
  ifsr: 0xc8,
  spsrUnd: 0xd0,
  spsrAbt: 0xd8,
  isr: 0xe0,
  flags: 0x210,
  commandCount: 0x218,
  hcr: 0x220,
  startSctlrEl1: 0x228,
  startSctlrEl2: 0x230,
  vttbr: 0x238,
  vtcr: 0x240,
};

/** X0 to X30, SP, PC and PSTATE: the slots of core's register file. */
export const REGISTERS = 0x100;
/** Bytes before the commands, and so where they begin. */
export const HEAD_BYTES = 0x280;
/** Bytes of a command: operation and width, address, value, result. */
export const COMMAND_BYTES = 32;
/** Most commands of one answer. */
export const MAX_COMMANDS = 64;

/** Bits of {@link Field.flags}. */
export const Flag: {
  /** The levels below begin anew. */
  readonly restart: 1;
  /** The CPU takes an exception at EL1: ESR, FAR, ELR and SPSR of the frame are written back. */
  readonly exception: 2;
  /** Sleep until kicked, whatever interrupts are pending. */
  readonly off: 4;
  /** The same at EL2. */
  readonly exceptionEl2: 8;
} = { restart: 1, exception: 2, off: 4, exceptionEl2: 8 };

/** Operations of commands. */
export const Operation: {
  readonly read: 1;
  readonly write: 2;
  readonly or: 3;
  readonly and: 4;
  readonly exchange: 5;
  readonly kick: 6;
  readonly invalidate: 7;
} = { read: 1, write: 2, or: 3, and: 4, exchange: 5, kick: 6, invalidate: 7 };
