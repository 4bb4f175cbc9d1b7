import {
  type AttachedGuest,
  type Attachment,
  type ConduitKind,
  type Implementation,
  implement,
  type Level,
  type Pe,
  type PortName,
  type RangeHandler,
  type RunningService,
  returnInt,
  type Saved,
  type Service,
} from '@trapline/core';
import { joinAttachments } from '@trapline/smccc';
import { abi } from './abi.js';
import { AFFINITY_ON } from './affinity.js';
import { writePsciNode } from './binding.js';
import { cpuOn as cpuOnHandler } from './calls/cpu-on.js';
import { handlersOf } from './calls/handlers.js';
import { CPU_OFF, CPU_ON, EVENT_ENTERED, EVENT_STOPPED, EVENT_WAKE } from './cpu-state.js';
import { featureFlags } from './features.js';
import type { IdleState } from './idle-state.js';
import { Platform } from './platform.js';
import type { Profile } from './profile.js';
import { type ProfileOptions, profileOf } from './profiles.js';
import { restorePlatform, savePlatform } from './saved.js';
import { Code } from './status.js';
import type { PowerDomain } from './topology.js';

/** How {@link firmware} answers. */
export interface FirmwareOptions extends ProfileOptions {
  /** The instruction it takes alone; both where absent. Firmware that stands `outside` should name one. */
  readonly conduit?: ConduitKind;
  /** The levels it may stand at; `el3`, `el2` and `outside` where absent. */
  readonly levels?: readonly Level[];
  /** The power domains, in place of the profile's. */
  readonly topology?: readonly PowerDomain[];
  /** The idle states, in place of the profile's and in its format. */
  readonly idleStates?: readonly IdleState[];
  /** Whether SMCs from EL1 are to be trapped to it at EL2; they are where its conduit is `smc`. */
  readonly trapsSmc?: boolean;
}

/**
 * PSCI's answering side, as one real implementation or one version of the specification does it.
 *
 * A number that no service claims gets NOT_SUPPORTED. Throws {@link CompositionError} for a profile that is not there, and,
 * when a machine is built, for a topology or a table of idle states that contradicts itself.
 */
export function firmware(options: FirmwareOptions = {}): Service {
  const profile = completeProfile(options);
  const contained = profile.contains ?? {};
  return {
    name: `psci (${profile.name})`,
    levels: options.levels ?? profile.levels ?? ['el3', 'el2', 'outside'],
    needs: [...new Set([...portsOf(profile), ...Object.values(contained).flatMap((service) => service.needs)])],
    start: () => start(profile, options, contained),
  };
}

function completeProfile(options: FirmwareOptions): Profile {
  const profile = profileOf(options);
  const { topology = profile.topology, idleStates: states = profile.suspend.states } = options;
  return {
    ...profile,
    ...(topology === undefined ? {} : { topology }),
    suspend: { ...profile.suspend, states },
  };
}

/** Starts the services that the profile contains, and joins what they attach with PSCI's own. */
function start(
  profile: Profile,
  options: FirmwareOptions,
  contained: Readonly<Record<string, Service>>,
): RunningService {
  const running = Object.entries(contained).map(([name, service]) => [name, service.start()] as const);
  if (running.length === 0) return { attach: (guest) => attach(profile, options, guest, []) };
  return {
    attach: (guest) => {
      const others = running.map(([name, service]) => [name, service.attach(guest)] as const);
      const known = others.flatMap(([, attachment]) => attachment.implementations);
      return joinAttachments({ psci: attach(profile, options, guest, known), ...Object.fromEntries(others) });
    },
    save: () => Object.fromEntries(running.map(([name, service]) => [name, service.save?.() ?? null])),
    restore: (saved) => {
      const parts = (typeof saved === 'object' && saved !== null ? saved : {}) as Readonly<Record<string, Saved>>;
      for (const [name, service] of running) service.restore?.(parts[name] ?? null);
    },
    dispose: () => {
      for (const [, service] of running) service.dispose?.();
    },
  };
}

function portsOf(profile: Profile): readonly PortName[] {
  const { calls, entry, suspend } = profile;
  const needs: PortName[] = ['power', 'system'];
  if (entry.within === 'memory' || calls.includes('memProtectCheckRange')) needs.push('memory');
  if (calls.includes('statCount') || calls.includes('cleanInvMemregion')) needs.push('clock');
  if (suspend.pendingReturns) needs.push('interrupts');
  return needs;
}

/**
 * PSCI of one guest inside a service that contains it, and that may turn CPUs on and off by itself as a hypervisor's
 * VMM does.
 */
