import type { Service } from '@trapline/core';
import { type Hex, RecordingError } from '@trapline/recordings';
import type { PlannedCpu, Setting, StagePlan } from '../stage/plan.js';
import type { KvmParts, KvmVm } from './parts.js';
import { playersOf } from './players.js';
import { guestCode, type HostSettings, hostOf, IRQ_INPUT, type VmSettings } from './settings.js';
import { VmmSide } from './vmm-side.js';

/**
 * The machine of KVM's recordings: a VM as `vm` of the scenario describes it, on the host that the environment
 * describes, with the VMM's steps played against its side of the VM.
 *
 * Throws `RecordingError` for an environment that lacks what a VM is set up with.
 */
export function kvmMachine(setting: Setting, parts: KvmParts): StagePlan {
  const { environment, scenario, subject } = setting;
  const ram = environment.guestRam as { readonly base: Hex; readonly size: Hex } | undefined;
  if (ram === undefined) throw new RecordingError('environment.guestRam', 'is missing');
  const host = hostOf(environment, scenario);
  const makeService = (connect: (vm: KvmVm) => void): Service =>
    parts.hypervisor({
      profile: subject.profile as never,
      hostCpu: parts.hostCpuOfLevels(levelsOf(host)),
      capabilities: host.kvmCaps,
      connect,
    });
  const vm = (scenario.vm ?? undefined) as VmSettings | undefined;
  const side = new VmmSide(setting, parts, makeService, vm);
  return {
    guests: [
      {
        name: 'vm',
        vcpus: cpusOf(setting, vm),
        memory: [{ base: Number(ram.base), size: Number(ram.size) }],
        services: { el2: [makeService((made) => side.connect(made))] },
        enabled: [IRQ_INPUT],
      },
    ],
    players: playersOf(side),
    arrivals: 'steps',
    observesOperands: true,
  };
}

function levelsOf({ fwRegDefaults }: HostSettings): readonly [number, number, number] {
  const level = (n: number): number => Number(fwRegDefaults[`KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_${n}`] ?? '0x0');
  return [level(1), level(2), level(3)];
}

/** A scenario that makes its VMs by steps has none to begin with; the stage still wants a CPU. */
function cpusOf({ environment }: Setting, vm: VmSettings | undefined): PlannedCpu[] {
  const { base, stride, call } = guestCode(environment);
  if (vm === undefined) return [{ callSite: base + call, power: 'off' }];
  return vm.cpus.map(({ mpidr }, index) => ({
    mpidr: BigInt(mpidr),
    callSite: base + BigInt(index) * stride + call,
    power: 'off',
    boot: { el: 1, state: vm.el1_32bit ? 'a32' : 'a64' },
  }));
}
