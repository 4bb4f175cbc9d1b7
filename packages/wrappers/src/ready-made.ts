/**
 * Ready-made wrappers: the three shapes that callers of SMCCC interfaces use, written down once for each instruction set.
 * Whoever needs no generator takes these words as they are, with the call's own in the middle.
 */
import { checkDescription } from './check.js';
import type { WrapperDescription } from './description.js';
import { callWord } from './encodings.js';
import { generateWrapper, type Wrapper } from './generate.js';
import { bytesOf, type Instruction, LABEL } from './machine/instruction.js';
import { blockCall, registerCall, valueCall } from './shapes.js';
import { type InstructionSet, type Target, type TargetName, targetOf } from './target.js';

/** Where HVC or SMC stands. */
const CALL = 'call';

/** An instruction with its units; a label has none. */
type Line = readonly [text: string, ...units: number[]] | typeof CALL;

/** A wrapper as it is written down. */
export interface ReadyMade {
  /** As {@link valueCall}, {@link registerCall} and {@link blockCall} describe them. */
  readonly shape: 'value' | 'registers' | 'block';
  readonly set: InstructionSet;
  /** Instructions, with `call` for the one that calls. */
  readonly code: readonly Line[];
}

/** The table. */
export const READY_MADE: readonly ReadyMade[] = [
  {
    shape: 'value',
    set: 'a64',
    code: [CALL, ['ret', 0xd65f_03c0]],
  },
  {
    shape: 'value',
    set: 'a32',
    code: [
      ['push {r4-r7, lr}', 0xe92d_40f0],
      ['ldr r4, [sp, #20]', 0xe59d_4014],
      ['ldr r5, [sp, #24]', 0xe59d_5018],
      ['ldr r6, [sp, #28]', 0xe59d_601c],
      ['ldr r7, [sp, #32]', 0xe59d_7020],
      CALL,
      ['pop {r4-r7, pc}', 0xe8bd_80f0],
    ],
  },
  {
    shape: 'value',
    set: 't32',
    code: [
      ['push {r4-r7, lr}', 0xb5f0],
      ['ldr r4, [sp, #20]', 0x9c05],
      ['ldr r5, [sp, #24]', 0x9d06],
      ['ldr r6, [sp, #28]', 0x9e07],
      ['ldr r7, [sp, #32]', 0x9f08],
      CALL,
      ['pop {r4-r7, pc}', 0xbdf0],
    ],
  },
  {
    shape: 'registers',
    set: 'a64',
    code: [
      CALL,
      ['ldr x9, [sp]', 0xf940_03e9],
      ['stp x0, x1, [x9]', 0xa900_0520],
      ['stp x2, x3, [x9, #16]', 0xa901_0d22],
      ['ldr x0, [sp, #8]', 0xf940_07e0],
      ['cbz x0, 1f', 0xb400_00a0],
      ['ldr w1, [x0]', 0xb940_0001],
      ['cmp w1, #1', 0x7100_043f],
      ['b.ne 1f', 0x5400_0041],
      ['str x6, [x0, #8]', 0xf900_0406],
      ['1:'],
      ['ret', 0xd65f_03c0],
    ],
  },
  {
    shape: 'registers',
    set: 'a32',
    code: [
      ['push {r4-r7, lr}', 0xe92d_40f0],
      ['ldr r4, [sp, #20]', 0xe59d_4014],
      ['ldr r5, [sp, #24]', 0xe59d_5018],
      ['ldr r6, [sp, #28]', 0xe59d_601c],
      ['ldr r7, [sp, #32]', 0xe59d_7020],
      CALL,
      ['ldr r12, [sp, #36]', 0xe59d_c024],
      ['stm r12, {r0-r3}', 0xe88c_000f],
      ['ldr r0, [sp, #40]', 0xe59d_0028],
      ['cmp r0, #0', 0xe350_0000],
      ['beq 1f', 0x0a00_0003],
      ['ldr r1, [r0]', 0xe590_1000],
      ['cmp r1, #1', 0xe351_0001],
      ['bne 1f', 0x1a00_0000],
      ['str r6, [r0, #4]', 0xe580_6004],
      ['1:'],
      ['pop {r4-r7, pc}', 0xe8bd_80f0],
    ],
  },
  {
    shape: 'registers',
    set: 't32',
    code: [
      ['push {r4-r7, lr}', 0xb5f0],
      ['ldr r4, [sp, #20]', 0x9c05],
      ['ldr r5, [sp, #24]', 0x9d06],
      ['ldr r6, [sp, #28]', 0x9e07],
      ['ldr r7, [sp, #32]', 0x9f08],
      CALL,
      ['ldr.w r12, [sp, #36]', 0xf8dd, 0xc024],
      ['stm.w r12, {r0-r3}', 0xe88c, 0x000f],
      ['ldr r0, [sp, #40]', 0x980a],
      ['cmp r0, #0', 0x2800],
      ['beq 1f', 0xd003],
      ['ldr r1, [r0]', 0x6801],
      ['cmp r1, #1', 0x2901],
      ['bne 1f', 0xd100],
      ['str r6, [r0, #4]', 0x6046],
      ['1:'],
      ['pop {r4-r7, pc}', 0xbdf0],
    ],
  },
  {
    shape: 'block',
    set: 'a64',
    code: [
      ['stp x1, x19, [sp, #-16]!', 0xa9bf_4fe1],
      ['ldp x2, x3, [x0, #16]', 0xa941_0c02],
      ['ldp x4, x5, [x0, #32]', 0xa942_1404],
      ['ldp x6, x7, [x0, #48]', 0xa943_1c06],
      ['ldp x8, x9, [x0, #64]', 0xa944_2408],
      ['ldp x10, x11, [x0, #80]', 0xa945_2c0a],
      ['ldp x12, x13, [x0, #96]', 0xa946_340c],
      ['ldp x14, x15, [x0, #112]', 0xa947_3c0e],
      ['ldp x16, x17, [x0, #128]', 0xa948_4410],
      ['ldp x0, x1, [x0]', 0xa940_0400],
      CALL,
      ['ldr x19, [sp]', 0xf940_03f3],
      ['stp x0, x1, [x19]', 0xa900_0660],
      ['stp x2, x3, [x19, #16]', 0xa901_0e62],
      ['stp x4, x5, [x19, #32]', 0xa902_1664],
      ['stp x6, x7, [x19, #48]', 0xa903_1e66],
      ['stp x8, x9, [x19, #64]', 0xa904_2668],
      ['stp x10, x11, [x19, #80]', 0xa905_2e6a],
      ['stp x12, x13, [x19, #96]', 0xa906_366c],
      ['stp x14, x15, [x19, #112]', 0xa907_3e6e],
      ['stp x16, x17, [x19, #128]', 0xa908_4670],
      ['ldr x19, [sp, #8]', 0xf940_07f3],
      ['add sp, sp, #16', 0x9100_43ff],
      ['ret', 0xd65f_03c0],
    ],
  },
  {
    shape: 'block',
    set: 'a32',
    code: [
      ['push {r1, r4-r7, lr}', 0xe92d_40f2],
      ['ldm r0, {r0-r7}', 0xe890_00ff],
      CALL,
      ['ldr r12, [sp]', 0xe59d_c000],
      ['stm r12, {r0-r7}', 0xe88c_00ff],
      ['add sp, sp, #4', 0xe28d_d004],
      ['pop {r4-r7, pc}', 0xe8bd_80f0],
    ],
  },
  {
    shape: 'block',
    set: 't32',
    code: [
      ['push {r1, r4-r7, lr}', 0xb5f2],
      ['ldm r0, {r0-r7}', 0xc8ff],
      CALL,
      ['ldr.w r12, [sp]', 0xf8dd, 0xc000],
      ['stm.w r12, {r0-r7}', 0xe88c, 0x00ff],
      ['add sp, sp, #4', 0xb001],
      ['pop {r4-r7, pc}', 0xbdf0],
    ],
  },
];

