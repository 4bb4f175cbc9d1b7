import type { GuestPhysical, Interface } from '@trapline/core';
import { abi as psciAbi } from '@trapline/psci';
import { archAbi } from '@trapline/smccc';
import { describeService, fuzzCalls, type Random, type Subject, TEST_RAM, type World } from '@trapline/testkit';
import { type HypervisorOptions, hypervisor, xenAbi } from '@trapline/xen';
import { describe, test } from 'vitest';
import { FIRMWARE_CONVENTION } from '../src/firmware/convention.js';
import { PSCI_PROFILE } from '../src/firmware/psci-profile.js';

/** Small: a call that runs to the end of memory is soon through. */
const RAM = { base: TEST_RAM.base, size: 0x2_0000 };
const PAGES = RAM.size / 0x1000;
/** Registers that a preempted hypercall rewrites. */
const REWRITTEN = 5;

const range = (from: number, to: number): bigint[] => Array.from({ length: to - from }, (_, i) => BigInt(from + i));
const addresses = [0n, 1n, 0x1000_0000n, ...range(0, 8).map((page) => BigInt(RAM.base) + page * 0x1000n + page * 8n)];

const valid = {
  target: [0n, 1n, 2n, 3n, 4n, 0x8000_0001n, 0x100n],
  entry: [BigInt(RAM.base), BigInt(RAM.base) + 1n],
  lowestLevel: range(0, 6),
  cmd: range(0, 32),
  count: [0n, 1n, 2n, 17n, 300n, 0x8000_0000n],
  nrCalls: [0n, 1n, 3n, 300n, 0xffff_ffffn],
  nrBufs: range(0, 5),
  domid: [0n, 1n, 2n, 0x7ff0n],
  vcpuid: range(0, 6),
  type: range(0, 7),
  pointer: addresses,
  word: [0n, 1n, 16n, 4096n],
};

/** Xen's reading of a firmware interface. */
function asXen(of: unknown, names: readonly string[]): Interface {
  const declared = of as Interface;
  const all = declared.all.filter(({ name }) => names.includes(name));
  return { ...declared, all, convention: { ...declared.convention, ...FIRMWARE_CONVENTION } };
}

const WORKAROUNDS = ['archWorkaround1', 'archWorkaround2', 'archWorkaround3'];

function firmware(options: HypervisorOptions, conduit: 'hvc' | 'smc'): Subject {
  return {
    service: hypervisor(options),
    interfaces: [
      asXen(psciAbi, PSCI_PROFILE.calls),
      asXen(archAbi, ['version', 'archFeatures', ...(conduit === 'smc' ? [] : WORKAROUNDS)]),
    ],
    conduit,
    guest: { memory: [RAM] },
    valid,
    resultRegisters: 4,
  };
}

function hypercalls(options: HypervisorOptions): Subject {
  return {
    service: hypervisor(options),
    interfaces: [xenAbi as unknown as Interface],
    conduit: 'hvc',
    guest: { memory: [RAM] },
    valid,
    resultRegisters: REWRITTEN,
  };
}

for (const conduit of ['hvc', 'smc'] as const) {
  describeService({
    ...firmware({}, conduit),
    name: `Xen's firmware calls by ${conduit}`,
    calls: 5000,
    // 1 and 2 are PSCI 0.1's.
    unknown: undefined,
    readsHighHalves: true,
  });
}

for (const [name, options] of Object.entries({
  'an ordinary domain': {},
  'a permissive build': { profile: 'spec', domains: { guest: { privileged: true } } },
} satisfies Record<string, HypervisorOptions>)) {
  describeService({
    ...hypercalls(options),
    name: `Xen for ${name}`,
    unknown: undefined,
    readsHighHalves: true,
    calls: 5000,
  });
}

/** Puts something into memory that calls may take for a structure: small numbers, frames, pointers, rubbish. */
function scribble({ guest }: World, random: Random): void {
  const bytes = new Uint8Array(64);
  const words = new Uint32Array(bytes.buffer);
  const junk = [
    () => random.below(4),
    () => random.below(48),
    () => 0x7ff0,
    () => RAM.base / 0x1000 + random.below(PAGES),
    () => RAM.base + random.below(PAGES) * 0x1000,
    () => 0x15,
    () => random.bits(),
  ];
  for (let i = 0; i < words.length; i++) words[i] = random.pick(junk)();
  const page = random.below(8);
  guest.ports.memory.write((RAM.base + page * 0x1000 + page * 8) as GuestPhysical, bytes);
}

describe('structures of rubbish', () => {
  test.each([
    ['an ordinary domain', {}],
    ['the control domain', { domains: { guest: { privileged: true } } }],
    ['a permissive build', { profile: 'spec', domains: { guest: { privileged: true } } }],
  ] satisfies [string, HypervisorOptions][])('%s makes nothing throw, hang or change other registers', (_, options) => {
    fuzzCalls(hypercalls(options), { calls: 20_000, seed: 7, between: scribble });
  });
});
