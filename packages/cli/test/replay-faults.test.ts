import type { Call, Outcome, Service } from '@trapline/core';
import { type Profile, psci, qemuProfile, type TfaOptions, tfaProfile } from '@trapline/psci';
import { loadRecording, type Recording, type RecordingName } from '@trapline/recordings';
import { bareMachine, type FileReport, replay } from '@trapline/replay';
import { beforeAll, describe, expect, it } from 'vitest';

const NAMES = ['psci-qemu-7.2-hvc', 'psci-tfa-default', 'psci-tfa-full', 'psci-tfa-hooks'] as const;
type Name = Extract<RecordingName, (typeof NAMES)[number]>;

const recordings = new Map<Name, Recording>();
beforeAll(async () => {
  for (const name of NAMES) recordings.set(name, await loadRecording(name));
});

/** A change of a copy of a profile, and of what the service does with a call after that. */
interface Fault {
  readonly profile?: (profile: Profile) => Partial<Profile>;
  readonly call?: (name: string, call: Call, outcome: Outcome) => Outcome;
}

function play(name: Name, { profile = () => ({}), call }: Fault): FileReport {
  const original = name === 'psci-qemu-7.2-hvc' ? qemuProfile() : tfaProfile(optionsOf(name));
  const answering = psci.firmware({
    profile: { ...original, ...profile(original) },
    ...(name === 'psci-qemu-7.2-hvc' ? { conduit: 'hvc' } : {}),
  });
  const service = call ? changed(answering, call) : answering;
  const subjects = {
    psci: (setting: Parameters<typeof bareMachine>[0]) =>
      bareMachine(setting, { services: { [setting.environment.el3 ? 'el3' : 'outside']: [service] } }),
  };
  return replay(recordings.get(name) as Recording, { subjects });
}

function optionsOf(name: Name): TfaOptions {
  return { build: name.slice('psci-tfa-'.length) as 'default' | 'full' | 'hooks' };
}

/** A service that does something after each of its calls. */
function changed(service: Service, change: NonNullable<Fault['call']>): Service {
  const start: Service['start'] = () => {
    const running = service.start();
    const attach: typeof running.attach = (guest) => {
      const attachment = running.attach(guest);
      const implementations = attachment.implementations.map((implementation) => ({
        ...implementation,
        entries: implementation.entries.map((entry) => ({
          ...entry,
          handler: (call: Call) => change(entry.declaration.name, call, entry.handler(call)),
        })),
      }));
      return { ...attachment, implementations };
    };
    return { ...running, attach };
  };
  return { ...service, start };
}

/** Sets a register of the caller behind a call that returned. */
function sets(name: string, register: number, value: bigint): Fault {
  return {
    call: (called, call, outcome) => {
      if (called === name && outcome.kind === 'returned') call.pe.x[register] = value;
      return outcome;
    },
  };
}

/** Gives another outcome where a call had one of a kind. */
function turns(name: string, change: (outcome: Outcome) => Outcome): Fault {
  return { call: (called, _, outcome) => (called === name ? change(outcome) : outcome) };
}

