import type { BindContext, Conduit } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import { createMachine, type Machine } from '@trapline/trap-bus';
import { type HypervisorOptions, hypervisor, type Vmware, vmwareDriver } from '@trapline/vmware';

export const UUID = '564d1234-5678-9abc-def0-112233445566';

export interface World {
  readonly machine: Machine;
  readonly bound: Vmware;
}

export function contextOf(conduit: (kind: string) => Conduit): BindContext {
  const get = (): never => {
    throw new Error('VMware needs no other driver');
  };
  return { tree: new DeviceTree(), conduit, get, memory: undefined, random: undefined };
}

export function worldOf(options: HypervisorOptions = {}, kind: 'mrs' | 'hvc' = 'mrs'): World {
  const machine = createMachine({
    guests: [{ name: 'g', vcpus: 1, hasEl2: true, services: { el2: [hypervisor(options)] } }],
  });
  const guest = machine.guest('g');
  const node = new DeviceTree().root.add('hypervisor', { compatible: 'vmware' });
  const bound = vmwareDriver({ conduit: kind }).bind(
    contextOf((wanted) => guest.conduit(wanted)),
    node,
  );
  return { machine, bound: bound as Vmware };
}

export const text = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);
export const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);
