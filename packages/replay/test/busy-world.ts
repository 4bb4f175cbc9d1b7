import type { ClockPort, GuestPhysical, GuestVirtual, MemoryPort, Pe, RandomPort, SharedWords } from '@trapline/core';
import { parseRecording, type Recording } from '@trapline/recordings';
import { type FileReport, PlayedMedium, replay, TraceRecorder, tracedMachine } from '@trapline/replay';
import { createGic, createMachine, createMemory, createRandom, createVirtualClock } from '@trapline/trap-bus';
import { type BusyHost, busy, type Disk, FIRST_CALL } from './busy.js';

const REGION = { base: 0x4000_0000, size: 0x10_0000 };
const UPPER = 2 ** 47;

/** Memory that other CPUs write while the service looks at it, and whose pages a guest moves. */
class LivelyMemory implements MemoryPort {
  readonly inner: MemoryPort = createMemory([REGION]);
  readonly regions: readonly { readonly base: number; readonly size: number }[] = [REGION];
  /** Where pages of the upper half begin. */
  moved = 0;
  readonly #words: readonly number[];
  #looks = 0;

  constructor(words: readonly number[]) {
    this.#words = words;
  }

  read(address: GuestPhysical, target: Uint8Array): boolean {
    this.#live(address);
    return this.inner.read(address, target);
  }

  write(address: GuestPhysical, source: Uint8Array): boolean {
    return this.inner.write(address, source);
  }

  has(address: GuestPhysical, length: number): boolean {
    return this.inner.has(address, length);
  }

  translate(_: Pe, address: GuestVirtual, access: 'read' | 'write'): number {
    if (address >= 0) return address;
    const offset = address + UPPER;
    if (offset < 0 || offset >= REGION.size || (access === 'write' && offset < 0x1000)) return -1;
    return REGION.base + ((offset + this.moved * 0x1000) % REGION.size);
  }

  sharedWords(address: GuestPhysical, length: number): SharedWords | undefined {
    if (!this.has(address, length)) return undefined;
    const view = new DataView(new ArrayBuffer(4));
    const bytes = new Uint8Array(view.buffer);
    const load = (index: number): number => {
      this.read((address + 4 * index) as GuestPhysical, bytes);
      return view.getInt32(0, true);
    };
    const store = (index: number, value: number): void => {
      view.setInt32(0, value, true);
      this.write((address + 4 * index) as GuestPhysical, bytes);
    };
    const change = (index: number, to: (old: number) => number): number => {
      const old = load(index);
      store(index, to(old));
      return old;
    };
    return {
      load,
      store,
      or: (index, bits) => change(index, (old) => old | bits),
      and: (index, bits) => change(index, (old) => old & bits),
      compareExchange: (index, expected, value) => change(index, (old) => (old === expected ? value : old)),
    };
  }

  /** Another CPU writes where the service looks. */
  #live(address: number): void {
    const word = this.#words[this.#looks++ % Math.max(1, this.#words.length)] ?? 0;
    if (word % 3 === 0 || !this.has(address as GuestPhysical, 1)) return;
    this.inner.write(address as GuestPhysical, Uint8Array.of(word));
  }
}

/** A clock that is never twice the same. */
function hurriedClock(): ClockPort & { readonly virtual: ReturnType<typeof createVirtualClock> } {
  const virtual = createVirtualClock();
  let asked = 0n;
  return {
    virtual,
    frequency: virtual.frequency,
    now: () => virtual.now() + ++asked,
    counter: () => virtual.counter() + ++asked,
    wall: () => 1_800_000_000_000_000_000n + ++asked,
    stolen: ({ index }) => BigInt(index) + ++asked,
    at: (time, fire) => virtual.at(time, fire),
  };
}

/** Something that happens in the world of a recorded guest. */
export type Happening =
  | { readonly kind: 'call'; readonly cpu: number; readonly number: number; readonly args: readonly bigint[] }
  | { readonly kind: 'store'; readonly address: number; readonly byte: number }
  | { readonly kind: 'time'; readonly ns: number }
  | { readonly kind: 'interrupt'; readonly cpu: number; readonly intid: number }
  | { readonly kind: 'move'; readonly pages: number }
  | { readonly kind: 'enter'; readonly cpu: number }
  | { readonly kind: 'tick' | 'stray' };

