import {
  type AttachedGuest,
  type Attachment,
  type Entry,
  type Implementation,
  type Pe,
  RestoreError,
  returnInt,
  type Saved,
} from '@trapline/core';
import { attachFirmware, LEGACY_IDS, writePsciNode } from '@trapline/psci';
import { OWNER_VENDOR_HYPERVISOR, ownerQueries, smcccStatus, trngCalls, unknownCalls } from '@trapline/smccc';
import { KVM_CONVENTION } from './abi/convention.js';
import { KVM_UID } from './abi/vendor.js';
import { archCalls, workaroundCalls } from './calls/arch.js';
import { type Condition, type Conduit, throughGate, unknownNumber } from './calls/gate.js';
import { implementationHandlers } from './calls/implementations.js';
import { ProtectedMemory } from './calls/protected.js';
import { featuresHandler, isThere, versionHandler } from './calls/psci-calls.js';
import { PSCI_PROFILE } from './calls/psci-profile.js';
import { StolenTime } from './calls/pv-time.js';
import { vendorCalls, vendorCondition } from './calls/vendor.js';
import { hostCpuOf } from './host/host-cpu.js';
import type { HypervisorOptions } from './hypervisor.js';
import { type KvmProfile, PSCI_0_1 } from './profile.js';
import { STD_HYP_PV_TIME, STD_TRNG, VmState } from './vm-state.js';
import { Vm } from './vmm/vm.js';

/** The UUID of KVM's TRNG back end (arch/arm64/kvm/trng.c). */
const TRNG_UUID = '0d21e000-4384-11eb-8070-5244554e5a4c';
const ALWAYS: Condition = () => true;

/** KVM's part in one guest: a VM. */
export function attachVm(guest: AttachedGuest, profile: KvmProfile, options: HypervisorOptions): Attachment {
  const state = new VmState(
    profile,
    hostCpuOf(options.hostCpu, guest.midr),
    guest.pes.length,
    options.psci02 === false,
  );
  const psci = attachFirmware(guest, PSCI_PROFILE);
  const stolenTime = new StolenTime(guest);
  const memory = options.protected && new ProtectedMemory(guest, options.protected);
  const parts = [
    ...(memory ? [{ handlers: memory.handlers(), functions: memory.functions }] : []),
    ...(options.implementations ? [{ handlers: implementationHandlers(options.implementations), functions: 0 }] : []),
  ];
  const vendor = vendorCalls(guest, state, options.virtualOffset ?? 0n, parts);
  const vm = new Vm({ guest, state, psci, stolenTime, memory });
  const calls = (conduit: Conduit): readonly Implementation[] => {
    const there = vendorCondition(state);
    return [
      ...psci.implementations.map((part) => psciThroughGate(conduit, vm, part)),
      throughGate(conduit, archCalls(state), () => ALWAYS),
      throughGate(conduit, trngCalls(guest, TRNG), () => ({ bitmap: state.std, bit: STD_TRNG })),
      throughGate(conduit, stolenTime.calls(), () => ({ bitmap: state.stdHyp, bit: STD_HYP_PV_TIME })),
      throughGate(conduit, vendor, there),
      ...ownerQueries(QUERIES).map((part) => throughGate(conduit, part, there)),
      { ...unknownCalls({ ...KVM_CONVENTION, conduits: [conduit.kind] }), ranges: [everything(conduit)] },
    ];
  };
  state.systemSuspend = options.systemSuspend ?? false;
  options.connect?.(vm, guest);
  // What the VMM has set up by now is what a reset goes back to.
  const initial = { vm: vm.save(), stolenTime: stolenTime.save() };
  return {
    implementations: [
      ...calls({ vm: state, kind: 'hvc' }),
      workaroundCalls(),
      ...(profile.smc === 'dispatched' ? calls({ vm: state, kind: 'smc' }) : [refusedSmc()]),
    ],
    // HCR_EL2.TSC is always set for guests.
    trapsSmc: true,
    entered: (pe) => {
      psci.entered?.(pe);
      vm.vcpus[pe.index]?.entered();
      stolenTime.update(pe);
    },
    // CPU_ON may have come while the CPU was on its way off: it begins now that it has gone.
    offCompleted: (pe) => {
      if (psci.takeReset(pe)) guest.ports.power.start(pe);
    },
    woke: (pe) => {
      psci.woke?.(pe);
      vm.vcpus[pe.index]?.woke();
      stolenTime.update(pe);
    },
    reset: () => {
      psci.reset();
      vm.restore(initial.vm);
      stolenTime.restore(initial.stolenTime);
      memory?.reset();
    },
    save: () => ({
      psci: psci.save(),
      vm: vm.save(),
      stolenTime: stolenTime.save(),
      ...(memory ? { memory: memory.save() } : {}),
    }),
    restore: (saved) => {
      const record = recordOf(saved);
      psci.restore(record.psci ?? null);
      vm.restore(record.vm);
      stolenTime.restore(record.stolenTime);
      memory?.restore(record.memory);
    },
    describe: (tree, description) => {
      const version = state.psciVersionOf(guest.pes[0] as Pe);
      const old = version === PSCI_0_1;
      const psciNode = {
        version: old ? undefined : { major: version >>> 16, minor: version & 0xffff },
        legacyIds: old ? PSCI_PROFILE.legacyIds : undefined,
        idleStates: [],
      };
      writePsciNode(tree, psciNode, description);
    },
  };
}

const TRNG = { uuid: TRNG_UUID, zeroBits: 'success', convention: KVM_CONVENTION } as const;
const QUERIES = { owners: { [OWNER_VENDOR_HYPERVISOR]: { uid: KVM_UID } }, convention: KVM_CONVENTION };

/** PSCI's calls with KVM's own VERSION and FEATURES, and the 0.1 numbers for vCPUs that have PSCI 0.1. */
function psciThroughGate(conduit: Conduit, vm: Vm, part: Implementation): Implementation {
  const { vm: state } = conduit;
  const legacy = part.entries.some(({ id }) => id === LEGACY_IDS.cpuOn);
  const own: Readonly<Record<string, Entry['handler']>> = {
    version: versionHandler(state),
    features: featuresHandler(state),
  };
  const entries = part.entries.map((entry) => ({
    ...entry,
    handler: vm.watching(own[entry.declaration.name] ?? entry.handler),
  }));
  return throughGate(conduit, { ...part, entries }, (declaration) =>
    legacy ? ({ pe }) => state.psciVersionOf(pe) === PSCI_0_1 : isThere(state, declaration),
  );
}

function everything(conduit: Conduit): Implementation['ranges'][number] {
  return { from: 0, to: 0xffff_ffff, fallback: true, handler: unknownNumber(conduit) };
}

/** handle_smc before Linux 6.4: X0 alone, whatever was asked. */
function refusedSmc(): Implementation {
  const convention = { ...KVM_CONVENTION, conduits: ['smc'] };
  return {
    ...unknownCalls(convention),
    ranges: [
      { from: 0, to: 0xffff_ffff, fallback: true, handler: (call) => returnInt(call, smcccStatus.NOT_SUPPORTED.code) },
    ],
  };
}

function recordOf(saved: Saved): { readonly [key: string]: Saved } {
  if (typeof saved !== 'object' || saved === null || Array.isArray(saved)) {
    throw new RestoreError('kvm: the saved state of a VM is wanted');
  }
  return saved as { readonly [key: string]: Saved };
}
