import { createMachine, type Gic, type Guest, type Machine } from '@trapline/trap-bus';
import { hypervisor } from '@trapline/xen';

/** What the workspace's bench runner times. */
export interface Bench {
  readonly name: string;
  run(iterations: number): void;
  baseline?(iterations: number): void;
}

const RAM = 0x4000_0000;
const RAM_BYTES = 0x20_0000;
const OPERAND: number = RAM + 0x1000;
const SHARED_INFO: number = RAM + 0x10_0000;
const CONTROL: number = RAM + 0x10_1000;
const ARRAY: number = RAM + 0x10_2000;
const PAGE = 0x1000;
const WORDS_PER_PAGE: number = PAGE / 4;

const TAG = 0xea1;
const [MEMORY_OP, EVENT_CHANNEL_OP] = [12, 32];
const ADD_TO_PHYSMAP = 7;
const [BIND_INTERDOMAIN, SEND, ALLOC_UNBOUND, INIT_CONTROL, EXPAND_ARRAY] = [0, 4, 6, 11, 12];
const DOMID_SELF = 0x7ff0;
const INTERRUPT = 31;
/** Words of shared_info: the upcall, the selector, and the pending bits of the first ports. */
const [UPCALL, SELECTOR, PENDING] = [0, 2, 12];
/** Word of a control block that holds the head of the queue of default priority. */
const HEAD: number = 2 + 7;

/** What results go to, so that no call can be left out. */
let sink = 0;

/** A machine of two domains, with channels from the first to the second: the same port numbers on both sides. */
interface World {
  readonly machine: Machine;
  readonly sender: Guest;
  readonly receiver: Guest;
  readonly gic: Gic;
}

function worldOf(channels: number, prepare: (world: World) => void): World {
  const service = hypervisor({
    policy: 'dummy',
    domains: { sender: { id: 1, maxEventPort: 0x1_ffff }, receiver: { id: 2, maxEventPort: 0x1_ffff } },
  });
  const machine = createMachine({
    guests: ['sender', 'receiver'].map((name) => ({
      name,
      vcpus: 1,
      memory: [{ base: RAM, size: RAM_BYTES }],
      services: { el2: [service] },
    })),
  });
  const receiver = machine.guest('receiver');
  const world: World = { machine, sender: machine.guest('sender'), receiver, gic: receiver.models.gic as Gic };
  world.gic.setEnabled(receiver.vcpu(0), INTERRUPT, true);
  call(world, receiver, MEMORY_OP, ADD_TO_PHYSMAP, [DOMID_SELF, 0, 0, 0, SHARED_INFO / PAGE, 0]);
  prepare(world);
  for (let port = 1; port <= channels; port++) {
    call(world, receiver, EVENT_CHANNEL_OP, ALLOC_UNBOUND, [(1 << 16) | DOMID_SELF, 0]);
    call(world, world.sender, EVENT_CHANNEL_OP, BIND_INTERDOMAIN, [2, port, 0]);
  }
  return world;
}

/** A call with a structure of 32-bit words. */
function call({ machine }: World, guest: Guest, number: number, command: number, structure: readonly number[]): void {
  const vcpu = guest.vcpu(0);
  guest.ports.memory.write(OPERAND as never, new Uint8Array(new Uint32Array(structure).buffer));
  vcpu.x[0] = BigInt(command);
  vcpu.x[1] = BigInt(OPERAND);
  vcpu.x[16] = BigInt(number);
  machine.trap(vcpu, 'hvc', TAG);
  if (vcpu.x[0] !== 0n) throw new Error(`hypercall ${number}, ${command}: ${vcpu.x[0]}`);
}

/** A page as its guest sees it. */
function page(guest: Guest, address: number): Int32Array {
  const view = guest.ports.memory.view?.(address as never, PAGE);
  if (view === undefined) throw new Error('this memory has no views');
  return new Int32Array(view.buffer, view.byteOffset, WORDS_PER_PAGE);
}

/** Not where it is thrown: the engine would make the port's text before it knows whether it is wanted. */
function wrong(port: number, what: string): Error {
  return new Error(`port ${port}: ${what}`);
}

/** Puts the call into registers and memory, makes it, and has the receiver take note of the event. */
function sends(name: string, world: World, channels: number, takeNote: (port: number) => void): Bench {
  const { machine, sender, receiver, gic } = world;
  const vcpu = sender.vcpu(0);
  const theirs = receiver.vcpu(0);
  const { w } = vcpu;
  const operand = page(sender, OPERAND);
  const load = (port: number): void => {
    operand[0] = port;
    w[0] = SEND;
    w[1] = 0;
    w[2] = OPERAND;
    w[3] = 0;
    w[32] = EVENT_CHANNEL_OP;
    w[33] = 0;
  };
  return {
    name,
    run: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        const port = 1 + (i % channels);
        load(port);
        machine.trap(vcpu, 'hvc', TAG);
        const intid = gic.acknowledge(theirs);
        gic.endOfInterrupt(theirs, intid);
        if (intid !== INTERRUPT || w[0] !== 0) throw wrong(port, `interrupt ${intid}, result ${w[0]}`);
        takeNote(port);
        sink = (sink + port) | 0;
      }
    },
    baseline: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        const port = 1 + (i % channels);
        load(port);
        gic.pulse(theirs, INTERRUPT);
        gic.endOfInterrupt(theirs, gic.acknowledge(theirs));
        sink = (sink + port) | 0;
      }
    },
  };
}

/** To a domain with the 2-level ABI, one event after the other. */
function twoLevel(): Bench {
  const world = worldOf(1, () => {});
  const shared = page(world.receiver, SHARED_INFO);
  const takeNote = (): void => {
    shared[UPCALL] = 0;
    shared[SELECTOR] = 0;
    shared[PENDING] = 0;
  };
  takeNote();
  world.gic.setPending(world.receiver.vcpu(0), INTERRUPT, false);
  return sends('xen/event-send', world, 1, takeNote);
}

/** To a domain with the FIFO ABI, to all its ports in turn. */
function fifo(channels: number): Bench {
  const pages = Math.ceil((channels + 1) / WORDS_PER_PAGE);
  const world = worldOf(channels, (made) => {
    // The sender as well: the 2-level ABI has fewer than 4096 ports to bind.
    for (const guest of [made.sender, made.receiver]) {
      call(made, guest, EVENT_CHANNEL_OP, INIT_CONTROL, [CONTROL / PAGE, 0, 0, 0, 0, 0]);
    }
    for (let i = 0; i < pages; i++) {
      call(made, made.receiver, EVENT_CHANNEL_OP, EXPAND_ARRAY, [ARRAY / PAGE + i, 0]);
    }
  });
  const shared = page(world.receiver, SHARED_INFO);
  const control = page(world.receiver, CONTROL);
  const words = Array.from({ length: pages }, (_, i) => page(world.receiver, ARRAY + PAGE * i));
  const takeNote = (port: number): void => {
    shared[UPCALL] = 0;
    control[0] = 0;
    if (control[HEAD] !== port) throw wrong(port, 'not at the head of its queue');
    (words[port >>> 10] as Int32Array)[port & (WORDS_PER_PAGE - 1)] = 0;
  };
  return sends(`xen/event-send/${channels}-fifo`, world, channels, takeNote);
}

export const benches: readonly Bench[] = [twoLevel(), fifo(4), fifo(4096)];

/** What the calls came to. */
export function result(): number {
  return sink;
}
