import type { ConduitKind, Level } from '@trapline/core';
import { createVcpuResult, hostCpuOfLevels, hypervisor, mpidrOfVcpu } from '@trapline/kvm';
import { type FirmwareOptions, psci } from '@trapline/psci';
import { bareMachine, kvmMachine, type Setting, type StagePlan, type Subjects, xenMachine } from '@trapline/replay';
import { hypervisor as xen } from '@trapline/xen';
import { playStack } from './traced-stack.js';

/** Who answers a recording, by the package that its subject names. */
export const subjects: Subjects = {
  psci: playPsci,
  kvm: (setting) => kvmMachine(setting, { hypervisor, hostCpuOfLevels, mpidrOfVcpu, createVcpuResult }),
  stack: playStack,
  xen: (setting) => xenMachine(setting, { hypervisor: xen }),
};

/**
 * Power firmware on a bare machine: at EL3 where the machine has it, else outside the architecture, where only the
 * conduit that the recorded machine had is answered.
 */
function playPsci(setting: Setting): StagePlan {
  const { subject, environment } = setting;
  const level: Level = environment.el3 ? 'el3' : 'outside';
  const options = {
    profile: subject.profile,
    levels: [level],
    ...(typeof subject.options.build === 'string' ? { build: subject.options.build } : {}),
    ...(level === 'outside' && environment.psciConduit ? { conduit: environment.psciConduit as ConduitKind } : {}),
  } as FirmwareOptions;
  return bareMachine(setting, { services: { [level]: [psci.firmware(options)] } });
}
