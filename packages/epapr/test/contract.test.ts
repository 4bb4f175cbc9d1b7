import type { CallDeclaration, Interface } from '@trapline/core';
import { abi, hypervisor, status } from '@trapline/epapr';
import { Coverage, describeService, fuzzCalls, type Subject } from '@trapline/testkit';
import { expect, test } from 'vitest';

const subject: Subject = {
  service: hypervisor({
    byteChannels: [{ ends: [{ guest: 'guest', handle: 1, receiveInterrupt: 5, transmitInterrupt: 6 }], capacity: 32 }],
    doorbells: [
      { from: { guest: 'guest', handle: 2 }, to: { guest: 'guest', interrupt: 7 } },
      { from: { guest: 'guest', handle: 3 } },
    ],
    interrupts: [8],
    message: 4,
  }),
  interfaces: [abi as unknown as Interface],
  conduit: 'hvc',
  guest: { hasEl2: true },
  valid: { handle: [1n, 2n, 3n], interrupt: [5n, 6n, 7n, 8n], cpu: [0n, 1n, 2n, 3n] },
};

describeService({ ...subject, name: 'ePAPR', unknown: BigInt(status.UNIMPLEMENTED.code), calls: 10_000 });

test('random calls reach every call with SUCCESS and with each documented error', () => {
  const coverage = new Coverage([abi as unknown as Interface]);
  fuzzCalls(subject, { calls: 40_000, seed: 1, coverage });
  const bare = { ...subject, service: hypervisor() };
  fuzzCalls(bare, { calls: 20_000, seed: 2, coverage });
  const full = hypervisor({ byteChannels: [{ ends: [{ guest: 'guest', handle: 1 }], capacity: 1 }] });
  const sends = { ...(abi as unknown as Interface), all: [abi.calls.byteChannelSend as unknown as CallDeclaration] };
  fuzzCalls({ ...subject, service: full, interfaces: [sends] }, { calls: 2000, seed: 3, coverage });
  expect(coverage.missing(), coverage.toString()).toEqual([]);
});
