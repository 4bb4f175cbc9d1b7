import type { Level, Service } from '@trapline/core';
import { KVM_ARM_VCPU_PVTIME_CTRL, KVM_ARM_VCPU_PVTIME_IPA, hypervisor as kvm, type Vm } from '@trapline/kvm';
import { firmware } from '@trapline/psci';
import { archService, STOLEN_TIME_SIZE, trngService } from '@trapline/smccc';
import { type XenSite, xenFrom } from '../run/xen-backend.js';

/** Services for one machine, and what goes on beside them. */
export interface StackServices extends Partial<Record<Exclude<Level, 'outside'>, readonly Service[]>> {
  /** Called every {@link TICK_MS} while the machine runs. */
  readonly tick?: () => void;
}

/** What a stack is told of its machine. */
export interface StackSite {
  /** Where a hypervisor's own pages begin. */
  readonly pages: number;
  readonly xen: XenSite;
}

/** Milliseconds between two calls of {@link StackServices.tick}. */
export const TICK_MS = 100;

/** The stacks that `--stack` knows by name. */
export const stacks: Readonly<Record<string, (site: StackSite) => StackServices>> = {
  // Like QEMU's own PSCI, none of them names idle states: a guest's CPUs wait by WFI.
  'psci-smc': () => ({ el3: [firmware({ profile: 'tf-a', idleStates: [] })] }),
  'psci-hvc': () => ({ el2: [firmware({ idleStates: [] }), archService(), trngService()] }),
  kvm: kvmServices,
  // What xl gives a domain: a store and a console.
  xen: ({ xen }) => ({ el2: [xenFrom({ store: true, console: true }, xen)] }),
};

/** KVM as Linux 6.1 answers, with its VMM's part: where stolen time is told, and how often. */
function kvmServices({ pages }: StackSite): StackServices {
  let vm: Vm | undefined;
  const connect = (connected: Vm): void => {
    vm = connected;
    for (const [index, vcpu] of connected.vcpus.entries()) {
      const address = BigInt(pages + index * STOLEN_TIME_SIZE);
      vcpu.setDeviceAttr(KVM_ARM_VCPU_PVTIME_CTRL, KVM_ARM_VCPU_PVTIME_IPA, address);
    }
  };
  return {
    el2: [kvm({ profile: 'linux-6.1', connect })],
    tick: () => {
      for (const vcpu of vm?.vcpus ?? []) vcpu.recordSteal();
    },
  };
}
