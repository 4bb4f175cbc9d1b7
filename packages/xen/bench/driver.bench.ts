import type { BindContext } from '@trapline/core';
import { readDts } from '@trapline/devicetree';
import { createMachine, type Gic } from '@trapline/trap-bus';
import { hypervisor, type XenGuest, xenDriver } from '@trapline/xen';

/** What the workspace's bench runner times. */
export interface Bench {
  readonly name: string;
  run(iterations: number): void;
  baseline?(iterations: number): void;
}

const RAM = 0x4000_0000;
const SIZE = 0x100_0000;

/** What results go to, so that no call can be left out. Small for ever: a larger Number would be an object each time. */
let sink = 0;

const service = hypervisor({ policy: 'dummy', domains: { one: { id: 1 }, two: { id: 2 } } });
const machine = createMachine({
  guests: ['one', 'two'].map((name) => ({
    name,
    vcpus: 1,
    memory: [{ base: RAM, size: SIZE }],
    services: { el2: [service] },
  })),
});

function bound(name: string): XenGuest {
  const guest = machine.guest(name);
  const tree = readDts(`/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; interrupt-parent = <&gic>;
    cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { device_type = "cpu"; reg = <0>; }; };
    memory@40000000 { device_type = "memory"; reg = <0 ${RAM} 0 ${SIZE}>; };
    gic: interrupt-controller { interrupt-controller; #interrupt-cells = <3>; };
    hypervisor { compatible = "xen,xen-4.17", "xen,xen"; interrupts = <1 15 0xf08>;
      reg = <0 0x38000000 0 0x100000>, <2 0 1 0>; }; };`);
  const context: BindContext = {
    tree,
    conduit: (kind) => guest.conduit(kind as 'hvc'),
    get: () => {
      throw new Error('no other driver');
    },
    memory: guest.ports.memory,
    random: undefined,
  };
  return xenDriver().bind(context, tree.require('/hypervisor')) as XenGuest;
}

const one = bound('one');
const two = bound('two');

function channel(): { readonly left: number; readonly right: number } {
  const left = one.events.allocUnbound(2) as number;
  const right = two.events.bindInterdomain(1, left) as number;
  two.events.listen(right, (port) => {
    sink = (sink + port) | 0;
  });
  two.events.upcall();
  return { left, right };
}

const { left } = channel();

/** The controller by which the second guest takes its upcalls, and the private interrupt that the tree gives for them. */
const gic = machine.guest('two').models.gic as Gic;
const receiver = machine.guest('two').vcpu(0);
const UPCALL = 16 + 15;
gic.setPending(receiver, UPCALL, false);
gic.setEnabled(receiver, UPCALL, true);
const page = one.pages.take();
const reference = one.grants.give(2, page.frame) as number;

/** A frame of the extended region, and the flag of a mapping for the CPU. */
const HOLE = 0x20_0100;
const GNTMAP_HOST = 2;

function empty(iterations: number): void {
  for (let i = 0; i < iterations; i++) sink = (sink + (i & 1)) | 0;
}

export const benches: readonly Bench[] = [
  {
    name: 'xen/driver-version',
    run: (iterations) => {
      for (let i = 0; i < iterations; i++) sink = (sink + one.xenVersion()) | 0;
    },
    baseline: empty,
  },
  {
    name: 'xen/driver-event-send',
    run: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        sink = (sink + one.events.send(left)) | 0;
        const intid = gic.acknowledge(receiver);
        sink = (sink + two.events.upcall(0)) | 0;
        gic.endOfInterrupt(receiver, intid);
        if (intid !== UPCALL) throw new Error(`no upcall: interrupt ${intid}`);
      }
    },
    // What the interrupt controller takes of it.
    baseline: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        gic.pulse(receiver, UPCALL);
        const intid = gic.acknowledge(receiver);
        gic.endOfInterrupt(receiver, intid);
        sink = (sink + intid) | 0;
      }
    },
  },
  {
    name: 'xen/driver-grant-give-end',
    run: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        const given = one.grants.give(2, page.frame) as number;
        if (one.grants.end(given)) sink = (sink + 1) | 0;
      }
    },
    baseline: empty,
  },
  {
    name: 'xen/driver-grant-map-unmap',
    run: (iterations) => {
      const { mapping } = two.grants;
      for (let i = 0; i < iterations; i++) {
        sink = (sink + mapping.map(HOLE, GNTMAP_HOST, reference, 1)) | 0;
        sink = (sink + mapping.unmap(HOLE, mapping.handle)) | 0;
      }
    },
    baseline: empty,
  },
  {
    name: 'xen/driver-grant-objects',
    run: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        const mapped = two.grants.map(1, reference);
        if ('handle' in mapped && two.grants.unmap(mapped) === true) sink = (sink + 1) | 0;
      }
    },
    baseline: empty,
  },
];

/** What the calls gave, so that none of them can be left out. */
export function result(): number {
  return sink;
}
