import type { DeviceTree } from '@trapline/devicetree';
import { PPI_HYPERVISOR, PPI_PHYSICAL, PPI_VIRTUAL } from '@trapline/trap-bus';

/** INTID of the EL3 physical timer (DEN0094, Base System Architecture, 3.8.2), which no default model raises. */
const PPI_SECURE = 29;

/** In the order of the binding `arm,arch_timer.yaml`. */
const TIMERS = [PPI_SECURE, PPI_PHYSICAL, PPI_VIRTUAL, PPI_HYPERVISOR];

/** In a specifier, private interrupts are of type 1 and counted from INTID 16. */
const PPI = 1;
const FIRST_PPI = 16;
const LEVEL_HIGH = 4;

/**
 * Writes the node of the generic timers, reached through system registers.
 *
 * In a GICv2's specifier bits 15:8 name the CPUs that receive a private interrupt; a GICv3's has no such mask.
 */
export function writeTimer(tree: DeviceTree, gic: 2 | 3, cpus: number): void {
  const flags = gic === 2 ? LEVEL_HIGH | (((1 << cpus) - 1) << 8) : LEVEL_HIGH;
  tree.add('timer', {
    compatible: 'arm,armv8-timer',
    interrupts: TIMERS.flatMap((intid) => [PPI, intid - FIRST_PPI, flags]),
    'always-on': true,
  });
}
