import type { PortTraffic } from './traffic.js';
import type { Hex, MemoryBytes, RecordedException, RegisterValues } from './values.js';

/** Who does a step. All are optional: `cpu` or `vcpu` is 0 where absent, `domain` only stands where a file has several. */
export interface Actor {
  readonly cpu?: number;
  readonly vcpu?: number;
  readonly domain?: number;
  /** Words for people. */
  readonly note?: string;
}

/** Which parts of an observation vary from run to run, and so are not compared. */
export interface Tolerance {
  /** A register's name, `mem:NAME` of an operand, or `hex` of a memory observation. */
  readonly volatile?: readonly string[];
  /** Bits of a volatile register that may differ; the others are compared. All bits where absent. */
  readonly volatileMask?: RegisterValues;
  /** Why. */
  readonly volatileKind?: string;
  /** Bytes of an operand that vary, from `from` up to `to`. */
  readonly volatileBytes?: readonly {
    readonly at?: string;
    readonly from: number;
    readonly to?: number;
    readonly count?: number;
  }[];
}

/** The call itself: the instruction and the registers before it. */
export interface CallInput extends Actor {
  readonly conduit: string;
  /** Immediate of the instruction. */
  readonly imm: Hex;
  /** Register width of the caller. */
  readonly width: 32 | 64;
  /** Registers set on purpose; the others hold the environment's fill pattern. */
  readonly in: RegisterValues;
  /** Inputs that are an address of the guest's program, by the environment's symbol. The value stands in `in` too. */
  readonly sym?: Readonly<Record<string, string>>;
  /** Whether registers that `in` does not list held the fill pattern. */
  readonly fill?: boolean;
}

/** What a machine did because of a call. */
export interface MachineEnd {
  readonly events: readonly { readonly event: string; readonly reason?: string }[];
  readonly stillRunning: boolean;
  readonly runState?: string;
}

/** One HVC or SMC. */
export interface CallStep extends CallInput, Tolerance, PortTraffic {
  readonly op: 'call';
  /** Called straight after the step before: no other CPU has had time to do anything. */
  readonly burst?: boolean;
  /** The same call so many times in a row; each gave `out`. */
  readonly repeat?: number;
  /** What was armed to wake the caller: its physical timer, so many milliseconds after the call began. */
  readonly wake?: { readonly cntpTimerMs: number };

  /** In traces, where it is not what it was at the CPU's call before: the caller's exception level. */
  readonly el?: number;
  /** The same of PSTATE.DAIF. */
  readonly daif?: Hex;

  /** False: the caller did not get control back at the next instruction. True where absent. */
  readonly returns?: boolean | 'later';
  readonly noReturn?: boolean;
  /** Register 0 and every register that changed; one not listed did not change. Null or empty where nothing came back. */
  readonly out?: RegisterValues | null;
  /** The call ended in an exception at the caller. */
  readonly exception?: RecordedException;
  /** Operands before the call: an action in Xen's files, an observation in KVM's. */
  readonly memIn?: readonly MemoryBytes[];
  /** The same operands after it. */
  readonly memOut?: readonly MemoryBytes[];
  /** Everything else that changed in the watched memory. */
  readonly memAlso?: readonly MemoryBytes[];
  readonly memAlsoMore?: boolean;
  /** How long the recorder looked before it said that the call had not returned. */
  readonly waitedMs?: number;
  /** KVM: the vCPU stays inside KVM_RUN. */
  readonly blocked?: boolean;
  /** Xen with two domains: the vCPU waits, and a later `return` step has the answer. */
  readonly blocks?: boolean;
  /** Domains that still waited after the step. */
  readonly waiting?: readonly number[];
  /** Domains that the call ended: given, not observed. */
  readonly stops?: readonly number[];
  /** Time that passed after the call before memory was looked at. */
  readonly settleMs?: number;
  /** The caller came back through the entry point of its call. */
  readonly resumedAtEntry?: boolean;
  /** The caller's state at that entry, where no `entry` step has it. */
  readonly state?: RegisterValues;
  readonly machine?: MachineEnd;
  /** Not executed: an earlier step had ended the machine. */
  readonly notRun?: boolean;
  readonly daifAfter?: Hex;
  readonly nzcvAfter?: Hex;
  readonly cpsrAfter?: Hex;
  /** Microseconds it took. Always varies. */
  readonly elapsedUs?: number;
}

/** A call repeated until it gives a value; `out` is the last answer. */
export interface PollStep extends CallInput, Tolerance {
  readonly op: 'poll';
  readonly until: RegisterValues;
  readonly returns?: boolean;
  readonly out: RegisterValues;
  /** How often. Always varies. */
  readonly polls?: number;
}

/** Many calls that differ in the number only. */
export interface SweepStep extends Omit<CallInput, 'in' | 'sym' | 'fill'> {
  readonly op: 'sweep';
  /** Ranges of numbers, both ends included; all registers but the number's hold the fill pattern. */
  readonly ids: readonly { readonly from: Hex; readonly to: Hex }[];
  readonly idCount?: number;
  /** What every number gives but the `exceptions`. */
  readonly default: RegisterValues;
  readonly exceptions: readonly ({ readonly id: Hex; readonly out: RegisterValues } & Tolerance)[];
}
