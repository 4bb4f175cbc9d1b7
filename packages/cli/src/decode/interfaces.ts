import type { Interface } from '@trapline/core';
import { abi as epapr } from '@trapline/epapr';
import { abi as gunyah } from '@trapline/gunyah';
import { abi as hyperv, nativeAbi as hypervNative } from '@trapline/hyperv';
import { abi as jailhouse } from '@trapline/jailhouse';
import { kvm } from '@trapline/kvm';
import { abi as optee } from '@trapline/optee';
import { psci } from '@trapline/psci';
import { abi as scmi } from '@trapline/scmi';
import { STANDARD_INTERFACES } from '@trapline/smccc';
import { abi as vmware } from '@trapline/vmware';
import { xenAbi } from '@trapline/xen';

/**
 * The interfaces whose calls `decode` knows: the first one that has a number explains it. A package with calls of its
 * own enters its interface here.
 */
export const interfaces: readonly Interface[] = [
  psci.abi as unknown as Interface,
  ...STANDARD_INTERFACES,
  kvm.abi as unknown as Interface,
  optee as unknown as Interface,
  epapr as unknown as Interface,
  vmware as unknown as Interface,
  hyperv as unknown as Interface,
];

/**
 * Interfaces whose numbers say nothing by themselves, as they do not follow the SMC Calling Convention or as a platform
 * chooses them (SCMI's doorbell; the usual number is known): `decode --interface NAME`.
 */
export const ownNumbers: readonly Interface[] = [
  xenAbi as unknown as Interface,
  jailhouse as unknown as Interface,
  gunyah as unknown as Interface,
  hypervNative as unknown as Interface,
  scmi as unknown as Interface,
];
