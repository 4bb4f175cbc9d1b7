import type { Interface } from '@trapline/core';
import { abi, type HypervisorOptions, hypervisor } from '@trapline/kvm';
import { abi as psciAbi } from '@trapline/psci';
import { archAbi, pvTimeAbi, trngAbi } from '@trapline/smccc';
import { Coverage, describeService, fuzzCalls, type Subject, TEST_RAM } from '@trapline/testkit';
import { describe, expect, test } from 'vitest';
import { PSCI_PROFILE } from '../src/calls/psci-profile.js';
import { RAM } from './machine.js';

/** KVM's reading of an interface: 64-bit numbers are there for AArch32 callers too. */
function asKvm(of: unknown, names?: readonly string[]): Interface {
  const declared = of as Interface;
  const all = declared.all.filter(({ name }) => names?.includes(name) ?? true);
  return { ...declared, all, convention: { ...declared.convention, smc64NeedsA64: false } };
}

const ARCH = ['version', 'archFeatures', 'archWorkaround1', 'archWorkaround2', 'archWorkaround3'];
const UPSTREAM = ['features', 'ptp', 'hypMeminfo', 'memShare', 'memUnshare', 'mmioGuardMap'];

const valid = {
  target: [0n, 1n, 2n, 3n, 4n, 0x8000_0001n],
  entry: [BigInt(RAM)],
  lowestLevel: [0n, 1n, 3n, 4n],
  'granule address': [BigInt(TEST_RAM.base), BigInt(TEST_RAM.base) + 0x1000n, 0x900_0000n, BigInt(TEST_RAM.base) + 1n],
  reserved: [0n],
  counter: [0n, 1n, 2n],
  index: [0n, 1n, 2n],
  type: [0n, 1n, 0x8000_0000n],
};

function subjectOf(options: HypervisorOptions, conduit: 'hvc' | 'smc' = 'hvc'): Subject {
  return {
    service: hypervisor({
      protected: { android: true },
      implementations: [{ midr: 1n, revidr: 2n, aidr: 3n }],
      systemSuspend: true,
      ...options,
      connect: (vm) => vm.vcpus[0]?.setDeviceAttr(2, 0, BigInt(TEST_RAM.base)),
    }),
    interfaces: [
      asKvm(psciAbi, PSCI_PROFILE.calls),
      asKvm(archAbi, ARCH),
      asKvm(trngAbi),
      asKvm(pvTimeAbi),
      asKvm(abi),
    ],
    conduit,
    valid,
    resultRegisters: 4,
  };
}

for (const profile of ['linux-6.1', 'linux-6.12', 'spec'] as const) {
  describeService({ ...subjectOf({ profile }), name: `KVM, profile ${profile},`, unknown: undefined, calls: 10_000 });
}

describe('random calls', () => {
  test('reach every call with SUCCESS and with each error that it can give', () => {
    const interfaces = [asKvm(psciAbi, PSCI_PROFILE.calls), asKvm(trngAbi), asKvm(abi)];
    const coverage = new Coverage(interfaces);
    const entropy = { random: { fill: (bytes: Uint8Array) => bytes.length % 3 !== 0 } };
    [
      subjectOf({ profile: 'spec' }),
      { ...subjectOf({ profile: 'spec' }), guest: { ports: entropy } },
      subjectOf({ profile: 'spec', implementations: [] }),
      { ...subjectOf({ profile: 'spec' }), interfaces: [asKvm(abi, UPSTREAM)] },
      { ...subjectOf({ profile: 'spec' }), interfaces: [asKvm(abi, ['mmioGuardMap', 'mmioGuardUnmap'])] },
    ].forEach((subject, i) => {
      fuzzCalls(subject, { calls: 60_000, seed: i + 1, coverage });
    });
    // KVM never looks at an entry point, has no ON_PENDING, and always grants what these documents let others refuse.
    const never =
      /INVALID_ADDRESS|ON_PENDING|INTERNAL_FAILURE|DENIED|DISABLED|(version|getUuid|rnd).*NOT_SUPPORTED|cpuSuspend: INVALID/;
    expect(
      coverage.missing().filter((text) => !never.test(text)),
      coverage.toString(),
    ).toEqual([]);
  });
});