/**
 * The wrapper for a description: a ready-made one where the table has its shape, else a generated one.
 *
 * Throws {@link WrapperError} for a description that has no wrapper on the target.
 */
export function wrapperFor(description: WrapperDescription, target: Target | TargetName): Wrapper {
  const resolved = targetOf(target);
  checkDescription(description, resolved);
  const entry = readyMadeFor(description, resolved);
  if (entry === undefined) return generateWrapper(description, resolved);
  const { conduit, immediate } = description;
  const instructions = entry.code.map((line): Instruction => {
    if (line === CALL) return callInstruction(resolved, conduit, immediate);
    const [text, ...units] = line;
    return units.length === 0 ? LABEL : { text, units };
  });
  return { description, target: resolved, instructions, bytes: bytesOf(instructions, resolved) };
}

/** The entry of the table that has a description's shape, whatever its name, conduit and immediate; or undefined. */
export function readyMadeFor(description: WrapperDescription, target: Target): ReadyMade | undefined {
  const { conduit } = description;
  const shapes = {
    value: valueCall(conduit),
    registers: registerCall(conduit),
    block: blockCall(conduit, target.set === 'a64'),
  };
  return READY_MADE.find(({ shape, set }) => set === target.set && isSame(shapes[shape], description));
}

/** Whether two descriptions mean the same code: names do not count. */
function isSame(a: WrapperDescription, b: WrapperDescription): boolean {
  const key = ({ inputs, outputs, block, quirk, landingPad, results }: WrapperDescription): string =>
    JSON.stringify([
      inputs.map((input) =>
        'constant' in input ? [input.register, String(input.constant), ''] : [input.register, '', input.bits],
      ),
      outputs.map(({ register, bits }) => [register, bits]),
      block === true,
      quirk === true,
      landingPad === true,
      results ?? (outputs.length === 1 && !block ? 'return' : 'memory'),
    ]);
  return key(a) === key(b);
}

function callInstruction({ set }: Target, conduit: WrapperDescription['conduit'], immediate: number): Instruction {
  const word = callWord(set, conduit, immediate);
  const units = set === 't32' ? [word >>> 16, word & 0xffff] : [word];
  return { text: `${conduit}     #0x${immediate.toString(16)}`, units };
}
