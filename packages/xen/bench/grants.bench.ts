import { createMachine, type Guest, type Machine, type Vcpu } from '@trapline/trap-bus';
import { hypervisor } from '@trapline/xen';

/** What the workspace's bench runner times. */
export interface Bench {
  readonly name: string;
  run(iterations: number): void;
  baseline?(iterations: number): void;
}

const PAGE = 0x1000;
const RAM = 0x4000_0000;
/** In RAM: the structures of calls, the granter's table, the pages that are granted and copied to. */
const [MAPPING, UNMAPPING, COPYING] = [RAM + PAGE, RAM + PAGE + 0x100, RAM + PAGE + 0x200];
const [TABLE, GRANTED, OWN] = [RAM + 2 * PAGE, RAM + 3 * PAGE, RAM + 4 * PAGE];
/** Where the grant is mapped: no RAM. */
const PLACE = 0x3000_0000;

const TAG = 0xea1;
const [MEMORY_OP, GRANT_TABLE_OP] = [12, 20];
const ADD_TO_PHYSMAP = 7;
const [MAP, UNMAP, COPY] = [0, 1, 5];
const GRANT_TABLE_SPACE = 1;
const DOMID_SELF = 0x7ff0;
const [FRONT, BACK] = [1, 2];
const REF = 8;
const PERMIT_ACCESS = 1;
const HOST_MAP = 2;
const SOURCE_GREF = 1;
/** Words of a mapping's structure that hold its status and its handle. */
const [STATUS, HANDLE] = [4, 5];
/** Bytes of a small network frame. */
const COPIED = 256;

/** What results go to, so that no call can be left out. */
let sink = 0;

const service = hypervisor({ policy: 'dummy', domains: { front: { id: FRONT }, back: { id: BACK } } });
const machine: Machine = createMachine({
  guests: ['front', 'back'].map((name) => ({
    name,
    vcpus: 1,
    memory: [{ base: RAM, size: 16 * PAGE }],
    services: { el2: [service] },
  })),
});
const front: Guest = machine.guest('front');
const back: Guest = machine.guest('back');

/** The words of a guest's memory. */
function words(guest: Guest, address: number): Int32Array {
  const view = guest.ports.memory.view?.(address as never, 0x100);
  if (view === undefined) throw new Error('this memory has no views');
  return new Int32Array(view.buffer, view.byteOffset, view.byteLength / 4);
}

/** Makes a call with one structure. */
function call(vcpu: Vcpu, number: number, command: number, structure: number): void {
  const { w } = vcpu;
  w[0] = command;
  w[1] = 0;
  w[2] = structure;
  w[3] = 0;
  w[4] = 1;
  w[5] = 0;
  w[32] = number;
  w[33] = 0;
  machine.trap(vcpu, 'hvc', TAG);
  if (w[0] !== 0) throw new Error(`hypercall ${number}, ${command}: ${w[0]}`);
}

words(front, MAPPING).set([DOMID_SELF, GRANT_TABLE_SPACE, 0, 0, TABLE / PAGE, 0]);
call(front.vcpu(0), MEMORY_OP, ADD_TO_PHYSMAP, MAPPING);
words(front, TABLE).set([(BACK << 16) | PERMIT_ACCESS, GRANTED / PAGE], 2 * REF);

const vcpu: Vcpu = back.vcpu(0);
const mapping: Int32Array = words(back, MAPPING);
const unmapping: Int32Array = words(back, UNMAPPING);
const copying: Int32Array = words(back, COPYING);
mapping.set([PLACE, 0, HOST_MAP, REF, FRONT]);
unmapping.set([PLACE]);
copying.set([REF, 0, FRONT, 0, OWN / PAGE, 0, DOMID_SELF, 0, (SOURCE_GREF << 16) | COPIED]);

/** A page is mapped and given back, by two calls: what a back end does for each request. */
const mapUnmap: Bench = {
  name: 'xen/grant-map-unmap',
  run: (iterations) => {
    for (let i = 0; i < iterations; i++) {
      mapping[STATUS] = FRONT;
      call(vcpu, GRANT_TABLE_OP, MAP, MAPPING);
      unmapping[4] = mapping[HANDLE] as number;
      unmapping[5] = 0;
      call(vcpu, GRANT_TABLE_OP, UNMAP, UNMAPPING);
      const status = (mapping[STATUS] as number) >> 16 || (unmapping[5] as number);
      if (status !== 0) throw new Error(`status ${status}`);
      sink = (sink + (mapping[HANDLE] as number)) | 0;
    }
  },
};

/** A small frame is copied out of a granted page. */
const copy: Bench = {
  name: 'xen/grant-copy',
  run: (iterations) => {
    for (let i = 0; i < iterations; i++) {
      call(vcpu, GRANT_TABLE_OP, COPY, COPYING);
      if (((copying[9] as number) & 0xffff) !== 0) throw new Error(`status ${copying[9]}`);
      sink = (sink + i) | 0;
    }
  },
};

export const benches: readonly Bench[] = [mapUnmap, copy];

/** Calls before any is timed: the runner takes few samples of what is slow the first time. */
const FIRST = 5000;
for (const bench of benches) bench.run(FIRST);

/** What the calls came to. */
export function result(): number {
  return sink;
}