export interface ContainedPsci extends Attachment {
  /** Whether a CPU is on for AFFINITY_INFO and CPU_ON. */
  isOn(pe: Pe): boolean;
  /** Says that a CPU is on or off from now on; nothing is started or stopped. */
  setOn(pe: Pe, on: boolean): void;
  /**
   * Whether CPU_ON has started a CPU that stood off in mid-run (its power port said `running`): whoever runs it begins
   * it at its start state first. Asked once: the debt is then paid.
   */
  takeReset(pe: Pe): boolean;
}

/** Attaches PSCI to a guest for a service that contains it. */
export function attachFirmware(guest: AttachedGuest, profile: Profile): ContainedPsci {
  const platform = new Platform(profile, guest);
  const { cpus, owesReset } = platform;
  return {
    ...attachPlatform(platform, {}, guest, []),
    isOn: (pe) => cpus.affinityState(cpus.numberOf(pe)) === AFFINITY_ON,
    setOn: (pe, on) => {
      const cpu = cpus.numberOf(pe);
      if (on !== (cpus.affinityState(cpu) === AFFINITY_ON)) cpus.put(cpu, on ? CPU_ON : CPU_OFF);
    },
    takeReset: (pe) => {
      const owed = owesReset[pe.index] === 1;
      owesReset[pe.index] = 0;
      return owed;
    },
  };
}

function attach(
  profile: Profile,
  options: FirmwareOptions,
  guest: AttachedGuest,
  contained: readonly Implementation[],
): Attachment {
  return attachPlatform(new Platform(profile, guest), options, guest, contained);
}

function attachPlatform(
  platform: Platform,
  options: FirmwareOptions,
  guest: AttachedGuest,
  contained: readonly Implementation[],
): Attachment {
  const { profile } = platform;
  const implementations: readonly Implementation[] = implementationsOf(platform, options, () =>
    featureFlags(profile, implementations, [...contained, ...guest.neighbours()]),
  );
  return {
    implementations,
    trapsSmc: options.trapsSmc ?? (guest.level === 'el2' && options.conduit === 'smc'),
    entered: (pe) => advance(platform, pe, EVENT_ENTERED),
    offCompleted: (pe) => advance(platform, pe, EVENT_STOPPED),
    woke: (pe) => advance(platform, pe, EVENT_WAKE),
    reset: () => platform.reset(),
    save: () => savePlatform(platform),
    restore: (saved) => restorePlatform(platform, saved),
    describe: (tree, description) =>
      writePsciNode(
        tree,
        {
          version: profile.version,
          legacyIds: profile.legacyIds,
          idleStates: [...platform.idleStates.values()].map((idle) => idle.state),
        },
        description,
      ),
  };
}

/** Numbers of both kinds; the 0.1 ones have no width of their own, so their arguments are as wide as the caller's registers. */
function implementationsOf(
  platform: Platform,
  options: FirmwareOptions,
  flags: () => ReadonlyMap<number, number>,
): readonly Implementation[] {
  const { legacyIds, version } = platform.profile;
  const convention = {
    ...platform.profile.convention,
    ...(options.conduit === undefined ? {} : { conduits: [options.conduit] }),
  };
  const handlers = handlersOf(platform, flags);
  const ranges = [UNKNOWN];
  const list: Implementation[] = [];
  if (version !== undefined) list.push(implement(abi, handlers, { convention, ranges }));
  if (legacyIds !== undefined) {
    const { cpuSuspend, cpuOff, migrate } = handlers;
    const { legacyAlreadyOn: alreadyOn, legacyRefusedEntry, legacyZeroContext } = platform.profile.cpuOn;
    const answers = { alreadyOn, refusedEntry: legacyRefusedEntry, zeroContext: legacyZeroContext };
    const cpuOn = handlers.cpuOn && cpuOnHandler(platform, answers);
    const legacy = { cpuSuspend, cpuOff, cpuOn, migrate };
    const present = Object.entries(legacy).filter(
      ([name, handler]) => handler !== undefined && legacyIds[name as keyof typeof legacy] !== undefined,
    );
    const ids = Object.fromEntries(present.map(([name]) => [name, [legacyIds[name as keyof typeof legacy] as number]]));
    const width = convention.narrow ?? 'by-caller';
    const narrow = Object.fromEntries(present.map(([name]) => [name, width]));
    list.push(implement(abi, Object.fromEntries(present), { convention, ids, narrow, ranges }));
  }
  return list;
}

const UNKNOWN: RangeHandler = {
  from: 0,
  to: 0xffff_ffff,
  fallback: true,
  handler: (call) => returnInt(call, Code.NOT_SUPPORTED),
};

function advance(
  platform: Platform,
  pe: Pe,
  event: typeof EVENT_ENTERED | typeof EVENT_STOPPED | typeof EVENT_WAKE,
): void {
  const { cpus, profile } = platform;
  const cpu = cpus.numberOf(pe);
  if (cpu < 0 || !cpus.advance(cpu, event)) return;
  platform.statistics?.changed(cpu, event === EVENT_WAKE || profile.statisticsCountOff);
}
