import type { Pe } from '@trapline/core';
import type { HostCpu } from './host/host-cpu.js';
import { type WorkaroundState, workaroundsOf } from './host/workarounds.js';
import { type KvmProfile, PSCI_0_1 } from './profile.js';
import { SmcccFilter } from './vmm/smccc-filter.js';

/** A firmware bitmap register: which services of a group a VM has. Its low half once more as a number, for the calls. */
export class Bitmap {
  /** Bits that may be set. */
  readonly supported: bigint;
  #value: bigint;
  #low: number;

  constructor(supported: bigint, initial: bigint) {
    this.supported = supported;
    this.#value = initial;
    this.#low = Number(BigInt.asIntN(32, initial));
  }

  get value(): bigint {
    return this.#value;
  }

  set value(value: bigint) {
    this.#value = value;
    this.#low = Number(BigInt.asIntN(32, value));
  }

  /** Bits 31:0, as int32. */
  get low(): number {
    return this.#low;
  }

  has(bit: number): boolean {
    return ((this.#low >>> bit) & 1) !== 0;
  }
}

/** KVM_REG_ARM_STD_BIT_TRNG_V1_0. */
export const STD_TRNG = 0;
/** KVM_REG_ARM_STD_HYP_BIT_PV_TIME. */
export const STD_HYP_PV_TIME = 0;
/** KVM_REG_ARM_VENDOR_HYP_BIT_FUNC_FEAT: CALL_UID and FEATURES. */
export const VENDOR_FEATURES = 0;
/** KVM_REG_ARM_VENDOR_HYP_BIT_PTP. */
export const VENDOR_PTP = 1;

/** What a VM is set to, beside its vCPUs: read by every call, written by the VMM. */
export class VmState {
  readonly profile: KvmProfile;
  readonly workarounds: readonly WorkaroundState[];
  readonly std: Bitmap;
  readonly stdHyp: Bitmap;
  readonly vendorHyp: Bitmap;
  readonly vendorHyp2: Bitmap | undefined;
  readonly filter: SmcccFilter;
  /** KVM_CAP_ARM_SYSTEM_SUSPEND. */
  systemSuspend = false;
  /** Whether any vCPU has been run: what may not change any more then does not. */
  ranOnce = false;
  /** KVM_REG_ARM_PSCI_VERSION as it was written; 0 for the default. */
  psciVersion = 0;
  /** vCPUs without the feature KVM_ARM_VCPU_PSCI_0_2: they have PSCI 0.1. */
  readonly legacyPsci: Uint8Array;
  readonly #latest: number;

  constructor(profile: KvmProfile, host: HostCpu, vcpus: number, legacyPsci: boolean) {
    const { std, stdHyp, vendorHyp, vendorHyp2 } = profile.bitmaps;
    this.profile = profile;
    this.workarounds = workaroundsOf(host);
    this.std = new Bitmap(std, std);
    this.stdHyp = new Bitmap(stdHyp, stdHyp);
    this.vendorHyp = new Bitmap(vendorHyp, vendorHyp);
    this.vendorHyp2 = vendorHyp2 === undefined ? undefined : new Bitmap(vendorHyp2, 0n);
    this.filter = new SmcccFilter();
    this.legacyPsci = new Uint8Array(vcpus);
    this.#latest = profile.psciVersions.at(-1) as number;
    this.legacyPsci.fill(legacyPsci ? 1 : 0);
  }

  /** The bitmaps in the order of their register numbers. */
  get bitmaps(): readonly Bitmap[] {
    const bitmaps = [this.std, this.stdHyp, this.vendorHyp];
    return this.vendorHyp2 === undefined ? bitmaps : [...bitmaps, this.vendorHyp2];
  }

  /** kvm_psci_version: what a vCPU's PSCI is. */
  psciVersionOf(pe: Pe): number {
    if (this.legacyPsci[pe.index] === 1) return PSCI_0_1;
    return this.psciVersion === 0 ? this.#latest : this.psciVersion;
  }
}
