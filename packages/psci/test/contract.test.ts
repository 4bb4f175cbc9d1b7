import type { Interface } from '@trapline/core';
import { abi, clusters, type FirmwareOptions, psci, specProfile, tfaProfile } from '@trapline/psci';
import { Coverage, describeService, fuzzCalls, type Subject, TEST_RAM, type ValidValues } from '@trapline/testkit';
import { describe, expect, test } from 'vitest';

const RAM = BigInt(TEST_RAM.base);

/** Hundreds of small machines a rule: slow on a busy one. */

/** What makes sense in a test guest: four CPUs, a fifth that is declared only, 16 MiB of memory. */
const valid: ValidValues = {
  target: [0n, 1n, 2n, 3n, 4n, 0x8000_0001n],
  entry: [RAM, RAM + 0x1000n],
  powerState: [0x0n, 0x1_0000n, 0x100_0000n, 0x101_0000n, 0x101_0001n, 0x1_0002n, 0x4000_0002n, 0x4000_0022n],
  base: [RAM, RAM + BigInt(TEST_RAM.size) - 0x1000n],
  length: [0x1000n, BigInt(TEST_RAM.size)],
  function: abi.all.flatMap((call) => [call.id, call.wideId ?? call.id]).map((id) => BigInt(id >>> 0)),
};

function subjectOf(options: FirmwareOptions): Subject {
  return { service: psci.firmware(options), interfaces: [abi as unknown as Interface], valid };
}

const topology = clusters(1, 5);
/** Slow enough that a second operation meets the first. */
const cleanInv = { opType: 0, latency: 50_000, rateLimit: 5 };

/** The calls of one family alone: what takes several of them in a row happens often enough. */
function only(...names: readonly string[]): Interface {
  return { ...(abi as unknown as Interface), all: abi.all.filter((call) => names.includes(call.name)) };
}

for (const profile of ['spec', 'spec-0.2'] as const) {
  describeService({ ...subjectOf({ profile }), name: `PSCI, profile ${profile},`, calls: 10_000 });
}
// What TF-A contains beside PSCI keeps the contract by itself, in its own package.
const { contains: _, ...bare } = tfaProfile({ build: 'hooks' });
describeService({ ...subjectOf({ profile: bare }), name: 'PSCI, profile tf-a-hooks,', calls: 10_000 });
describeService({
  ...subjectOf({ profile: 'qemu-7.2', conduit: 'smc' }),
  name: 'PSCI, profile qemu-7.2,',
  readsHighHalves: true,
  calls: 10_000,
});

/** Random calls for each declared one. */
const CALLS_EACH = 100_000;

describe('random calls', () => {
  test('reach every call with SUCCESS and with each error that the specification documents', () => {
    const profile = { ...specProfile('1.3'), topology, cleanInv };
    const movable = specProfile('1.3', { trustedOs: { type: 'up-migratable', resident: 0, refuses: [3] } });
    const subjects = [
      subjectOf({ profile }),
      subjectOf({ profile: { ...movable, topology } }),
      subjectOf({ trustedOs: { type: 'up' } }),
      { ...subjectOf({ profile }), interfaces: [only('cpuOn', 'cpuOff')] },
      { ...subjectOf({ profile }), interfaces: [only('cpuOn', 'setSuspendMode', 'cpuSuspend')] },
      { ...subjectOf({ profile }), interfaces: [only('cleanInvMemregion', 'cleanInvMemregionAttributes')] },
    ];
    const coverage = new Coverage([abi as unknown as Interface]);
    subjects.forEach((subject, i) => {
      fuzzCalls(subject, {
        calls: Math.ceil((CALLS_EACH * abi.all.length) / subjects.length),
        seed: i + 1,
        coverage,
        between: ({ machine }, random) => machine.clock.advance(BigInt(random.below(100_000))),
      });
    });
    expect(coverage.missing(), coverage.toString()).toEqual([]);
  });
});
