import type { Actor, CallStep, PollStep, SweepStep, Tolerance } from './calls.js';
import type { PortTraffic } from './traffic.js';
import type { Hex, HexBytes, MemoryBytes, MemoryFault, RecordedException, RegisterValues } from './values.js';

/** Something the guest's program did itself between calls; the fields depend on `do`. */
export interface GuestStep extends Actor {
  readonly op: 'guest';
  /** `write`, `sysreg`, `mmio`, `ack`, `eoi`, `daif`, `eret`, `wait`, `spin`, `endian`. */
  readonly do: string;
  readonly addr?: Hex;
  readonly hex?: HexBytes;
  readonly size?: number;
  readonly name?: string;
  /** The value written; `big` or `little` of `endian`. */
  readonly value?: string;
  readonly reg?: string;
  readonly bit?: number;
  /** The value counts from now: `deltaNs` nanoseconds. */
  readonly relative?: boolean;
  readonly deltaNs?: number;
  readonly intid?: number;
  readonly toInsnPlus?: number;
  readonly spsr?: Hex;
  readonly until?: Readonly<Record<string, unknown>>;
  readonly by?: Readonly<Record<string, unknown>>;
  readonly memAlso?: readonly MemoryBytes[];
  readonly exception?: RecordedException;
  /** How many bytes were stored before the exception. */
  readonly bytesStored?: number;
  readonly waiting?: readonly number[];
  readonly returns?: boolean;
  readonly noReturn?: boolean;
}

/** One thing the VMM did; the actions and their fields are listed in `environment.vmmActions`. */
export interface VmmStep extends Actor, Tolerance, PortTraffic {
  readonly op: 'vmm';
  readonly action: string;
  readonly [field: string]: unknown;
}

/** A look at guest memory. */
export interface MemoryStep extends Actor, Tolerance {
  readonly op: 'mem';
  readonly at?: string;
  readonly addr: Hex;
  readonly hex?: HexBytes;
  readonly len?: number;
  readonly fault?: MemoryFault;
}

/** A read of a system register, or of a device's register where `mmio` says so. */
export interface SysregStep extends Actor, Tolerance {
  readonly op: 'sysreg';
  readonly name: string;
  readonly value: Hex;
  readonly mmio?: { readonly addr: Hex; readonly size: number };
  /** `ack`: the value that the acknowledge step before it has returned, not another read. */
  readonly readBy?: string;
}

/** A vCPU's first state after it was started (KVM). */
export interface BootStep extends Actor, Tolerance {
  readonly op: 'boot';
  readonly width: 32 | 64;
  /** Index of the step that made it run, and of the step that turned it on (null: the VMM did). */
  readonly causeStep: number;
  readonly cpuOnStep: number | null;
  readonly started: boolean;
  readonly nonzeroRegs?: RegisterValues;
  readonly entryPc?: Hex;
  readonly entryState?: string;
  readonly [field: string]: unknown;
}

/** A started CPU's state at its first instruction, or that nobody came (`entered: false`). */
export interface EntryStep extends Actor, Tolerance, PortTraffic {
  readonly op: 'entry';
  readonly entered?: boolean;
  /** Registers by name, and `el`, `daif`, `spsel`, `sctlr`, `mpidr`, or `cpsr` (PSCI's files). */
  readonly state?: RegisterValues;
  /** The same in Xen's files: general registers, program counter, system registers. */
  readonly pc?: Hex;
  readonly regs?: RegisterValues;
  readonly sysregs?: RegisterValues;
}

/** A call that came back later. */
export interface ReturnStep extends Actor, Tolerance, PortTraffic {
  readonly op: 'return';
  readonly width?: 32 | 64;
  readonly ofStep?: number;
  readonly causeStep?: number;
  readonly out: RegisterValues;
  readonly memOut?: readonly MemoryBytes[];
  readonly memAlso?: readonly MemoryBytes[];
  readonly exception?: RecordedException;
  /** Domains that still waited after the step. */
  readonly waiting?: readonly number[];
}

/** The vCPU left to the VMM (KVM). */
export interface ExitStep extends Actor, Tolerance {
  readonly op: 'exit';
  readonly exitReason: number;
  readonly name?: string;
  readonly regs?: Readonly<Record<string, Hex | number>>;
  readonly [field: string]: unknown;
}

/** Time passes. */
export interface DelayStep extends Actor {
  readonly op: 'delay';
  readonly ms: number;
}

/** An alarm that the answering side had set goes off (traces). */
export interface AlarmStep extends Actor, PortTraffic {
  readonly op: 'alarm';
  /** The time for which it was set; of several, the one that was set first. */
  readonly at: Hex;
}

/** One thing that was done or seen, in the order it happened. */
export type Step =
  | CallStep
  | PollStep
  | SweepStep
  | GuestStep
  | VmmStep
  | MemoryStep
  | SysregStep
  | BootStep
  | EntryStep
  | ReturnStep
  | ExitStep
  | DelayStep
  | AlarmStep;
