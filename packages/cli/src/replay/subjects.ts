import type { ConduitKind, Level } from '@trapline/core';
import { createVcpuResult, hostCpuOfLevels, hypervisor, mpidrOfVcpu } from '@trapline/kvm';
import { type FirmwareOptions, psci } from '@trapline/psci';
import {
  bareMachine,
  kvmMachine,
  type Setting,
  type StagePlan,
  type Subjects,
  tracedMachine,
  xenMachine,
} from '@trapline/replay';
import { hypervisor as xen } from '@trapline/xen';
import { stacks } from '../boot/stacks.js';
import { XenSide } from '../boot/xen-side.js';

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

/** A stack that `trapline boot` names, by a trace of it. */
function playStack(setting: Setting): StagePlan {
  const { profile, options } = setting.subject;
  const services = Object.hasOwn(stacks, profile) ? stacks[profile] : undefined;
  if (services === undefined)
    throw new Error(`no stack '${profile}' here; there are ${Object.keys(stacks).join(', ')}`);
  const pages = Number(options.pages);
  const guest = setting.environment.traced?.guest ?? '';
  const xen = new XenSide({ pages, post: (work) => work() }, guest, []);
  const { el2 = [], el3 = [], tick } = services({ pages, xen });
  return tracedMachine(setting, { services: { el2, el3 }, actions: tick === undefined ? {} : { tick } });
}
