import type { Pe } from '@trapline/core';
import {
  LEVEL_NOT_AVAIL,
  LEVEL2_AVAIL,
  LEVEL2_ENABLED,
  LEVEL2_NOT_REQUIRED,
  LEVEL2_UNKNOWN,
} from '../host/workarounds.js';
import { PSCI_0_1 } from '../profile.js';
import type { VmState } from '../vm-state.js';
import type { Errno } from './errno.js';
import { FW_BITMAP_BASE, FW_REGISTER_BASE } from './register-ids.js';

/** KVM_REG_FEATURE_LEVEL_MASK: the level in a workaround register. */
const LEVEL_MASK = 0xfn;

const PSCI_VERSION = 0;
const WORKAROUND_1 = 1;
const WORKAROUND_2 = 2;
const WORKAROUND_3 = 3;
const FW_REGISTERS = 4;

/**
 * Firmware pseudo-registers as KVM_GET_ONE_REG and KVM_SET_ONE_REG see them (arch/arm64/kvm/hypercalls.c; Documentation
 * /virt/kvm/arm/fw-pseudo-registers.rst). They belong to the VM, whichever vCPU they are asked of; what PSCI version a
 * vCPU takes depends on its features.
 */
export class FirmwareRegisters {
  readonly #vm: VmState;

  constructor(vm: VmState) {
    this.#vm = vm;
  }

  /** Their ids in KVM_GET_REG_LIST's order. */
  get ids(): readonly bigint[] {
    const bitmaps = this.#vm.bitmaps.map((_, i) => FW_BITMAP_BASE + BigInt(i));
    return [...Array.from({ length: FW_REGISTERS }, (_, i) => FW_REGISTER_BASE + BigInt(i)), ...bitmaps];
  }

  /** Whether an id lies in one of the two groups, known or not. */
  owns(id: bigint): boolean {
    const group = id & ~0xffffn;
    return group === FW_REGISTER_BASE || group === FW_BITMAP_BASE;
  }

  /** The value, or undefined where there is no such register (ENOENT). */
  get(pe: Pe, id: bigint): bigint | undefined {
    const number = Number(id & 0xffffn);
    if ((id & ~0xffffn) === FW_BITMAP_BASE) return this.#vm.bitmaps[number]?.value;
    if (number === PSCI_VERSION) return BigInt(this.#vm.psciVersionOf(pe));
    const level = this.#vm.workarounds[number - WORKAROUND_1]?.level;
    return level === undefined ? undefined : BigInt(level);
  }

  /**
   * Writes one. ENOENT for no such register; EINVAL for a version that the vCPU cannot have, a level above the host's
   * and a bit that is not supported; EBUSY for another bitmap once a vCPU has run.
   */
  set(pe: Pe, id: bigint, value: bigint): Errno {
    const number = Number(id & 0xffffn);
    if ((id & ~0xffffn) === FW_BITMAP_BASE) return this.#setBitmap(number, value);
    switch (number) {
      case PSCI_VERSION:
        return this.#setVersion(pe, value);
      case WORKAROUND_1:
      case WORKAROUND_3:
        return this.#accepts(number, value, value);
      case WORKAROUND_2:
        return this.#setWorkaround2(value);
      default:
        return 'ENOENT';
    }
  }

  #setVersion(pe: Pe, value: bigint): Errno {
    const vm = this.#vm;
    const version = Number(value);
    const known = vm.legacyPsci[pe.index] === 1 ? version === PSCI_0_1 : vm.profile.psciVersions.includes(version);
    if (!known) return 'EINVAL';
    vm.psciVersion = version;
    return 'OK';
  }

  #setBitmap(number: number, value: bigint): Errno {
    const bitmap = this.#vm.bitmaps[number];
    if (bitmap === undefined) return 'ENOENT';
    if ((value & ~bitmap.supported) !== 0n) return 'EINVAL';
    if (this.#vm.ranOnce && value !== bitmap.value) return 'EBUSY';
    bitmap.value = value;
    return 'OK';
  }

  /** WORKAROUND_2 knows two levels only: 2 counts as NOT_REQUIRED, UNKNOWN as NOT_AVAIL. ENABLED goes with AVAIL alone. */
  #setWorkaround2(value: bigint): Errno {
    const level = Number(value & LEVEL_MASK);
    if ((value & ~(LEVEL_MASK | BigInt(LEVEL2_ENABLED))) !== 0n || level > LEVEL2_NOT_REQUIRED) return 'EINVAL';
    if ((value & BigInt(LEVEL2_ENABLED)) !== 0n && level !== LEVEL2_AVAIL) return 'EINVAL';
    return this.#accepts(
      WORKAROUND_2,
      BigInt(level),
      BigInt(level <= LEVEL2_UNKNOWN ? LEVEL_NOT_AVAIL : LEVEL2_NOT_REQUIRED),
    );
  }

  /** A VM may be restored on a host that offers as much or more: nothing is stored. */
  #accepts(number: number, value: bigint, level: bigint): Errno {
    const offered = this.#vm.workarounds[number - WORKAROUND_1]?.level ?? LEVEL_NOT_AVAIL;
    return (value & ~LEVEL_MASK) !== 0n || BigInt(offered) < level ? 'EINVAL' : 'OK';
  }
}
