import type { Interface } from '@trapline/core';
import { Coverage, describeService, fuzzCalls, type Subject } from '@trapline/testkit';
import { abi, hypervisor, MODE_IN_LONG } from '@trapline/vmware';
import { expect, test } from 'vitest';

/** By HVC with immediate 0x86: the other conduit is the same handler. */
const byHvc = { ...abi, convention: { ...abi.convention, immediates: [[0x86, 0x86]] } } as unknown as Interface;

const subject: Subject = {
  service: hypervisor(),
  interfaces: [byHvc],
  conduit: 'hvc',
  guest: { hasEl2: true },
  valid: { mode: [BigInt(MODE_IN_LONG)], port: [0x5658n] },
};

describeService({ ...subject, name: 'VMware’s backdoor', unknown: undefined, readsHighHalves: true, calls: 20_000 });

test('random calls come through', () => {
  const coverage = new Coverage([byHvc]);
  fuzzCalls(subject, { calls: 20_000, seed: 1, coverage });
  expect(coverage.missing()).toEqual([]);
});