describe('a fault in a copy of a profile or of the service is reported at its step', () => {
  it.each(NAMES)('%s is equal without one', (name) => {
    expect(play(name, {})).toMatchObject({ different: 0, skipped: 0 });
  });

  it.each<[string, Name, Fault, string, number, string]>([
    [
      'a wrong version',
      'psci-tfa-default',
      { profile: () => ({ version: { major: 1, minor: 0 } }) },
      'version',
      0,
      'x0',
    ],
    [
      'a wrong code for an entry point',
      'psci-tfa-default',
      { profile: ({ entry }) => ({ entry: { ...entry, error: -2 } }) },
      'cpu-on-entry-1',
      0,
      'x0',
    ],
    [
      'reserved bits of a target refused',
      'psci-tfa-default',
      { profile: () => ({ mpidrReserved: 'refused' }) },
      'cpu-on',
      7,
      'x0',
    ],
    [
      'affinity levels above 0 answered',
      'psci-tfa-default',
      { profile: ({ affinity }) => ({ affinity: { ...affinity, maxLevel: 3 } }) },
      'affinity-levels',
      7,
      'x0',
    ],
    [
      'a missed ON_PENDING',
      'psci-tfa-default',
      { profile: ({ cpuOn }) => ({ cpuOn: { ...cpuOn, starting: 'on' } }) },
      'cpu-on-mpidr-4',
      3,
      'x0',
    ],
    [
      'a refused CPU_ON that changes nothing',
      'psci-tfa-default',
      { profile: ({ cpuOn }) => ({ cpuOn: { ...cpuOn, refusedReplacesStart: false } }) },
      'cpu-on-pending',
      5,
      'entry.x0',
    ],
    [
      'a CPU_ON of an absent CPU that fails',
      'psci-tfa-default',
      { profile: ({ cpuOn }) => ({ cpuOn: { ...cpuOn, absent: 'fails' } }) },
      'cpu-on-mpidr-4',
      0,
      'x0',
    ],
    [
      'a start with another SCTLR',
      'psci-tfa-default',
      { profile: () => ({ start: qemuProfile().start }) },
      'cpu-on',
      3,
      'entry.sctlr',
    ],
    [
      'high halves of 32-bit calls read',
      'psci-tfa-default',
      { profile: ({ convention }) => ({ convention: { ...convention, narrow: 'never' } }) },
      'features',
      103,
      'x0',
    ],
    [
      'codes that are not sign-extended',
      'psci-tfa-default',
      { profile: ({ convention }) => ({ convention: { ...convention, widen: 'zero' } }) },
      'version',
      2,
      'x0',
    ],
    [
      'an immediate that matters',
      'psci-tfa-default',
      { profile: ({ convention }) => ({ convention: { ...convention, immediates: [[0, 0]] } }) },
      'version',
      3,
      'x0',
    ],
    [
      'an idle state that is missing',
      'psci-tfa-full',
      { profile: ({ suspend }) => ({ suspend: { ...suspend, states: suspend.states.slice(0, 2) } }) },
      'cpu-suspend-64',
      80,
      'end',
    ],
    [
      'no mode that the operating system coordinates',
      'psci-tfa-full',
      { profile: ({ suspend }) => ({ suspend: { ...suspend, osInitiated: false } }) },
      'features',
      1,
      'x0',
    ],
    [
      'a Trusted OS that is not where it was',
      'psci-tfa-hooks',
      { profile: ({ trustedOs }) => ({ trustedOs: { type: 'up-migratable', ...trustedOs, resident: 1 } }) },
      'sweep-zero',
      3,
      'x0',
    ],
    [
      'an MPIDR cut to its affinity',
      'psci-tfa-hooks',
      { profile: ({ migrate }) => ({ migrate: { ...migrate, reports: 'affinity' } }) },
      'sweep-zero',
      5,
      'x0',
    ],
    ['numbers of 0.1 forgotten', 'psci-qemu-7.2-hvc', { profile: () => ({ legacyIds: {} }) }, 'version', 13, 'x0'],
    [
      'a power state refused',
      'psci-qemu-7.2-hvc',
      { profile: ({ suspend }) => ({ suspend: { ...suspend, waitUnless: 0xffff_0000 | 0 } }) },
      'cpu-suspend-64',
      26,
      'x0',
    ],
    ['a clobbered X1', 'psci-tfa-hooks', sets('version', 1, 0n), 'version', 0, 'x1'],
    ['a clobbered X17', 'psci-tfa-hooks', sets('affinityInfo', 17, 1n), 'sweep-zero', 2, 'x17'],
    [
      'an off that comes back',
      'psci-tfa-hooks',
      turns('cpuOff', (outcome) => (outcome.kind === 'off' ? { kind: 'returned' } : outcome)),
      'cpu-off-cycle',
      2,
      'end',
    ],
    [
      'a reset that is a shutdown',
      'psci-tfa-default',
      turns('systemReset', () => ({ kind: 'system', event: 'shutdown', detail: {} })),
      'system-reset',
      0,
      'machine',
    ],
    [
      'an exception in place of an answer',
      'psci-qemu-7.2-hvc',
      turns('features', () => ({ kind: 'inject', exception: 'undefined' })),
      'features',
      0,
      'end',
    ],
    [
      'a wake-up with a wrong code',
      'psci-qemu-7.2-hvc',
      turns('cpuSuspend', (outcome) => (outcome.kind === 'wait' ? { ...outcome, results: ['1'] } : outcome)),
      'cpu-suspend-64',
      2,
      'x0',
    ],
    [
      'a resume that is a return',
      'psci-tfa-default',
      turns('cpuSuspend', (outcome) => (outcome.kind === 'wait' ? { ...outcome, onWake: 'return' } : outcome)),
      'cpu-suspend-64',
      32,
      'end',
    ],
  ])('%s (%s)', (_, name, fault, scenario, step, what) => {
    const [first] = play(name, fault).details;
    expect(first).toMatchObject({ verdict: 'different', scenario, step, what });
  });
});
