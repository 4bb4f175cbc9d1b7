import type { Step } from './steps.js';
import type { TracedMachine } from './traffic.js';
import type { Hex, MemoryBytes } from './values.js';
import type { ObservedEnd, XenDomainSettings, XenMemorySettings } from './xen.js';

/** Who should answer as the recorded implementation did: package, profile and the options that name a build. */
export interface Subject {
  readonly package: string;
  readonly profile: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The fill pattern of registers that a call does not set, in one of its two spellings. */
export interface Fill {
  /** The value by register. */
  readonly regs?: Readonly<Record<string, Hex>>;
  /** A pattern whose run of `N` stands for the register's number in hexadecimal, padded to the run's length. */
  readonly 'where a step says fill'?: readonly string[];
  readonly [words: string]: unknown;
}

/**
 * What a simulation must be set up with. The fields that PSCI's files use are typed; every file has more, and they
 * are kept as they are.
 */
export interface Environment {
  readonly cpus?: number;
  /** MPIDR_EL1 of every CPU. */
  readonly mpidr?: readonly Hex[];
  readonly ram?: { readonly base: Hex; readonly size: Hex };
  readonly gic?: string | number;
  readonly guestWidth?: 32 | 64;
  readonly callerEL?: 1 | 2;
  readonly callerMode?: string;
  readonly el2?: boolean;
  readonly el3?: boolean;
  readonly cpuModel?: string;
  readonly psciConduit?: 'hvc' | 'smc';
  readonly buildFlags?: string;
  readonly symbols?: Readonly<Record<string, Hex>>;
  readonly fill?: Fill;
  /** KVM's spelling of the fill pattern: by width, then by register. */
  readonly fillPattern?: Readonly<Record<string, Readonly<Record<string, Hex>>>>;
  /** What the guests' programs did before the first step. */
  readonly setup?: readonly Step[];
  /** The domains of Xen's files: one, or several. */
  readonly domain?: XenDomainSettings;
  readonly domains?: readonly XenDomainSettings[];
  /** Domains that exist beside them and make no call of the recording. */
  readonly otherDomains?: readonly number[];
  readonly memory?: XenMemorySettings;
  /** PSTATE before every call. */
  readonly callState?: { readonly nzcv?: Hex; readonly daif?: Hex; readonly cpsr?: Hex };
  readonly virtualCounterHz?: number;
  /** The machine of a trace: a real guest's, whose services were ours. */
  readonly traced?: TracedMachine;
  readonly [field: string]: unknown;
}

/** What the guest's program read when it began. */
export interface BootState {
  /** Exception level, or for a 32-bit guest the mode bits of CPSR. */
  readonly mode?: Hex;
  readonly mpidr?: Hex;
  readonly midr?: Hex;
  /** Ticks a second of the generic timers. */
  readonly cntfrq?: Hex;
  readonly [register: string]: Hex | undefined;
}

/** The machine of a KVM scenario. */
export interface VmDescription {
  readonly cpus: readonly Readonly<Record<string, unknown>>[];
  readonly memInit?: readonly MemoryBytes[];
  readonly [field: string]: unknown;
}

/** Steps that belong together. */
export interface Scenario {
  /** A name for reports; nothing depends on it. */
  readonly id: string;
  readonly title?: string;
  /** True: on a fresh machine. False: where the scenario before it stopped. */
  readonly fresh: boolean;
  readonly boot?: BootState;
  /** Adds to the recording's environment, or overrides it. */
  readonly environment?: Environment;
  /** The host among `environment.hosts` (KVM on several CPU models). */
  readonly host?: string;
  readonly vm?: VmDescription | null;
  /** The end of a scenario as seen from outside (Xen). */
  readonly observed?: ObservedEnd;
  readonly console?: readonly string[];
  readonly steps: readonly Step[];
}

/** The recorded calls of one implementation. */
export interface Recording {
  readonly subject: Subject;
  /** Who answered: versions and how it was run. */
  readonly oracle: string;
  /** Date of the recording. */
  readonly recorded: string;
  readonly environment: Environment;
  readonly scenarios: readonly Scenario[];
}
