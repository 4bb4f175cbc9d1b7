import type { Convention, Level, Service, StartState } from '@trapline/core';
import type { abi } from './abi.js';
import type { IdleState } from './idle-state.js';
import type { PowerStateFormat } from './power-state.js';
import type { PowerDomain } from './topology.js';
import type { PsciVersion } from './values.js';

/** The name of a PSCI call, as {@link abi} has it. */
export type PsciCallName = keyof (typeof abi)['calls'];

/** A closed range of guest-physical addresses below 2^53. */
export interface AddressRange {
  readonly base: number;
  readonly size: number;
}

/** Function ids of PSCI 0.1, which the device tree names (`cpu_on`, `cpu_off`, `cpu_suspend`, `migrate`). */
export interface LegacyIds {
  readonly cpuSuspend?: number;
  readonly cpuOff?: number;
  readonly cpuOn?: number;
  readonly migrate?: number;
}

/** Which entry points CPU_ON, CPU_SUSPEND and SYSTEM_SUSPEND accept. */
export interface EntryRules {
  /** Bits that an AArch64 entry point must not set. */
  readonly a64Reserved: number;
  /** Bits that an A32 entry point (bit 0 clear) must not set. */
  readonly a32Reserved: number;
  /** Where an entry point may lie: guest memory, ranges, or anywhere. */
  readonly within: 'memory' | 'anywhere' | readonly AddressRange[];
  /** What a refused entry point gives. */
  readonly error: number;
}

/** How CPU_ON treats its target. */
export interface CpuOnRules {
  /** Whether the time between CPU_ON and the first instruction shows as ON_PENDING, or as ON already. */
  readonly starting: 'pending' | 'on';
  /**
   * Whether a refused CPU_ON replaces the entry point and context of the CPU it names: the CPU begins, or resumes, with
   * the last ones written.
   */
  readonly refusedReplacesStart: boolean;
  /** Whether a CPU that is being started keeps its power domains up already, or only once it has begun. */
  readonly pendingKeepsDomains: boolean;
  /** A CPU that is declared and does not exist: starting it fails, or succeeds and stays pending for ever. */
  readonly absent: 'fails' | 'pending';
  /** How a target names a CPU: by its affinity, where absent, or by its number as Aff1 * 16 + Aff0, all else ignored. */
  readonly target?: 'affinity' | 'number';
  /** What the 0.1 number gives for a CPU that is on; ALREADY_ON, which 0.1 does not have, where absent. */
  readonly legacyAlreadyOn?: number;
  /** What the 0.1 number gives for a refused entry point; the same as the others where absent. */
  readonly legacyRefusedEntry?: number;
  /** Whether a CPU that the 0.1 number starts finds zero in place of a context; it finds the context where absent. */
  readonly legacyZeroContext?: boolean;
}

/** AFFINITY_INFO. */
export interface AffinityRules {
  /** The highest affinity level that is looked at. */
  readonly maxLevel: 0 | 1 | 2 | 3;
  /** What a target that is not there gives: INVALID_PARAMETERS, where absent, or OFF. */
  readonly missing?: 'refused' | 'off';
  /** How many bits of the level count. */
  readonly levelBits: 32 | 64;
  /** What a higher level gives: INVALID_PARAMETERS, or ON whatever the target. */
  readonly above: 'refused' | 'on';
}

/** What a started or resumed CPU finds, beside entry point and context. Low halves of SCTLR by exception level. */
export interface StartRules {
  /** The exception level: the caller's, or the highest that the machine has below firmware. */
  readonly el: 'caller' | 'highest';
  readonly sctlr: {
    readonly a64: { readonly el1: number; readonly el2: number };
    readonly a32: { readonly el1: number; readonly el2: number };
  };
  /** PSTATE as {@link StartState.flags} has it; zero where absent. */
  readonly flags?: number;
  /** The same for AArch32, where it differs. */
  readonly a32Flags?: number;
  /**
   * The endianness of the caller that counts: of its exceptions (SCTLR.EE) where absent, or that of its data accesses,
   * which for AArch32 is PSTATE.E. `little`: the CPU begins little-endian whoever started it.
   */
  readonly endianness?: 'exceptions' | 'data' | 'little';
}

/** Idle states and who coordinates them. */
export interface SuspendRules {
  readonly format: PowerStateFormat;
  /** The `power_state` values that are supported. */
  readonly states: readonly IdleState[];
  /** Instead of a table: every value without these bits waits for an interrupt and returns. */
  readonly waitUnless?: number;
  /** Whether SET_SUSPEND_MODE may choose OS-initiated mode. */
  readonly osInitiated: boolean;
  /** OS-initiated: what a caller gets when the others of a domain are idle, but less deep than it says. */
  readonly shallower: number;
  /**
   * OS-initiated: what the others of a domain must be in for it to go down: in a state that asked for the domain to go as
   * deep (`requests`, where absent), or only as deep themselves, whatever they asked of the domain (`states`).
   */
  readonly last?: 'requests' | 'states';
  /**
   * Whether an interrupt that is pending already makes a power-down, SYSTEM_SUSPEND's included, return SUCCESS without
   * being entered.
   */
  readonly pendingReturns: boolean;
  /**
   * SYSTEM_SUSPEND waits for an interrupt by itself, asks the machine (`suspend`), or hands everything over to it:
   * nothing is checked, no register is written.
   */
  readonly system: 'waits' | 'asks' | 'hands-over';
}

