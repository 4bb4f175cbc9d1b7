import { RETURNED } from '@trapline/core';
import { createMachine, type Guest, type Vcpu } from '@trapline/trap-bus';
import {
  eventChannelOperations,
  grantTableOperations,
  hypervisor,
  OPERATION_TABLES,
  type OperationSpec,
  type Structure,
  type StructureFields,
  type XenProfileName,
  xenAbi,
  xenStatus,
} from '@trapline/xen';
import { codeTable } from './markdown.js';

const COLUMNS: readonly (readonly [title: string, profile: XenProfileName, guest: 'domu' | 'dom0'])[] = [
  ['4.17', 'xen-4.17', 'domu'],
  ['4.18', 'xen-4.18', 'domu'],
  ['4.19', 'xen-4.19', 'domu'],
  ['4.20', 'xen-4.20', 'domu'],
  ['spec', 'spec', 'domu'],
  ['4.17, control domain', 'xen-4.17', 'dom0'],
];

const RAM = 0x4000_0000;
const OPERAND = RAM + 0x10_0000;
const DOMID_SELF = 0x7ff0;

/** Sub-operations that do not come back: a watchdog of 0 seconds fires at once. */
const NO_RETURN = new Set(['block', 'shutdown', 'remoteShutdown', 'poll', 'watchdog']);

/** A hypercall with an operand of its own. */
interface Particular {
  readonly title: string;
  readonly number: number;
  readonly args: readonly number[];
  readonly operand: Uint8Array;
}

const { grantTableOp, eventChannelOp, domctl, sysctl } = xenAbi.calls;
const SET_VERSION = grantTableOperations.operations.setVersion;
const ALLOC_UNBOUND = eventChannelOperations.operations.allocUnbound;

/** Interface version and command stand first in the operand of the hypercalls of control domains. */
const control = (title: string, number: number, command: number, version: number): Particular => {
  const operand = new Uint8Array(256);
  new DataView(operand.buffer).setUint32(0, command, true);
  new DataView(operand.buffer).setUint32(4, version, true);
  return { title: `${title}, interface version 0x${version.toString(16)}`, number, args: [OPERAND], operand };
};

/** What zeros do not ask. */
const PARTICULAR: readonly Particular[] = [
  {
    title: 'grantTableOp: setVersion 2',
    number: grantTableOp.id,
    args: [SET_VERSION.command, OPERAND, 1],
    operand: SET_VERSION.structure.encode({ version: 2 }),
  },
  {
    title: 'eventChannelOp: allocUnbound for another ordinary domain',
    number: eventChannelOp.id,
    args: [ALLOC_UNBOUND.command, OPERAND],
    operand: ALLOC_UNBOUND.structure.encode({ dom: DOMID_SELF, remoteDom: 2 }),
  },
  control('sysctl: physinfo', sysctl.id, 3, 0x15),
  control('domctl: getdomaininfo', domctl.id, 5, 0x15),
  control('domctl: getdomaininfo', domctl.id, 5, 0x16),
  control('domctl: getdomaininfo', domctl.id, 5, 0x17),
];

/** Numbers of the firmware that are asked for, with a first argument. */
const FIRMWARE: readonly (readonly [title: string, id: number, argument?: number])[] = [
  ['SMCCC_VERSION', 0x8000_0000],
  ['PSCI_VERSION', 0x8400_0000],
  ['PSCI_FEATURES of SYSTEM_SUSPEND', 0x8400_000a, 0x8400_000e],
  ['PSCI_FEATURES of SYSTEM_RESET2', 0x8400_000a, 0x8400_0012],
  ['SMCCC_ARCH_FEATURES of WORKAROUND_3', 0x8000_0001, 0x8000_3fff],
  ['call count of owner 5', 0x8500_ff00],
  ['UID of owner 5, first word', 0x8500_ff01],
  ['UID of owner 6, first word', 0x8600_ff01],
  ['call count of owner 4', 0x8400_ff00],
];

/** What the profiles of Xen answer differently: each is run, and asked everything. */
export function xenSection(): readonly string[] {
  const answers = COLUMNS.map(([, profile, guest]) => askedOf(profile, guest));
  const titles = [...(answers[0] as ReadonlyMap<string, string>).keys()];
  const rows = titles
    .map((title) => [title, ...answers.map((column) => column.get(title) ?? '')])
    .filter((row) => new Set(row.slice(1)).size > 1);
  return codeTable(['', ...COLUMNS.map(([title]) => title)], rows);
}

