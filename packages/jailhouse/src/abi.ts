import {
  type Convention,
  defineInterface,
  named,
  oneOf,
  SMCCC,
  status as statusOf,
  u32,
  valueOr,
  word,
} from '@trapline/core';
import { status } from './status.js';

/** The immediate of every Jailhouse call: "JH" (include/arch/arm64/asm/jailhouse_hypercall.h). */
export const IMMEDIATE = 0x4a48;

/** How registers are read: the number in X0 or R0, arguments in X1 and X2; all 64 bits of X0 count. */
export const JAILHOUSE: Convention = {
  ...SMCCC,
  name: 'jailhouse',
  conduits: ['hvc'],
  immediates: [[IMMEDIATE, IMMEDIATE]],
  selectorBits: 64,
  ignoredBits: 0,
  narrow: 'by-caller',
  smc64NeedsA64: false,
};

/** The first number of CPU_GET_INFO's statistics, and how many there are on arm64 (generic and its own). */
export const STATISTICS_BASE = 1000;
export const STATISTICS = 9;

const cell = named('cell', word);
const address = named('address', word);
const cellState = oneOf('cell state', { RUNNING: 0, RUNNING_LOCKED: 1, SHUT_DOWN: 2, FAILED: 3, FAILED_COMM_REV: 4 });
const info = oneOf('information', {
  MEM_POOL_SIZE: 0,
  MEM_POOL_USED: 1,
  REMAP_POOL_SIZE: 2,
  REMAP_POOL_USED: 3,
  NUM_CELLS: 4,
});
const cpuInfo = oneOf('CPU information', {
  STATE: 0,
  VMEXITS_TOTAL: STATISTICS_BASE,
  VMEXITS_MMIO: STATISTICS_BASE + 1,
  VMEXITS_MANAGEMENT: STATISTICS_BASE + 2,
  VMEXITS_HYPERCALL: STATISTICS_BASE + 3,
  VMEXITS_MAINTENANCE: STATISTICS_BASE + 4,
  VMEXITS_VIRQ: STATISTICS_BASE + 5,
  VMEXITS_VSGI: STATISTICS_BASE + 6,
  VMEXITS_PSCI: STATISTICS_BASE + 7,
  VMEXITS_SMCCC: STATISTICS_BASE + 8,
});
const result = statusOf(status);
const since = '0.12';
const management = { since, returns: result };

/** Jailhouse's hypercalls, in the order of their numbers (include/jailhouse/hypercall.h). */
export const abi = defineInterface({
  name: 'jailhouse',
  title: "Jailhouse's hypercalls",
  source: 'Jailhouse, include/jailhouse/hypercall.h',
  convention: JAILHOUSE,
  calls: {
    disable: { ...management, id: 0, clause: 'DISABLE', summary: 'Ends the hypervisor.', errors: ['EPERM', 'EBUSY'] },
    cellCreate: {
      ...management,
      id: 1,
      clause: 'CELL_CREATE',
      summary: 'Makes a cell of a configuration in memory.',
      arguments: { configuration: address },
      errors: ['EPERM', 'EEXIST', 'ENOMEM'],
    },
    cellStart: {
      ...management,
      id: 2,
      clause: 'CELL_START',
      summary: 'Starts a cell.',
      arguments: { cell },
      errors: ['EPERM', 'ENOENT', 'EINVAL'],
    },
    cellSetLoadable: {
      ...management,
      id: 3,
      clause: 'CELL_SET_LOADABLE',
      summary: "Gives a cell's memory to the root cell, to be loaded.",
      arguments: { cell },
      errors: ['EPERM', 'ENOENT', 'EINVAL'],
    },
    cellDestroy: {
      ...management,
      id: 4,
      clause: 'CELL_DESTROY',
      summary: 'Ends a cell; its CPUs and memory go back to the root cell.',
      arguments: { cell },
      errors: ['EPERM', 'ENOENT', 'EINVAL'],
    },
    hypervisorGetInfo: {
      id: 5,
      since,
      clause: 'HYPERVISOR_GET_INFO',
      summary: 'Pages of the pools, and the number of cells.',
      arguments: { type: info },
      returns: valueOr(u32, status),
      errors: ['EINVAL'],
    },
    cellGetState: {
      id: 6,
      since,
      clause: 'CELL_GET_STATE',
      summary: 'What a cell is doing, for the root cell.',
      arguments: { cell },
      returns: valueOr(cellState, status),
      errors: ['EPERM', 'ENOENT'],
    },
    cpuGetInfo: {
      id: 7,
      since,
      clause: 'CPU_GET_INFO',
      summary: "A CPU's state, or how often it left its guest for one reason.",
      arguments: { cpu: named('cpu', word), type: cpuInfo },
      returns: valueOr(u32, status),
      errors: ['EPERM', 'EINVAL'],
    },
    debugConsolePutc: {
      id: 8,
      since,
      clause: 'DEBUG_CONSOLE_PUTC',
      summary: 'Prints a character, where the cell may.',
      arguments: { character: u32 },
      returns: result,
      errors: ['EPERM'],
    },
  },
});
