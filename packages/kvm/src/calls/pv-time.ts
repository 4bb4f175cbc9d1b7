import {
  type AttachedGuest,
  type GuestPhysical,
  type Implementation,
  implement,
  type Pe,
  RestoreError,
  returnHalves,
  returnInt,
  type Saved,
} from '@trapline/core';
import { pvTimeAbi, pvTimeStatus, STOLEN_TIME_SIZE, StolenTimeArea } from '@trapline/smccc';
import { KVM_CONVENTION } from '../abi/convention.js';
import type { Errno } from '../vmm/errno.js';

/** What KVM_GET_DEVICE_ATTR gives before an address was set (INVALID_GPA). */
export const NO_IPA: bigint = 2n ** 64n - 1n;

const NOT_SUPPORTED = pvTimeStatus.NOT_SUPPORTED.code;

/**
 * Stolen time of a VM's vCPUs (arch/arm64/kvm/pvtime.c). KVM adds to the counter in guest memory from a vCPU's first run
 * on, whether the guest has asked or not.
 */
export class StolenTime {
  readonly #guest: AttachedGuest;
  readonly #areas: (StolenTimeArea | undefined)[];
  readonly #addresses: (number | undefined)[];

  constructor(guest: AttachedGuest) {
    this.#guest = guest;
    this.#areas = guest.pes.map(() => undefined);
    this.#addresses = guest.pes.map(() => undefined);
  }

  /** KVM_ARM_VCPU_PVTIME_IPA of a vCPU. */
  address(pe: Pe): bigint {
    const address = this.#addresses[pe.index];
    return address === undefined ? NO_IPA : BigInt(address);
  }

  /** Sets it: EINVAL for an address that is not a multiple of 64 or no memory, EEXIST where one is set. */
  setAddress(pe: Pe, ipa: bigint): Errno {
    if (ipa % BigInt(STOLEN_TIME_SIZE) !== 0n) return 'EINVAL';
    if (this.#areas[pe.index]) return 'EEXIST';
    const address = ipa <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(ipa) : -1;
    if (address < 0 || !this.#guest.ports.memory.has(address as GuestPhysical, STOLEN_TIME_SIZE)) return 'EINVAL';
    this.#put(pe, address);
    return 'OK';
  }

  /** A vCPU is about to run: its counter gets what was stolen. */
  update(pe: Pe): void {
    this.#areas[pe.index]?.update();
  }

  /** The guest's calls. */
  calls(): Implementation {
    return implement(
      pvTimeAbi,
      {
        features: (call) => {
          const there = this.#areas[call.pe.index] !== undefined && pvTimeAbi.find(call.w[0] as number) !== undefined;
          return returnInt(call, there ? pvTimeStatus.SUCCESS.code : NOT_SUPPORTED);
        },
        stolenTime: (call) => {
          const area = this.#areas[call.pe.index];
          if (area === undefined) return returnInt(call, NOT_SUPPORTED);
          area.begin();
          return returnHalves(call, area.low, area.high);
        },
      },
      { convention: KVM_CONVENTION },
    );
  }

  reset(): void {
    this.#areas.fill(undefined);
    this.#addresses.fill(undefined);
  }

  save(): Saved {
    return this.#areas.map((area, i) => (area ? { address: this.#addresses[i] as number, area: area.save() } : null));
  }

  /** Throws {@link RestoreError} for anything that {@link save} did not give. */
  restore(saved: Saved | undefined): void {
    if (!Array.isArray(saved) || saved.length !== this.#areas.length) {
      throw new RestoreError(`kvm: stolen time of ${this.#areas.length} vCPUs is wanted`);
    }
    this.reset();
    for (const pe of this.#guest.pes) this.#restoreOne(pe, saved[pe.index] as Saved);
  }

  #restoreOne(pe: Pe, saved: Saved): void {
    if (saved === null) return;
    const { address, area } = saved as { readonly address?: Saved; readonly area?: Saved };
    if (typeof address !== 'number' || this.setAddress(pe, BigInt(Math.trunc(address))) !== 'OK') {
      throw new RestoreError(`kvm: vCPU ${pe.index} has no memory for stolen time at ${String(address)}`);
    }
    this.#areas[pe.index]?.restore(area ?? null);
  }

  #put(pe: Pe, address: number): void {
    this.#addresses[pe.index] = address;
    this.#areas[pe.index] = new StolenTimeArea(this.#guest.ports, pe, address as GuestPhysical, true);
  }
}
