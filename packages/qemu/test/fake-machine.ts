import { PC } from '@trapline/core';
import { Bridge, type BridgeOptions, Event, Field, PSTATE_SLOT } from '@trapline/qemu';
import { createMachine, type Guest, type GuestSpec, type Machine } from '@trapline/trap-bus';
import { FakeLink } from './fake-link.js';

/** ESR_EL3 of SMC #0 and ESR_EL2 of HVC #0, from AArch64. */
const SMC64 = 0x5e00_0000;
export const HVC64 = 0x5a00_0000;
export const EL1H = 0x3c5;
export const VERSION = 0x8400_0000;
export const CPU_ON = 0xc400_0003;
export const CPU_OFF = 0x8400_0002;
export const SYSTEM_RESET = 0x8400_0009;
export const SUSPEND = 0xc400_0001;

/** A bridge to a machine without QEMU, whose first CPU has begun. */
export interface Setup {
  readonly link: FakeLink;
  readonly bridge: Bridge;
  readonly machine: Machine;
  readonly guest: Guest;
  readonly faults: Error[];
}

/** Builds one. */
export function setup(cpus: number, spec: Partial<GuestSpec>, options: Partial<BridgeOptions> = {}): Setup {
  const link = new FakeLink(cpus);
  const windows = [{ base: 0x4000_0000, size: 0x40_0000, physical: 0x4000_0000 }];
  const bridge = new Bridge({ link, windows, clock: { now: () => 5_000n, wall: () => 7n }, ...options });
  const { memory, interrupts, clock } = bridge;
  const machine = createMachine({
    guests: [
      { name: 'guest', vcpus: bridge.cpus.map((cpu) => ({ cpu })), ports: { memory, interrupts, clock }, ...spec },
    ],
  });
  const guest = machine.guest('guest');
  bridge.connect(machine, guest);
  const faults: Error[] = [];
  bridge.onFault = (error) => faults.push(error);
  bridge.onReady = () => [
    [0, 0x4800_0000],
    [PC, 0x4020_0000],
  ];
  link.ring(0, { [Field.event]: Event.hello });
  return { link, bridge, machine, guest, faults };
}

/** The frame of an SMC that EL3 took, with PC behind it. */
export const call = (pc: number, more: Record<number, number | bigint> = {}) => ({
  [Field.event]: Event.sync,
  [Field.esr]: SMC64,
  [0x100 + 8 * PC]: pc,
  [0x100 + 8 * PSTATE_SLOT]: EL1H,
  ...more,
});
