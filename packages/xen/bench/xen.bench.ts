import { createMachine } from '@trapline/trap-bus';
import { hypervisor, xenAbi } from '@trapline/xen';

/** What the workspace's bench runner times. */
export interface Bench {
  readonly name: string;
  run(iterations: number): void;
  baseline?(iterations: number): void;
}

const RAM = 0x4000_0000;
const LIST = RAM + 0x1000;
const TEXT = RAM + 0x2000;
const ENTRIES = 8;
const PSCI_VERSION = 0x8400_0000;

/** What results go to, so that no call can be left out. */
let sink = 0;

const machine = createMachine({
  guests: [{ name: 'bench', vcpus: 1, memory: [{ base: RAM, size: 0x10_0000 }], services: { el2: [hypervisor()] } }],
});
const guest = machine.guest('bench');
const vcpu = guest.vcpus[0] as (typeof guest.vcpus)[number];
const { w } = vcpu;
const { xenVersion, multicall, consoleIo } = xenAbi.calls;

const words = new Uint32Array(16 * ENTRIES);
for (let i = 0; i < ENTRIES; i++) words[16 * i] = xenVersion.id;
guest.ports.memory.write(LIST as never, new Uint8Array(words.buffer));
guest.ports.memory.write(TEXT as never, new TextEncoder().encode('0123456789abcde\n'));

/** Calls at the level of registers: load, trap, use the result. */
function calls(name: string, immediate: number, registers: Readonly<Record<number, number>>): Bench {
  const places = Uint8Array.from(Object.keys(registers), (n) => 2 * Number(n));
  const values = Uint32Array.from(Object.values(registers));
  const load = (): void => {
    for (let i = 0; i < places.length; i++) {
      const at = places[i] as number;
      w[at] = values[i] as number;
      w[at + 1] = 0;
    }
  };
  return {
    name,
    run: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        load();
        machine.trap(vcpu, 'hvc', immediate);
        sink = (sink + ((w[0] as number) | 0)) | 0;
      }
    },
    baseline: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        load();
        sink = (sink + ((w[0] as number) | 0)) | 0;
      }
    },
  };
}

export const benches: readonly Bench[] = [
  calls('xen/version', 0xea1, { 0: 0, 1: 0, 16: xenVersion.id }),
  calls('xen/multicall-8', 0xea1, { 0: LIST, 1: ENTRIES, 16: multicall.id }),
  calls('xen/console-io-16', 0xea1, { 0: 0, 1: 16, 2: TEXT, 16: consoleIo.id }),
  calls('xen/psci-version', 0, { 0: PSCI_VERSION }),
  calls('xen/unknown', 0xea1, { 0: 0, 16: 60 }),
];

/** What the calls came to. */
export function result(): number {
  return sink;
}
