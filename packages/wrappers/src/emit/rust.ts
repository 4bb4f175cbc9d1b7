import { hexId } from '@trapline/core';
import { constantCase, pascalCase, snakeCase, valueName } from '../interface/names.js';
import type { InterfacePlan, PlannedCall, PlannedValue } from '../interface/plan.js';
import { usesStructure } from './c-types.js';
import { clobbersOf, operandsOf, type State } from './clobbers.js';
import { callWords, columns, headWords, wrapWords } from './words.js';

/** Rust's inline assembly for 32-bit Arm takes none of these: LLVM keeps R6, R7 and R11 for itself. */
const TAKEN_A32: readonly number[] = [6, 7, 11];

/**
 * A Rust module for a whole interface: a type for each namespace of statuses, constants, and one `unsafe fn` a call with
 * inline assembly, for AArch64 and for 32-bit Arm. It uses `core` alone, so it is fit for `no_std`.
 */
export function rustModule(plan: InterfacePlan): string {
  const lines = [
    ...headWords(plan, 'constants and call wrappers.').map((line) => `//! ${line}`.trimEnd()),
    '//!',
    '//! Uses `core` alone: a module for crates that are `no_std`.',
    '#![allow(dead_code)]',
    '',
    '#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]',
    'use core::arch::asm;',
    '',
    ...plan.statuses.flatMap((list) => statusType(list)),
    ...plan.enumerations.flatMap(({ name, names }) => enumeration(name, names)),
    '/// Function ids; `_64` is the SMC64 form.',
    'pub mod id {',
    ...columns(idRows(plan), 0).map((line) => `    ${line}`),
    '}',
    '',
    ...plan.calls.filter(usesStructure).flatMap((call) => structure(plan, call)),
    ...plan.calls.flatMap((call) => [...method(plan, call, 'a64'), ...method(plan, call, 'a32')]),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function statusType(list: InterfacePlan['statuses'][number]): readonly string[] {
  const namespace = list[0]?.namespace ?? '';
  const type = statusName(namespace);
  return [
    `/// A status of \`${namespace}\`; codes without a name are kept as they came.`,
    '#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]',
    '#[repr(transparent)]',
    `pub struct ${type}(pub i32);`,
    '',
    `impl ${type} {`,
    ...list.map(({ name, code }) => `    pub const ${constantCase(name)}: Self = Self(${code});`),
    '}',
    '',
  ];
}

function statusName(namespace: string): string {
  return `${pascalCase(namespace)}Status`;
}

function enumeration(name: string, names: Readonly<Record<string, number>>): readonly string[] {
  return [
    `/// Values: ${name}.`,
    `pub mod ${snakeCase(name)} {`,
    ...Object.entries(names).map(([key, value]) => `    pub const ${constantCase(key)}: u32 = ${value >>> 0};`),
    '}',
    '',
  ];
}

function idRows(plan: InterfacePlan): readonly (readonly [string, string])[] {
  return plan.calls.flatMap(({ declaration: { name, id, wideId } }): (readonly [string, string])[] => [
    [`pub const ${constantCase(name)}: u32 = `, `${hexId(id)};`],
    ...(wideId === undefined ? [] : [[`pub const ${constantCase(name)}_64: u32 = `, `${hexId(wideId)};`] as const]),
  ]);
}

/** The Rust type of a value: a status where it can be nothing else. */
function rustType(plan: InterfacePlan, { type, width, signed }: PlannedValue): string {
  const status = plan.statuses.find((list) => `${list[0]?.namespace} status` === type)?.[0];
  if (status && width === 32) return statusName(status.namespace);
  if (width === 32) return signed ? 'i32' : 'u32';
  return signed ? 'isize' : 'usize';
}

function resultName(call: PlannedCall): string {
  return `${pascalCase(call.declaration.name)}Result`;
}

function structure(plan: InterfacePlan, call: PlannedCall): readonly string[] {
  return [
    `/// What \`${snakeCase(call.declaration.name)}\` gives.`,
    '#[derive(Clone, Copy, Debug, PartialEq, Eq)]',
    `pub struct ${resultName(call)} {`,
    ...call.results.map((value) => `    pub ${value.name}: ${rustType(plan, value)},`),
    '}',
    '',
  ];
}

/** One function for one execution state, or nothing where it has none there or its registers cannot be named. */
function method(plan: InterfacePlan, call: PlannedCall, state: State): readonly string[] {
  const id = call.ids[state];
  const { inputs, outputs } = operandsOf(call, state);
  if (id === undefined) return [];
  if (state === 'a32' && [...inputs, ...outputs].some((register) => TAKEN_A32.includes(register))) return [];
  const { conduit } = plan.options;
  const parameters = call.arguments.map((value) => `${value.name}: ${rustType(plan, value)}`);
  const variable = (register: number): string => `r${register}`;
  const give = (value: PlannedValue): string => fromRegister(rustType(plan, value), variable(value.register[state]));
  const [only] = call.results;
  const returned = usesStructure(call) ? ` -> ${resultName(call)}` : only ? ` -> ${rustType(plan, only)}` : '';
  return [
    ...callWords(plan, call).map((line) => `/// ${line}`),
    '///',
    '/// # Safety',
    '///',
    ...wrapWords('The instruction must be allowed here, and what the call does to memory and CPUs must be sound.').map(
      (line) => `/// ${line}`,
    ),
    `#[cfg(target_arch = "${state === 'a64' ? 'aarch64' : 'arm'}")]`,
    '#[inline]',
    `pub unsafe fn ${functionName(call)}(${parameters.join(', ')})${returned} {`,
    ...outputs.map((register) => `    let ${variable(register)}: usize;`),
    '    unsafe {',
    '        asm!(',
    ...(state === 'a32' ? [`            ".arch_extension ${conduit === 'smc' ? 'sec' : 'virt'}",`] : []),
    `            "${conduit} #${call.immediate}",`,
    ...operandLines(plan, call, state, id).map((line) => `            ${line},`),
    '            options(nostack),',
    '        );',
    '    }',
    ...(usesStructure(call)
      ? [`    ${resultName(call)} {`, ...call.results.map((value) => `        ${value.name}: ${give(value)},`), '    }']
      : only
        ? [`    ${give(only)}`]
        : []),
    '}',
    '',
  ];
}

/** A module has a namespace of its own: functions need no prefix. A name that is a word of Rust gets `_`. */
function functionName(call: PlannedCall): string {
  return valueName(call.declaration.name);
}

function operandLines(plan: InterfacePlan, call: PlannedCall, state: State, id: number): readonly string[] {
  const { outputs } = operandsOf(call, state);
  const letter = state === 'a64' ? 'x' : 'r';
  const lines: string[] = [];
  const named = new Set<number>();
  const input = (register: number, value: string): void => {
    named.add(register);
    lines.push(`inlateout("${letter}${register}") ${value} => ${outputs.includes(register) ? `r${register}` : '_'}`);
  };
  if (call.selector) input(call.selector[state], idExpression(call, state, id));
  for (const value of call.arguments) input(value.register[state], intoRegister(rustType(plan, value), value.name));
  for (const register of outputs) {
    if (!named.has(register)) lines.push(`lateout("${letter}${register}") r${register}`);
  }
  lines.push(...clobbersOf(plan, call, state).map((register) => `lateout("${letter}${register}") _`));
  return lines;
}

/** The constant of the number that is called, with the SVE hint where it is asked for. */
function idExpression(call: PlannedCall, state: State, id: number): string {
  const { name, wideId } = call.declaration;
  const constant = `id::${constantCase(name)}${state === 'a64' && wideId !== undefined ? '_64' : ''}`;
  const declared = (state === 'a64' ? (wideId ?? call.declaration.id) : call.declaration.id) >>> 0;
  const hint = id === declared ? '' : ` | ${hexId(id - declared)}`;
  return hint === '' ? `${constant} as usize` : `(${constant}${hint}) as usize`;
}

function intoRegister(type: string, name: string): string {
  if (type === 'usize') return name;
  if (type === 'isize' || type === 'u32') return `${name} as usize`;
  return type === 'i32' ? `${name} as u32 as usize` : `${name}.0 as u32 as usize`;
}

function fromRegister(type: string, register: string): string {
  if (type === 'usize') return register;
  if (type === 'u32' || type === 'i32' || type === 'isize') return `${register} as ${type}`;
  return `${type}(${register} as i32)`;
}
