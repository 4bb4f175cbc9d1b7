import { CompositionError, inspectTree } from '@trapline/core';
import type { DeviceTree } from '@trapline/devicetree';
import { createQemu, type Payload, QemuError, type QemuMachine, type QemuOptions, readKernel } from '@trapline/qemu';
import { createStack, type GuestSpec, type Stack, type StackGuest } from '@trapline/stack';
import { CommandError } from '../command.js';
import type { Io } from '../io.js';
import { readText, readTreeFile } from '../run/read-file.js';
import { stackFromFile } from '../run/stack-file.js';
import { type FileDisk, fileDisk } from './disk.js';
import { payloadOf } from './payload.js';
import type { Settings } from './settings.js';
import { stacks } from './stacks.js';
import { BootTrace, type HostAction } from './trace.js';
import { XenSide } from './xen-side.js';

/** A machine and the stack that answers it, ready to start. */
export interface Composed {
  readonly machine: QemuMachine;
  readonly stack: Stack;
  readonly guest: StackGuest;
  readonly payload: Payload;
  readonly tick: (() => void) | undefined;
  readonly trace: BootTrace | undefined;
  /** The host's side of it, where it is a domain of Xen's. */
  readonly xen: XenSide;
}

/** What is decided before the stack is: how the guest begins, and what it brings. */
interface Plan {
  readonly settings: Settings;
  readonly payload: Payload;
  readonly tree: DeviceTree | undefined;
  readonly media: readonly FileDisk[];
  readonly start: Partial<GuestSpec>;
  readonly trace: BootTrace | undefined;
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
  const media: FileDisk[] = [];
  const trace = settings.trace === undefined ? undefined : new BootTrace(settings.trace, settings.stack);
  try {
    for (const { path, readOnly } of settings.disks) media.push(fileDisk(path, readOnly));
    const composed = await composeWith({ settings, payload, tree, media, start: startOf(settings, payload), trace });
    void composed.machine.ended.then(() => closeAll(media));
    return await disposing(composed.machine, () => checked(composed, settings));
  } catch (error) {
    closeAll(media);
    trace?.close();
    if (error instanceof CompositionError || error instanceof QemuError) throw new CommandError(error.message);
    throw error;
  }
}

function startOf({ atEl2 }: Settings, { kernel }: Payload): Partial<GuestSpec> {
  const narrow = kernel !== undefined && readKernel(kernel)?.state === 'a32';
  return { ...(narrow && { boot: { state: 'a32' } }), ...(atEl2 && { hasEl2: true }) };
}

function closeAll(media: FileDisk[]): void {
  for (const medium of media.splice(0)) medium.close();
}

async function composeWith(plan: Plan): Promise<Composed> {
  const { settings, payload, tree, media, start, trace } = plan;
  const { stack: name } = settings;
  const services = Object.hasOwn(stacks, name) ? stacks[name] : undefined;
  if (services !== undefined) {
    const machine = createQemu(optionsOf(settings, tree));
    return disposing(machine, () => {
      const xen = sideOf(machine, 'guest', media, trace);
      const { tick, ...levels } = services({ pages: machine.plan.hypervisor.base, xen });
      const spec = { name: 'guest', ...start, ...ownTree(machine, tree, trace) };
      return { machine, ...whole(createStack({ guests: [spec], ...levels })), payload, tick, xen, trace };
    });
  }
  if (!/\.ya?ml$/i.test(name)) {
    throw new CommandError(`no stack '${name}'; there are ${Object.keys(stacks).join(', ')}, and stack files (.yaml)`);
  }
  return composeFile(plan);
}

async function composeFile({ settings, payload, tree, media, start, trace }: Plan): Promise<Composed> {
  const { stack: file } = settings;
  const machines: { readonly machine: QemuMachine; readonly xen: XenSide }[] = [];
  try {
    const text = readText(file);
    trace?.describe(text);
    const stack = await stackFromFile(file, text, {
      adapt: (spec) => {
        if (machines.length > 0) throw new CommandError(`${file}: has several guests; QEMU runs one`);
        const own = tree ?? (spec.deviceTree as DeviceTree | undefined);
        const machine = createQemu(optionsOf({ ...settings, cpus: settings.cpus ?? cpusOf(spec) }, own));
        machines.push({ machine, xen: sideOf(machine, spec.name, media, trace) });
        const { vcpus: _, memory: __, deviceTree: ___, ...kept } = spec;
        const brought = ownTree(machine, own, trace);
        return { ...kept, ...start, ...brought, ...merged(kept, brought) };
      },
      surroundings: () => machines[0] ?? {},
    });
    const [made] = machines as [(typeof machines)[0]];
    return { ...made, ...whole(stack), payload, tick: undefined, trace };
  } catch (error) {
    await machines[0]?.machine.stop();
    throw error;
  }
}

function sideOf(
  { plan, bridge }: QemuMachine,
  guest: string,
  media: readonly FileDisk[],
  trace: BootTrace | undefined,
): XenSide {
  const act = (what: HostAction, work: () => void): void =>
    bridge.post(trace === undefined ? work : () => trace.act(what, work));
  const disks = trace === undefined ? media : media.map((medium) => trace.medium(medium));
  return new XenSide({ pages: plan.hypervisor.base, act }, guest, disks);
}

/** Refuses what was asked for and the stack has not. */
function checked(composed: Composed, { stack, atEl2, console, disks, shutdownOn }: Settings): Composed {
  const { guest, xen } = composed;
  const there = guest.bus.services.find(({ level }) => level === 'el2');
  if (atEl2 && there !== undefined) {
    throw new CommandError(`--el2: EL2 is not the guest's, ${there.service.name} of ${stack} stands there`);
  }
  if (console === 'hvc0' && xen.console === undefined) {
    throw new CommandError(`--console hvc0: ${stack} gives its guest no console of Xen's; --stack xen does`);
  }
  const asked = disks.length > 0 ? '--disk' : shutdownOn === undefined ? undefined : '--shutdown-on';
  if (asked !== undefined && !xen.isStored) {
    throw new CommandError(`${asked}: ${stack} has no xenstore, by which a guest hears of it; --stack xen has`);
  }
  return composed;
}

/** The machine's own parts of a guest's tree, and what the stack file says of it. */
function merged(spec: GuestSpec, brought: Partial<GuestSpec>): Partial<GuestSpec> {
  return brought.tree === undefined ? {} : { tree: { ...spec.tree, ...brought.tree } };
}

function ownTree(
  machine: QemuMachine,
  tree: DeviceTree | undefined,
  trace: BootTrace | undefined,
): ReturnType<QemuMachine['guest']> & Partial<GuestSpec> {
  const ports = trace && { ports: trace.ports(machine) };
  if (tree === undefined) return { ...machine.guest('written'), ...ports };
  return { ...machine.guest('own'), deviceTree: tree, ...ports };
}

function optionsOf(settings: Settings, tree: DeviceTree | undefined): QemuOptions {
  const { cpu, memory, image, kernel, at, restarts } = settings;
  const cpus = tree === undefined ? settings.cpus : inspectTree(tree).cpus.length;
  if (tree !== undefined && settings.cpus !== undefined && settings.cpus !== cpus) {
    throw new CommandError(`--cpus ${settings.cpus}: the device tree has ${cpus}`);
  }
  return {
    ...(cpus !== undefined && { cpus }),
    ...(cpu !== undefined && { cpu }),
    ...(memory !== undefined && { ramBytes: memory }),
    onReset: restarts ? 'restart' : 'end',
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
