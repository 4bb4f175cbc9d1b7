import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Service } from '@trapline/core';
import { createQemu, type MachineEnd, type Payload, type QemuMachine, type QemuOptions } from '@trapline/qemu';
import { createStack, type GuestSpec, type Stack } from '@trapline/stack';
import type { CallEvent } from '@trapline/trap-bus';

const file = (name: string): string => fileURLToPath(new URL(`../../../.cache/guests/${name}`, import.meta.url));
const hasQemu = spawnSync('qemu-system-aarch64', ['--version']).error === undefined;
const hasGuests = ['Image', 'initrd', 'zImage', 'initrd32', 'u-boot.bin', 'edk2.fd'].every((name) =>
  existsSync(file(name)),
);

/** Whether nothing can be booted here. With CI=true that is a failure. */
export const cannotBoot: boolean = !(hasQemu && hasGuests) && !process.env.CI;

/** Why, for the names of tests. */
export const why: string = hasQemu
  ? hasGuests
    ? ''
    : ' (skipped: no guests in .cache/guests; npm run guests fetches them)'
  : " (skipped: qemu-system-aarch64 of Debian's qemu-system-arm is not installed)";

/** A guest that has not ended by then is stopped: its test fails, and nothing is left. */
const PATIENCE_MS = 120_000;

/** How a guest is booted. */
export interface Boot extends QemuOptions {
  readonly services: { readonly el2?: readonly Service[]; readonly el3?: readonly Service[] };
  readonly guest?: Partial<GuestSpec>;
  readonly bootargs?: string;
  readonly payload?: Payload;
  /** Called before the machine is started. */
  readonly building?: (machine: QemuMachine, stack: Stack) => void;
  /** Called once the machine runs. */
  readonly started?: (machine: QemuMachine, stack: Stack) => void;
  /** What is typed when the console shows something. */
  readonly typing?: readonly (readonly [shown: string, typed: string])[];
}

/** What a boot showed. */
export interface Booted {
  readonly end: MachineEnd;
  readonly console: string;
  /** Lines that the guest's own first program wrote. */
  readonly lines: readonly string[];
  readonly calls: readonly CallEvent[];
  readonly machine: QemuMachine;
}

/** Linux as Debian packages it. */
export function linux(): Payload {
  return { kernel: readFileSync(file('Image')), initrd: readFileSync(file('initrd')) };
}

/** Linux for 32-bit CPUs as Debian packages it. */
export function linux32(): Payload {
  return { kernel: readFileSync(file('zImage')), initrd: readFileSync(file('initrd32')) };
}

/** Firmware as Debian packages it, linked for flash at address 0: `u-boot.bin` or `edk2.fd`. */
export function firmwareImage(name: string): Payload {
  return { images: [{ name, bytes: readFileSync(file(name)), at: 0 }] };
}

/** Boots a guest and waits for its end. */
export async function boot({
  services,
  guest,
  bootargs,
  payload,
  building,
  started,
  typing = [],
  ...options
}: Boot): Promise<Booted> {
  const machine = createQemu(options);
  const stack = createStack({ guests: [{ name: 'guest', ...machine.guest('written'), ...guest }], ...services });
  const calls: CallEvent[] = [];
  stack.calls$.subscribe((call) => calls.push(call));
  let text = '';
  const script = [...typing];
  let typedAt = 0;
  machine.console.output$.subscribe((bytes) => {
    text += Buffer.from(bytes).toString('latin1');
    const next = script[0];
    if (next === undefined || !text.slice(typedAt).includes(next[0])) return;
    script.shift();
    typedAt = text.length;
    machine.console.type(next[1]);
  });
  building?.(machine, stack as Stack);
  const words = bootargs === undefined ? undefined : `console=ttyAMA0 rdinit=/init ${bootargs}`;
  await machine.start(stack.machine, stack.guests.guest as never, {
    payload: payload ?? linux(),
    ...(words !== undefined && { bootargs: words }),
  });
  started?.(machine, stack as Stack);
  const late = setTimeout(() => void machine.stop(), PATIENCE_MS);
  const end = await machine.ended;
  clearTimeout(late);
  stack.dispose();
  const lines = [...text.matchAll(/GUEST: (.*?)\r?\n/g)].map((match) => match[1] as string);
  return { end, console: text, lines, calls, machine };
}

/** Whether a process is in one of these states (proc(5)). */
const isIn = (states: string, pid: number): boolean =>
  new RegExp(`\\) [${states}]`).test(readFileSync(`/proc/${pid}/stat`, 'latin1'));

/** Sends QEMU a signal and waits until it stands, or lies. */
export function stun({ pid = 0 }: QemuMachine, signal: 'SIGSTOP' | 'SIGKILL'): void {
  process.kill(pid, signal);
  while (!isIn(signal === 'SIGSTOP' ? 'Tt' : 'ZX', pid));
}