/** A Trusted OS as far as PSCI knows of one. */
export interface TrustedOs {
  readonly type: 'up-migratable' | 'up' | 'multiprocessor';
  /** Packed affinity of the CPU where a uniprocessor one is resident at boot. */
  readonly resident?: number;
  /** Packed affinities of CPUs that it cannot be moved to. */
  readonly refuses?: readonly number[];
}

/** MIGRATE and its questions. */
export interface MigrateRules {
  /** Whether the target is checked before the kind of Trusted OS. */
  readonly targetFirst: boolean;
  /** Whether MIGRATE_INFO_UP_CPU gives all of MPIDR_EL1 or its affinity fields. */
  readonly reports: 'mpidr' | 'affinity';
}

/** One answer of a platform's power controller, where it does not follow the CPUs: the first that fits counts. */
export interface NodeHwRule {
  readonly level: number;
  /** The affinity bits that are compared. */
  readonly mask: number;
  readonly affinity: number;
  /** 0 HW_ON, 1 HW_OFF, 2 HW_STANDBY. */
  readonly state: 0 | 1 | 2;
}

/** What CLEAN_INV_MEMREGION_ATTRIBUTES says, and CLEAN_INV_MEMREGION keeps. */
export interface CleanInvRules {
  /** 0: one operation at a time for the whole system. */
  readonly opType: number;
  /** Microseconds that an operation takes: another one meanwhile is BUSY. */
  readonly latency: number;
  /** Operations a second: more are RATE_LIMITED. 0 for no limit. */
  readonly rateLimit: number;
}

/**
 * Everything in which implementations of PSCI differ, as data over one mechanism.
 *
 * `spec` profiles follow DEN0022; the others follow one real implementation, each of their values with its source.
 */
export interface Profile {
  readonly name: string;
  /** What PSCI_VERSION gives; undefined for 0.1, which has no such call. */
  readonly version: PsciVersion | undefined;
  /** The calls that are implemented; every other number is unknown. */
  readonly calls: readonly PsciCallName[];
  /** Numbers of 0.1 that are answered, in place of the calls' own (0.1) or beside them. */
  readonly legacyIds?: LegacyIds;
  readonly convention?: Partial<Convention>;
  /** Bits of a target that belong to no affinity field: the target is refused, or they are ignored. */
  readonly mpidrReserved: 'refused' | 'ignored';
  readonly affinity: AffinityRules;
  readonly entry: EntryRules;
  readonly cpuOn: CpuOnRules;
  readonly start: StartRules;
  readonly suspend: SuspendRules;
  /** Whether the time in which a CPU is off counts as time in its power-down state. */
  readonly statisticsCountOff: boolean;
  readonly migrate: MigrateRules;
  readonly trustedOs?: TrustedOs;
  /** The power domains; from the CPUs' affinities where absent. */
  readonly topology?: readonly PowerDomain[];
  /** What NODE_HW_STATE says; what the CPUs do, where absent. */
  readonly nodeHwState?: readonly NodeHwRule[];
  /** What MEM_PROTECT protects: guest memory where absent. */
  readonly memProtect?: readonly AddressRange[];
  /** SYSTEM_RESET2 types from 0x8000_0000 on that are supported; `any` compares all bits of the SMC64 call's register. */
  readonly vendorResets: readonly number[] | 'any';
  /**
   * How CPU_OFF leaves: the CPU goes, and is on until it has gone; or it goes and is off for everybody at once; or it
   * sleeps where it is, off for everybody at once, until CPU_ON or whoever embeds the machine wakes it. It goes where absent.
   */
  readonly cpuOff?: 'goes' | 'goes-at-once' | 'sleeps';
  readonly cleanInv?: CleanInvRules;
  /** What X0 holds should the machine run on after a system call; left alone where absent. */
  readonly afterSystemCall?: number;
  /** Whether PSCI_FEATURES(SMCCC_VERSION) gives SUCCESS: `seen` where a service at the same level has it. */
  readonly smcccVersion: 'seen' | 'yes' | 'no';
  /** Whether PSCI_FEATURES tells AArch32 callers of SMC64 numbers, which they cannot call; it hides them where absent. */
  readonly features64?: 'a64' | 'all';
  /** Where it stands, the usual place first; anywhere where absent. */
  readonly levels?: readonly Level[];
  /** The other services that the same firmware contains, by name (the architecture calls, owners' queries, TRNG). */
  readonly contains?: Readonly<Record<string, Service>>;
}
