import { CompositionError, inspectTree } from '@trapline/core';
import type { DeviceTree } from '@trapline/devicetree';
import { createQemu, type Payload, QemuError, type QemuMachine, type QemuOptions, readKernel } from '@trapline/qemu';
import { createStack, type GuestSpec, type Stack, type StackGuest } from '@trapline/stack';
import { CommandError } from '../command.js';
import { errorWords, failureWords } from '../inspect/error-words.js';
import type { Io } from '../io.js';
import { readInput } from '../read-input.js';
import { readText, readTreeFile } from '../run/read-file.js';
import { stackFromFile } from '../run/stack-file.js';
import type { Settings } from './settings.js';
import { stacks } from './stacks.js';

/** A machine and the stack that answers it, ready to start. */
export interface Composed {
  readonly machine: QemuMachine;
  readonly stack: Stack;
  readonly guest: StackGuest;
  readonly payload: Payload;
  readonly tick: (() => void) | undefined;
}

/** What is linked for flash lies below RAM. */
const FLASH_END = 0x0400_0000;

/**
 * Reads the files, builds the machine, composes the stack.
 *
 * Throws `CommandError` for a file that cannot be read, a machine or a stack that cannot be, and where QEMU is missing.
 */
export async function compose(settings: Settings, io: Io): Promise<Composed> {
  const payload = payloadOf(settings);
  const tree = settings.dtb === undefined ? undefined : await readTreeFile(settings.dtb, io);
  try {
    return await composeWith(settings, payload, tree);
  } catch (error) {
    if (error instanceof CompositionError || error instanceof QemuError) throw new CommandError(error.message);
    throw error;
  }
}

async function composeWith(settings: Settings, payload: Payload, tree: DeviceTree | undefined): Promise<Composed> {
  const { stack: name } = settings;
  const narrow = payload.kernel !== undefined && readKernel(payload.kernel)?.state === 'a32';
  const start = narrow ? { boot: { state: 'a32' as const } } : {};
  const el2 = settings.atEl2 ? { hasEl2: true } : {};
  const services = Object.hasOwn(stacks, name) ? stacks[name] : undefined;
  if (services !== undefined) {
    const machine = createQemu(optionsOf(settings, tree));
    return disposing(machine, () => {
      const { tick, ...levels } = services(machine.plan.hypervisor.base);
      const spec = { name: 'guest', ...start, ...el2, ...ownTree(machine, tree) };
      return { machine, ...whole(createStack({ guests: [spec], ...levels })), payload, tick };
    });
  }
  if (!/\.ya?ml$/i.test(name)) {
    throw new CommandError(`no stack '${name}'; there are ${Object.keys(stacks).join(', ')}, and stack files (.yaml)`);
  }
  let machine: QemuMachine | undefined;
  const stack = await stackFromFile(name, readText(name), (spec) => {
    if (machine !== undefined) throw new CommandError(`${name}: has several guests; QEMU runs one`);
    const written = spec.deviceTree as DeviceTree | undefined;
    const own = tree ?? written;
    machine = createQemu(optionsOf({ ...settings, cpus: settings.cpus ?? cpusOf(spec) }, own));
    const { vcpus: _, memory: __, deviceTree: ___, ...kept } = spec;
    const brought = ownTree(machine, own);
    return { ...kept, ...start, ...el2, ...brought, ...merged(kept, brought) };
  });
  return { machine: machine as unknown as QemuMachine, ...whole(stack), payload, tick: undefined };
}

/** The machine's own parts of a guest's tree, and what the stack file says of it. */
function merged(spec: GuestSpec, brought: Partial<GuestSpec>): Partial<GuestSpec> {
  return brought.tree === undefined ? {} : { tree: { ...spec.tree, ...brought.tree } };
}

function ownTree(
  machine: QemuMachine,
  tree: DeviceTree | undefined,
): ReturnType<QemuMachine['guest']> & Partial<GuestSpec> {
  return tree === undefined ? machine.guest('written') : { ...machine.guest('own'), deviceTree: tree };
}

function optionsOf(settings: Settings, tree: DeviceTree | undefined): QemuOptions {
  const { cpu, memory, image, kernel, at } = settings;
  const cpus = tree === undefined ? settings.cpus : inspectTree(tree).cpus.length;
  if (tree !== undefined && settings.cpus !== undefined && settings.cpus !== cpus) {
    throw new CommandError(`--cpus ${settings.cpus}: the device tree has ${cpus}`);
  }
  return {
    ...(cpus !== undefined && { cpus }),
    ...(cpu !== undefined && { cpu }),
    ...(memory !== undefined && { ramBytes: memory }),
    flash: image !== undefined && kernel === undefined && at < FLASH_END,
  };
}

function cpusOf({ vcpus }: GuestSpec): number | undefined {
  return vcpus === undefined || typeof vcpus === 'number' ? vcpus : vcpus.length;
}

function whole(stack: Stack): { readonly stack: Stack; readonly guest: StackGuest } {
  return { stack, guest: Object.values(stack.guests)[0] as StackGuest };
}

/** Ends a machine whose stack cannot be. */
async function disposing<T>(machine: QemuMachine, build: () => T): Promise<T> {
  try {
    return build();
  } catch (error) {
    await machine.stop();
    throw error;
  }
}

function payloadOf({ kernel, initrd, image, at }: Settings): Payload {
  return {
    ...(kernel !== undefined && { kernel: fileOf(kernel, 'kernel') }),
    ...(initrd !== undefined && { initrd: fileOf(initrd, 'initrd') }),
    ...(image !== undefined && { images: [{ name: image, bytes: fileOf(image, 'image'), at }] }),
  };
}

/** Debian's packages that hold what people boot. */
const PACKAGES: Readonly<Record<string, string>> = {
  kernel: 'Debian has kernels in linux-image-cloud-arm64; npm run guests fetches one',
  initrd: 'npm run guests makes one of Debian’s busybox-static',
  image: 'Debian has firmware in u-boot-qemu and qemu-efi-aarch64',
};

function fileOf(path: string, what: keyof typeof PACKAGES & string): Uint8Array {
  try {
    return readInput(path);
  } catch (error) {
    throw new CommandError(`${failureWords(path, errorWords(error))} (${PACKAGES[what]})`);
  }
}
