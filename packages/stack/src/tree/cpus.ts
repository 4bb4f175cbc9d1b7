import { CompositionError, type TreeInspection } from '@trapline/core';
import type { DeviceTree } from '@trapline/devicetree';
import { MAX_VCPUS, type VcpuSpec } from '@trapline/trap-bus';
import { cpuCompatible, isAarch32Only } from './cpu-model.js';

/** Affinity fields of MPIDR_EL1: Aff3 in bits 39:32, Aff2 to Aff0 in 23:0 (DDI 0487, D19.2.101). */
const AFFINITY = 0xff_00ff_ffffn;

/** Bit 31 of MPIDR_EL1 reads as one; device trees leave it out. */
const RES1 = 0x8000_0000n;

/**
 * Writes `/cpus` and gives the paths of its nodes, by CPU number.
 *
 * A CPU is named by its affinity. `reg` needs two cells where any CPU has Aff3 (`arm/cpus.yaml`).
 */
export function writeCpus(tree: DeviceTree, mpidrs: readonly bigint[], midr: number): readonly string[] {
  const affinities = mpidrs.map((mpidr) => mpidr & AFFINITY);
  const wide = affinities.some((affinity) => affinity > 0xffff_ffffn);
  const cpus = tree.add('cpus', { '#address-cells': wide ? 2 : 1, '#size-cells': 0 });
  const compatible = cpuCompatible(midr);
  return affinities.map(
    (affinity) =>
      cpus.add(`cpu@${affinity.toString(16)}`, {
        device_type: 'cpu',
        compatible,
        reg: wide ? affinity : Number(affinity),
      }).path,
  );
}

/**
 * The CPUs of a guest's own tree, in its order: their MPIDRs, and that they use AArch32 where their `compatible` names
 * a processor that has nothing else.
 *
 * Throws {@link CompositionError} for a tree without any, for a node that does not say which CPU it is, for two that
 * say the same, and for more than {@link MAX_VCPUS}.
 */
export function readCpus(tree: DeviceTree, inspection: TreeInspection, guest: string): readonly VcpuSpec[] {
  const { cpus, diagnostics } = inspection;
  if (cpus.length === 0) {
    throw new CompositionError(
      `the device tree of guest '${guest}' has no node /cpus/cpu@…`,
      'add one for each vCPU, with its MPIDR affinity in reg',
    );
  }
  if (cpus.length > MAX_VCPUS) {
    throw new CompositionError(`the device tree of guest '${guest}' has ${cpus.length} CPUs`, `leave ${MAX_VCPUS}`);
  }
  const wrong = diagnostics.find(({ severity, code }) => severity === 'error' && code.startsWith('cpu-'));
  if (wrong !== undefined) {
    throw new CompositionError(`${wrong.path} in the device tree of guest '${guest}'`, wrong.message);
  }
  return cpus.map(({ mpidr, path }) => ({
    mpidr: (BigInt(mpidr as string) & AFFINITY) | RES1,
    ...(isAarch32Only(tree.require(path).compatible) && { aarch32: true, boot: { state: 'a32' as const } }),
  }));
}
