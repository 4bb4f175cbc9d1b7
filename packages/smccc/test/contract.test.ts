import {
  type AttachedGuest,
  type Attachment,
  type Interface,
  perGuest,
  type RandomPort,
  type Service,
} from '@trapline/core';
import {
  archAbi,
  attachArch,
  attachErrata,
  attachPvTime,
  attachSdei,
  attachTrng,
  errataAbi,
  joinAttachments,
  ownerQueries,
  pvTimeAbi,
  QUERY_ABIS,
  type SdeiSignals,
  sdeiAbi,
  statelessAttachment,
  trngAbi,
  unknownCalls,
} from '@trapline/smccc';
import { Coverage, describeService, fuzzCalls, TEST_RAM } from '@trapline/testkit';
import type { Guest, Vcpu } from '@trapline/trap-bus';
import { expect, test } from 'vitest';

// Hundreds of machines are built: seconds on an idle machine, more on a busy one.

const INTERFACES = [archAbi, trngAbi, errataAbi, sdeiAbi, pvTimeAbi, ...QUERY_ABIS.values()] as unknown as Interface[];
const UID = 'b66fb428-e911-c52e-564b-caa9743a004d';
const SCR_EL3 = 0x1e_1100;

/** Signals of the last composition, by guest. */
type Signalled = { signals?: SdeiSignals };

/** The services of this package whose names are given, or all, in one service, as firmware contains them. */
function composed(keep: (part: string) => boolean = () => true, signalled: Signalled = {}): Service {
  return perGuest({
    name: 'composed',
    levels: ['el3'],
    needs: ['memory', 'clock', 'random', 'power'],
    attach: (guest) => {
      const parts = { ...partsOf(guest, signalled), unknown: statelessAttachment('unknown', [unknownCalls()]) };
      return joinAttachments(
        Object.fromEntries(Object.entries(parts).filter(([name]) => name === 'unknown' || keep(name))),
      );
    },
  });
}

function partsOf(guest: AttachedGuest, signalled: Signalled): Readonly<Record<string, Attachment>> {
  return {
    arch: attachArch(guest, {
      socId: { version: 0x043b_0001, name: 'fuzzed' },
      featureAvailability: { registers: { [SCR_EL3]: 1n } },
      workarounds: ([1, 2, 3, 4] as const).map((workaround) => ({
        workaround,
        feature: workaround === 2 ? 'not-required' : 'required',
      })),
    }),
    queries: statelessAttachment(
      'queries',
      ownerQueries({
        owners: Object.fromEntries(
          [...QUERY_ABIS.keys()].map((owner) => [owner, { count: 1, uid: UID, revision: { major: 1, minor: 0 } }]),
        ),
      }),
    ),
    trng: attachTrng(guest, { uuid: UID }),
    errata: attachErrata(guest, { errata: [{ erratum: 1, answer: 'AFFECTED' }] }),
    pvTime: attachPvTime(guest, { areas: [TEST_RAM.base, TEST_RAM.base + 64, undefined, 64] }),
    sdei: attachSdei(guest, {
      events: [
        { number: 8, interrupt: 23 },
        { number: 9, shared: true, critical: true, interrupt: 64 },
        { number: 10, dynamic: true },
        { number: 11, shared: true, dynamic: true },
      ],
      secureInterrupts: [41],
      connect: (_, signals) => {
        signalled.signals = signals;
      },
    }),
  };
}

/** A guest whose firmware knows none of it. */
const nothing: Service = perGuest({
  name: 'nothing',
  levels: ['el3'],
  needs: [],
  attach: () => statelessAttachment('nothing', [unknownCalls()]),
});

const vcpus = [
  { power: 'running', boot: { el: 1 } },
  { power: 'running', boot: { el: 2 } },
  { power: 'running' },
  { power: 'running' },
] as const;
const valid = {
  event: [0n, 8n, 9n, 10n, 11n],
  target: [0n, 1n],
  affinity: [0n, 1n, 2n],
  entry: [0x4008_0000n],
  interrupt: [23n, 40n, 41n, 64n],
  erratum: [1n],
  register: [BigInt(SCR_EL3)],
  function: [0x8000_0002n, 0x8000_7fffn],
};

const guest = { vcpus, hasEl2: true };
const isSdei = (name: string): boolean => name === 'sdei';

describeService({
  service: composed(isSdei),
  name: 'SDEI',
  interfaces: INTERFACES.filter(({ name }) => isSdei(name)),
  guest,
  valid,
  // It has no SMC32 call whose arguments could have high halves.
  readsHighHalves: true,
});
describeService({
  service: composed((name) => !isSdei(name)),
  name: 'everything else',
  interfaces: INTERFACES.filter(({ name }) => !isSdei(name)),
  guest,
  valid,
});

/** Makes one of these calls after the other on a CPU: what random calls alone seldom do in that order. */
function prepare(guest: Guest, cpu: number, story: readonly (readonly [id: number, ...args: number[]])[]): void {
  const { x, powerState } = guest.vcpus[cpu] as Vcpu;
  if (powerState !== 'running') return;
  for (const registers of story) {
    registers.forEach((value, i) => {
      x[i] = BigInt(value >>> 0);
    });
    guest.caller(cpu).execute('smc', 0);
  }
}

const { eventRegister, eventEnable, peUnmask, interruptBind } = sdeiAbi.calls;
const HANDLER = [0x4008_0000, 0, 0, 0] as const;
const STORIES = [
  [[eventRegister.id, 0, ...HANDLER], [eventEnable.id, 0], [peUnmask.id]],
  [[eventRegister.id, 9, ...HANDLER]],
  [
    [interruptBind.id, 40],
    [eventRegister.id, 11, ...HANDLER],
  ],
] as const;

/** Random calls for each declared one. */
const CALLS_EACH = 100_000;
const DECLARED = INTERFACES.reduce((sum, abi) => sum + abi.all.length, 0);

test('random calls reach every call with success and with each error that it documents', () => {
  let dry = false;
  const random: RandomPort = { fill: () => !dry };
  const coverage = new Coverage(INTERFACES);
  const signalled: Signalled = {};
  const fuzzed = { ...guest, ports: { random } };
  fuzzCalls(
    { service: composed(undefined, signalled), interfaces: INTERFACES, guest: fuzzed, valid },
    {
      calls: CALLS_EACH * DECLARED,
      seed: 5,
      coverage,
      between: ({ guest: around }, source) => {
        dry = source.once(4);
        if (source.once(20))
          prepare(around, source.below(vcpus.length), source.pick<(typeof STORIES)[number]>(STORIES));
        if (source.once(4)) signalled.signals?.raise(source.pick([0, 8, 9, 10, 11]), source.pick(around.vcpus));
      },
    },
  );
  fuzzCalls({ service: nothing, interfaces: INTERFACES, guest: fuzzed, valid }, { calls: 20_000, seed: 6, coverage });
  expect(coverage.missing()).toEqual([]);
});
