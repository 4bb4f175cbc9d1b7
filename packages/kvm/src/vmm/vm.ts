import {
  type AttachedGuest,
  CompositionError,
  type Handler,
  OFF,
  RETURNED,
  RestoreError,
  type Saved,
} from '@trapline/core';
import type { ContainedPsci } from '@trapline/psci';
import type { ProtectedMemory } from '../calls/protected.js';
import type { StolenTime } from '../calls/pv-time.js';
import type { VmState } from '../vm-state.js';
import type { Errno } from './errno.js';
import { FirmwareRegisters } from './firmware-registers.js';
import type { VmHost } from './run.js';
import { restoreState, saveState } from './saved.js';
import { Vcpu } from './vcpu.js';

/** KVM_ARM_VM_SMCCC_CTRL and its one attribute. */
export const KVM_ARM_VM_SMCCC_CTRL = 0;
export const KVM_ARM_VM_SMCCC_FILTER = 0;

/** struct kvm_smccc_filter. */
export interface SmcccFilterRange {
  readonly base: number;
  /** nr_functions. */
  readonly count: number;
  readonly action: number;
}

/** What a VM consists of, for its vCPUs. */
export interface VmParts {
  readonly guest: AttachedGuest;
  readonly state: VmState;
  readonly psci: ContainedPsci;
  readonly stolenTime: StolenTime;
  readonly firmware: FirmwareRegisters;
  /** Throws {@link CompositionError} where nobody has said how vCPUs are run. */
  host(): VmHost;
  /** The features that every vCPU must have: those of the first that was initialised, where the kernel wants that. */
  featuresOfVm(): readonly string[] | undefined;
}

/** A VM's file descriptor, so to say: what a VMM does with it, under the ioctls' names. */
export class Vm {
  readonly vcpus: readonly Vcpu[];
  /** The page states of a protected VM. */
  readonly memory: ProtectedMemory | undefined;
  readonly #state: VmState;
  readonly #psci: ContainedPsci;
  #host: VmHost | undefined = undefined;

  constructor(
    parts: Omit<VmParts, 'firmware' | 'host' | 'featuresOfVm'> & { readonly memory: ProtectedMemory | undefined },
  ) {
    const { guest, state, psci, memory } = parts;
    this.memory = memory;
    this.#state = state;
    this.#psci = psci;
    const host = (): VmHost => {
      if (this.#host) return this.#host;
      throw new CompositionError(
        `the VM of ${guest.name} does not know how vCPUs are run`,
        'call vm.embed(guest) first',
      );
    };
    const featuresOfVm = (): readonly string[] | undefined =>
      state.profile.vcpuFeatures === 'of-vm' ? this.vcpus.find((vcpu) => vcpu.features)?.features : undefined;
    const forVcpus: VmParts = { ...parts, firmware: new FirmwareRegisters(state), host, featuresOfVm };
    this.vcpus = guest.pes.map((pe) => new Vcpu(pe, forVcpus));
  }

  /** Says how vCPUs are run: the guest of the trap bus, or the embedder's own. */
  embed(host: VmHost): void {
    this.#host = host;
  }

  /** KVM_CHECK_EXTENSION: 0 for a capability that is not there. */
  checkExtension(capability: string): number {
    const { capabilities } = this.#state.profile;
    return Object.hasOwn(capabilities, capability) ? (capabilities[capability] as number) : 0;
  }

  /** KVM_ENABLE_CAP: EINVAL for one that cannot be enabled. */
  enableCap(capability: string): Errno {
    if (capability !== 'KVM_CAP_ARM_SYSTEM_SUSPEND') return 'EINVAL';
    this.#state.systemSuspend = true;
    return 'OK';
  }

  /** KVM_HAS_DEVICE_ATTR on the VM: EINVAL where the kernel knows no attributes of VMs, ENXIO for one it does not know. */
  hasDeviceAttr(group: number, attr: number): Errno {
    if (!this.#state.profile.smcccFilter) return 'EINVAL';
    return group === KVM_ARM_VM_SMCCC_CTRL && attr === KVM_ARM_VM_SMCCC_FILTER ? 'OK' : 'ENXIO';
  }

  /** KVM_SET_DEVICE_ATTR with KVM_ARM_VM_SMCCC_FILTER: EINVAL, EBUSY and EEXIST as `SmcccFilter.set` says. */
  setSmcccFilter({ base, count, action }: SmcccFilterRange): Errno {
    const { profile, filter, ranOnce } = this.#state;
    return profile.smcccFilter ? filter.set(base, count, action, ranOnce) : 'EINVAL';
  }

  /**
   * A handler after which every vCPU is stopped where it has asked for the machine's end (kvm_prepare_system_event), and
   * after which a vCPU that has gone off is known to sleep in its call. Where no VMM runs the vCPUs there is nobody to
   * wake it by force: it is simply off.
   */
  watching(handler: Handler): Handler {
    return (call) => {
      const outcome = handler(call);
      if (outcome === RETURNED) return outcome;
      if (outcome.kind === 'system' && outcome.event !== 'suspend') this.#stopAll();
      if (outcome.kind !== 'wait' || outcome.until !== 'service') return outcome;
      if (this.#host === undefined) return OFF;
      this.vcpus[call.pe.index]?.wentOff();
      return outcome;
    };
  }

  save(): Saved {
    return { state: saveState(this.#state), vcpus: this.vcpus.map((vcpu) => vcpu.save()) };
  }

  /** Throws {@link RestoreError} for anything that {@link save} did not give. */
  restore(saved: Saved | undefined): void {
    const { state, vcpus } = (saved ?? {}) as { readonly state?: Saved; readonly vcpus?: Saved };
    const all = Array.isArray(vcpus) ? (vcpus as readonly Saved[]) : [];
    const fits = all.length === this.vcpus.length && all.every((v) => typeof v === 'object' && v !== null);
    if (!fits) throw new RestoreError(`kvm: the state of ${this.vcpus.length} vCPUs is wanted`);
    restoreState(this.#state, state);
    for (const vcpu of this.vcpus) vcpu.restore(all[vcpu.pe.index] as { readonly [key: string]: Saved });
  }

  #stopAll(): void {
    for (const { pe } of this.vcpus) this.#psci.setOn(pe, false);
  }
}
