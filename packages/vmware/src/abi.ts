import { type Convention, defineInterface, hex64, named, SMCCC, u32, u64 } from '@trapline/core';
import { commandName } from './commands.js';

/**
 * VMware's backdoor on arm64: an x86 I/O port access, its registers in X0 to X7, made by a trapped system register read
 * or by HVC. Layout, magic numbers and instructions: open-vm-tools, lib/include/backdoor_def.h (the part for arm64).
 */

/** What X0 (EAX) holds in every call: "VMXh". */
export const MAGIC = 0x564d_5868;

/** The I/O port of the low-bandwidth backdoor, in W3<15:0> (DX). */
export const PORT = 0x5658;

/** Marks an x86 I/O access: X7<63:32> beside a register read, and the immediate of HVC. */
export const IO_MAGIC = 0x86;

/** W7: a 4-byte IN from the port in DX (size 2 in bits 1:0, direction bit 2, "with DX" bit 3). */
export const MODE_IN_LONG = 0b1110;

/** The instruction whose trap is a call: MRS XZR, MDCCSR_EL0, under the encoding of the register (op0 2, op1 3, CRm 1). */
export const MDCCSR_EL0 = 0x9808;

/** How the registers are read: X0 holds the magic number, X1 to X7 the rest, results come in X0 to X5. */
export const BACKDOOR: Convention = {
  ...SMCCC,
  name: 'vmware-backdoor',
  conduits: ['mrs', 'hvc'],
  immediates: [
    [MDCCSR_EL0, MDCCSR_EL0],
    [IO_MAGIC, IO_MAGIC],
  ],
  ignoredBits: 0,
  narrow: 'by-caller',
  smc64NeedsA64: false,
  widen: 'zero',
};

const commandType = named('command', u32, {
  show: commandName,
  edges: [10n, 19n, 23n, 30n, 46n, 55n, 0x1_001en, 0x2_001en, 0x3_001en, 0x4_001en, 0x5_001en, 0x6_001en, 0xffff_000an],
});
const portType = named('port', u32, { edges: [BigInt(PORT), 0x1_5658n, 0x7_5658n, 0x8_5658n, 0x5659n] });
const modeType = named('mode', u64, {
  show: (low, high) => (high === IO_MAGIC && low === MODE_IN_LONG ? 'IN EAX, DX' : hex64(low, high)),
  edges: [(BigInt(IO_MAGIC) << 32n) | BigInt(MODE_IN_LONG)],
});

export const abi = defineInterface({
  name: 'vmware',
  title: "VMware's backdoor",
  source: 'open-vm-tools, lib/include/backdoor_def.h',
  convention: BACKDOOR,
  calls: {
    inOut: {
      id: MAGIC,
      since: '1',
      clause: 'Backdoor_InOut',
      summary: 'One access to the backdoor: the command in W2 says what it does.',
      arguments: {
        value: u32,
        command: commandType,
        port: portType,
        high: u32,
        low: u32,
        unused: u32,
        mode: modeType,
      },
      returns: { ax: u32, bx: u32, cx: u32, dx: u32, si: u32, di: u32 },
      errors: [],
    },
  },
});