function askedOf(profile: XenProfileName, name: 'domu' | 'dom0'): ReadonlyMap<string, string> {
  const asked = new Map<string, string>();
  const tables = new Map(OPERATION_TABLES.map((table) => [table.hypercall, table]));
  const untouched = guestOf(profile, name);
  for (const { name: hypercall, id } of xenAbi.all) {
    const table = tables.get(hypercall);
    if (table === undefined) asked.set(hypercall, words(call(untouched, id, [OPERAND])));
    const guest = table === undefined ? untouched : guestOf(profile, name);
    for (const operation of table?.all ?? []) {
      if (!NO_RETURN.has(operation.name))
        asked.set(`${hypercall}: ${operation.name}`, operationAnswer(guest, id, operation));
    }
  }
  for (const { title, number, args, operand } of PARTICULAR) {
    const guest = guestOf(profile, name);
    guest.ports.memory.write(OPERAND as never, operand);
    asked.set(title, words(call(guest, number, args)));
  }
  for (const [title, id, argument = 0] of FIRMWARE) {
    const vcpu = untouched.vcpus[0] as Vcpu;
    vcpu.x[0] = BigInt(id);
    vcpu.x[1] = BigInt(argument);
    untouched.caller(0).execute('hvc', 0);
    asked.set(title, `0x${(vcpu.w[0] as number).toString(16)}`);
  }
  return asked;
}

/** A domain beside a control domain and an ordinary one, all fresh. */
function guestOf(profile: XenProfileName, name: 'domu' | 'dom0'): Guest {
  const service = hypervisor({ profile, domains: { dom0: { privileged: true }, domu: {}, other: {} } });
  const machine = createMachine({
    guests: ['dom0', 'domu', 'other'].map((guest) => ({
      name: guest,
      vcpus: 1,
      memory: [{ base: RAM, size: 0x20_0000 }],
      services: { el2: [service] },
    })),
  });
  return machine.guest(name);
}

/** One sub-operation with a structure of zeros, but for the caller as the domain that is meant. */
function operationAnswer(guest: Guest, number: number, { command, structure, direction }: OperationSpec): string {
  if (structure === undefined) return words(call(guest, number, [command, 0]));
  const self = Object.fromEntries(['dom', 'domid'].map((field) => [field, DOMID_SELF]));
  const bytes = (structure as Structure<StructureFields>).encode(self as never);
  const { memory } = guest.ports;
  memory.write(OPERAND as never, bytes);
  const vcpuOp = number === xenAbi.calls.vcpuOp.id;
  const result = call(guest, number, vcpuOp ? [command, 0, OPERAND] : [command, OPERAND, 1]);
  if (result < 0n || direction === 'in') return words(result);
  memory.read(OPERAND as never, bytes);
  const fields = Object.entries(structure.decode(bytes)).filter(([name]) => !(name in self));
  return [words(result), ...fields.flatMap(([name, value]) => fieldWords(name, value))].join(', ');
}

/** Fields that are numbers and not 0; negative ones are statuses. */
function fieldWords(name: string, value: unknown): readonly string[] {
  if ((typeof value !== 'number' && typeof value !== 'bigint') || BigInt(value) === 0n) return [];
  return [value < 0 ? `${name} ${value}` : `${name} 0x${value.toString(16)}`];
}

function call(guest: Guest, number: number, args: readonly number[]): bigint {
  const vcpu = guest.vcpus[0] as Vcpu;
  vcpu.x.fill(0n, 0, 31);
  args.forEach((value, i) => {
    vcpu.x[i] = BigInt(value);
  });
  vcpu.x[16] = BigInt(number);
  const outcome = guest.caller(0).execute('hvc', 0xea1);
  return outcome === RETURNED ? BigInt.asIntN(64, vcpu.x[0] as bigint) : -1000n;
}

function words(result: bigint): string {
  if (result === -1000n) return 'does not return';
  return result < 0n ? String(xenStatus.of(Number(result))) : `0x${result.toString(16)}`;
}