/** What other CPUs and a source of entropy bring. */
export interface Chance {
  readonly words: readonly number[];
  readonly dry: boolean;
}

/** Lets things happen to a machine with a service that uses every port, and gives the trace's text. */
export function record(happenings: readonly Happening[], { words, dry }: Chance): string {
  const pieces: string[] = [];
  const recorder = new TraceRecorder((text) => pieces.push(text), {
    subject: { package: 'busy', profile: 'right', options: {} },
    oracle: 'this test',
    recorded: '2026-01-01',
  });
  const memory = new LivelyMemory(words);
  const gic = createGic({ pes: 2 });
  const clock = hurriedClock();
  const seeded = createRandom({ seed: 7 });
  const random: RandomPort = { fill: (target) => !dry && seeded.fill(target) };
  const host: BusyHost = { tick: () => {} };
  const machine = createMachine({
    guests: [
      {
        name: 'guest',
        vcpus: 2,
        ports: recorder.ports({ memory, interrupts: gic, clock, random }),
        services: { el2: [busy(tapped(recorder), host)] },
      },
    ],
  });
  const guest = machine.guest('guest');
  for (const vcpu of guest.vcpus) for (let i = 0; i < 32; i++) gic.setEnabled(vcpu, i, true);
  recorder.connect(machine, guest);
  guest.ports.memory.write(0x4000_2000 as GuestPhysical, new Uint8Array(0x1800).fill(0x5a));
  recorder.start();
  const happen = (what: Happening): void => {
    switch (what.kind) {
      case 'call': {
        const vcpu = guest.vcpu(what.cpu);
        if (vcpu.powerState !== 'running') return;
        const caller = guest.caller(what.cpu);
        vcpu.pstate = (vcpu.pstate & ~0x3c0) | (Number((what.args[0] ?? 0n) & 3n) << 7);
        caller.x.fill(0n, 0, 31);
        [BigInt(FIRST_CALL + what.number), ...what.args].forEach((value, n) => {
          caller.x[n] = value;
        });
        // An exception has brought it to its handler: it goes on.
        if (caller.execute('hvc', 0).kind === 'inject') vcpu.pstate = 0x3c5;
        return;
      }
      case 'store':
        memory.inner.write(what.address as GuestPhysical, Uint8Array.of(what.byte));
        return;
      case 'time':
        clock.virtual.advance(BigInt(what.ns));
        return;
      case 'interrupt':
        gic.pulse(guest.vcpu(what.cpu), what.intid);
        guest.interruptsChanged(what.cpu);
        return;
      case 'move':
        memory.moved = what.pages;
        return;
      case 'enter':
        guest.enter(guest.vcpu(what.cpu));
        return;
      case 'tick':
        recorder.act({ action: 'tick' }, () => host.tick());
        return;
      case 'stray':
        host.tick();
        return;
    }
  };
  for (const what of happenings) happen(what);
  recorder.close();
  machine.dispose();
  return pieces.join('');
}

/** A disk with something on it, listened at. */
function tapped(recorder: TraceRecorder): Disk {
  const bytes = Uint8Array.from({ length: 8192 }, (_, i) => i % 251);
  const tap = recorder.medium();
  return {
    readAt: (position, target) => {
      target.set(bytes.subarray(position, position + target.length));
      tap.found(position, target);
      return true;
    },
    writeAt: (position, source) => {
      bytes.set(source, position);
      tap.put(position, source);
      return true;
    },
  };
}

/** Replays a trace against the same service. */
export function replayed(recording: Recording | string): FileReport {
  return replay(typeof recording === 'string' ? parseRecording(recording) : recording, {
    subjects: {
      busy: (setting) => {
        const disk = new PlayedMedium();
        const host: BusyHost = { tick: () => {} };
        const services = { el2: [busy(disk, host)] };
        return tracedMachine(setting, { services, actions: { tick: () => host.tick() }, media: [disk] });
      },
    },
  });
}
