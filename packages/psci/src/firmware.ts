import {
  type AttachedGuest,
  type Attachment,
  type ConduitKind,
  type Implementation,
  implement,
  type Level,
  type Pe,
  type PortName,
  perGuest,
  type RangeHandler,
  returnInt,
  type Service,
} from '@trapline/core';
import { abi } from './abi.js';
import { writePsciNode } from './binding.js';
import { handlersOf } from './calls/handlers.js';
import { EVENT_ENTERED, EVENT_STOPPED, EVENT_WAKE } from './cpu-state.js';
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
  const profile = { ...profileOf(options), ...(options.topology ? { topology: options.topology } : {}) };
  const { suspend } = profile;
  const complete = options.idleStates ? { ...profile, suspend: { ...suspend, states: options.idleStates } } : profile;
  return perGuest({
    name: `psci (${profile.name})`,
    levels: options.levels ?? ['el3', 'el2', 'outside'],
    needs: portsOf(complete),
    attach: (guest) => attach(complete, options, guest),
  });
}

function portsOf(profile: Profile): readonly PortName[] {
  const { calls, entry, suspend } = profile;
  const needs: PortName[] = ['power', 'system'];
  if (entry.within === 'memory' || calls.includes('memProtectCheckRange')) needs.push('memory');
  if (calls.includes('statCount') || calls.includes('cleanInvMemregion')) needs.push('clock');
  if (suspend.pendingReturns) needs.push('interrupts');
  return needs;
}

function attach(profile: Profile, options: FirmwareOptions, guest: AttachedGuest): Attachment {
  const platform = new Platform(profile, guest);
  const implementations: readonly Implementation[] = implementationsOf(platform, options, () =>
    featureFlags(profile, implementations, guest.neighbours()),
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
    const { cpuSuspend, cpuOff, cpuOn, migrate } = handlers;
    const legacy = { cpuSuspend, cpuOff, cpuOn, migrate };
    const present = Object.entries(legacy).filter(
      ([name, handler]) => handler !== undefined && legacyIds[name as keyof typeof legacy] !== undefined,
    );
    const ids = Object.fromEntries(present.map(([name]) => [name, [legacyIds[name as keyof typeof legacy] as number]]));
    const narrow = convention.narrow ?? 'by-caller';
    list.push(implement(abi, Object.fromEntries(present), { convention: { ...convention, narrow }, ids, ranges }));
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
