import type { TreeDescription } from '@trapline/core';
import { cells, type DeviceTree, type DeviceTreeNode } from '@trapline/devicetree';
import { CONFIG_LEVEL } from '../abi.js';
import type { HypervisorOptions } from '../options.js';
import type { Partition } from '../partition.js';
import { IMMEDIATE } from './binding.js';

/** First INTID of private peripheral interrupts, which the GIC's binding counts from 0 as type 1. */
const FIRST_PPI = 16;
const PPI = 1;
const LEVEL_HIGH = 4;

/**
 * Writes `/hypervisor` in the symbolic form, and below it what ePAPR has for byte channels, doorbells and the interrupt
 * controller (compatible strings and `hv-handle` as Linux's ehv_bytechan.c, ehv_pic.c and fsl_hypervisor.c read them).
 */
export function writeHypervisorNodes(
  tree: DeviceTree,
  partition: Partition,
  options: HypervisorOptions,
  description: TreeDescription,
): void {
  const { guest } = partition;
  const node = tree.node('/hypervisor') ?? tree.root.add('hypervisor');
  const { immediate = 0, version = '1.1' } = options;
  node.set('compatible', `epapr,hypervisor-${version}`);
  node.set('method', description.conduit);
  node.set(IMMEDIATE, immediate === 0 ? undefined : immediate);
  node.set('has-idle', true);
  node.set('guest-name', guest.name);
  node.set('guest-id', options.guestIds?.[guest.name]);
  const controller = writeController(node, partition, description);
  for (const { end } of partition.channels.values()) {
    const channel = node.add(`byte-channel-${end.handle}`);
    channel.set('compatible', 'epapr,hv-byte-channel');
    channel.set('hv-handle', cells(end.handle));
    const interrupts = [end.receiveInterrupt, end.transmitInterrupt].filter((number) => number !== undefined);
    writeInterrupts(channel, interrupts, controller);
  }
  for (const handle of partition.doorbells.keys()) {
    node.add(`doorbell-${handle}`, { compatible: 'epapr,hv-send-doorbell', 'hv-handle': cells(handle) });
  }
  for (const { to } of options.doorbells ?? []) {
    if (to?.guest !== guest.name || node.child(`received-doorbell-${to.interrupt}`)) continue;
    const doorbell = node.add(`received-doorbell-${to.interrupt}`, { compatible: 'epapr,hv-receive-doorbell' });
    writeInterrupts(doorbell, [to.interrupt], controller);
  }
}

function writeController(
  node: DeviceTreeNode,
  partition: Partition,
  { interruptController }: TreeDescription,
): DeviceTreeNode {
  const controller = node.add('interrupt-controller');
  controller.set('compatible', 'epapr,hv-pic');
  controller.set('interrupt-controller', true);
  controller.set('#interrupt-cells', 2);
  if (interruptController !== undefined) {
    controller.set('interrupt-parent', interruptController);
    controller.set('interrupts', cells(PPI, partition.line - FIRST_PPI, LEVEL_HIGH));
  }
  return controller;
}

function writeInterrupts(node: DeviceTreeNode, numbers: readonly number[], controller: DeviceTreeNode): void {
  if (numbers.length === 0) return;
  node.set('interrupt-parent', [controller]);
  node.set('interrupts', cells(...numbers.flatMap((number) => [number, CONFIG_LEVEL])));
}
