import { CompositionError, inspectTree } from '@trapline/core';
import type { DeviceTree } from '@trapline/devicetree';
import { createQemu, type Payload, QemuError, type QemuMachine, type QemuOptions, readKernel } from '@trapline/qemu';
import { createStack, type GuestSpec, type Stack, type StackGuest } from '@trapline/stack';
import { CommandError } from '../command.js';
import type { Io } from '../io.js';
import { readText, readTreeFile } from '../run/read-file.js';
import { stackFromFile } from '../run/stack-file.js';
import { payloadOf } from './payload.js';
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
    const composed = await composeWith(settings, payload, tree);
    return await disposing(composed.machine, () => checked(composed, settings));
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
  return composeFile(settings, payload, tree, { ...start, ...el2 });
}

async function composeFile(
  settings: Settings,
  payload: Payload,
  tree: DeviceTree | undefined,
  more: Partial<GuestSpec>,
): Promise<Composed> {
  const { stack: file } = settings;
  const machines: QemuMachine[] = [];
  try {
    const stack = await stackFromFile(file, readText(file), (spec) => {
      if (machines.length > 0) throw new CommandError(`${file}: has several guests; QEMU runs one`);
      const own = tree ?? (spec.deviceTree as DeviceTree | undefined);
      const machine = createQemu(optionsOf({ ...settings, cpus: settings.cpus ?? cpusOf(spec) }, own));
      machines.push(machine);
      const { vcpus: _, memory: __, deviceTree: ___, ...kept } = spec;
      const brought = ownTree(machine, own);
      return { ...kept, ...more, ...brought, ...merged(kept, brought) };
    });
    return { machine: machines[0] as QemuMachine, ...whole(stack), payload, tick: undefined };
  } catch (error) {
    await machines[0]?.stop();
    throw error;
  }
}

/** Refuses to enter a guest where the stack stands. */
function checked(composed: Composed, { stack, atEl2 }: Settings): Composed {
  const there = composed.guest.bus.services.find(({ level }) => level === 'el2');
  if (!atEl2 || there === undefined) return composed;
  throw new CommandError(`--el2: EL2 is not the guest's, ${there.service.name} of ${stack} stands there`);
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
