import type { BindContext, MemoryPort } from '@trapline/core';
import { readDts } from '@trapline/devicetree';
import { createMachine, type Guest, type Machine } from '@trapline/trap-bus';
import {
  type DomainConfig,
  type HypervisorOptions,
  hypervisor,
  type XenDriverOptions,
  type XenGuest,
  xenDriver,
} from '@trapline/xen';

export const RAM = 0x4000_0000;
export const RAM_BYTES = 0x80_0000;
export const GRANT_REGION = 0x3800_0000;
export const EXTENDED_REGION = 0x2_0000_0000;

/** A machine under Xen, and its domains by name. */
export interface World {
  readonly machine: Machine;
  readonly guests: Readonly<Record<string, Guest>>;
}

/** What a test composes. */
export interface WorldSpec extends Omit<HypervisorOptions, 'domains'> {
  readonly domains?: Readonly<Record<string, DomainConfig>>;
  readonly vcpus?: number;
  readonly state?: 'a64' | 'a32';
  /** Each domain's memory, in place of the machine's own. */
  readonly memory?: () => MemoryPort;
}

export function worldOf({
  domains = { one: {} },
  vcpus = 1,
  state = 'a64',
  memory,
  ...options
}: WorldSpec = {}): World {
  const service = hypervisor({ ...options, domains });
  const machine = createMachine({
    guests: Object.keys(domains).map((name) => ({
      name,
      vcpus: Array.from({ length: vcpus }, () => ({ boot: { state } })),
      memory: [{ base: RAM, size: RAM_BYTES }],
      services: { el2: [service] },
      ...(memory && { ports: { memory: memory() } }),
    })),
  });
  return { machine, guests: Object.fromEntries(Object.keys(domains).map((name) => [name, machine.guest(name)])) };
}

/** The tree of a domain, as Xen writes it. */
function treeOf(vcpus: number, { compatible, more = '', extended = true }: BoundSpec = {}) {
  const cpus = Array.from({ length: vcpus }, (_, i) => `cpu@${i} { device_type = "cpu"; reg = <${i}>; };`).join(' ');
  return readDts(`/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; interrupt-parent = <&gic>;
    cpus { #address-cells = <1>; #size-cells = <0>; ${cpus} };
    memory@40000000 { device_type = "memory"; reg = <0 ${RAM} 0 ${RAM_BYTES}>; };
    gic: interrupt-controller { interrupt-controller; #interrupt-cells = <3>; };
    hypervisor { compatible = ${compatible ?? '"xen,xen-4.17", "xen,xen"'}; interrupts = <1 15 0xf08>;
      reg = <0 ${GRANT_REGION} 0 0x100000>${extended ? ', <2 0 1 0>' : ''}; ${more} }; };`);
}

export interface BoundSpec extends XenDriverOptions {
  readonly compatible?: string;
  readonly more?: string;
  /** Whether the driver's memory can only be read and written. */
  readonly plainMemory?: boolean;
  /** Whether the tree names extended regions; it does, where absent. */
  readonly extended?: boolean;
}

/** Binds the driver to a guest, as discovery does. */
export function bind(guest: Guest, spec: BoundSpec = {}): XenGuest | undefined {
  const tree = treeOf(guest.vcpus.length, spec);
  const { compatible: _, more: __, extended: ___, plainMemory, ...options } = spec;
  const context: BindContext = {
    tree,
    conduit: (kind) => guest.conduit(kind as 'hvc'),
    get: () => {
      throw new Error('the driver needs no other');
    },
    memory: plainMemory ? withoutViews(guest.ports.memory) : guest.ports.memory,
    random: undefined,
  };
  return xenDriver(options).bind(context, tree.require('/hypervisor'));
}

/** A memory that gives neither views nor indivisible words. */
function withoutViews(memory: MemoryPort): MemoryPort {
  return {
    read: (address, target) => memory.read(address, target),
    write: (address, source) => memory.write(address, source),
    has: (address, length) => memory.has(address, length),
    translate: (pe, address, access) => memory.translate(pe, address, access),
  };
}

/** A driver that has to bind. */
export function bound(guest: Guest | undefined, spec: BoundSpec = {}): XenGuest {
  const xen = guest && bind(guest, spec);
  if (xen === undefined) throw new Error('no Xen answers');
  return xen;
}
