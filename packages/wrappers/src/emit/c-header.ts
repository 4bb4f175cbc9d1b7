import { hexId } from '@trapline/core';
import { enumerationConstant, type InterfacePlan, type PlannedCall, statusConstant } from '../interface/plan.js';
import { hasInline, inlineFunction, inlineMacros } from './c-inline.js';
import { headerName, prototype, resultStructure, usesStructure } from './c-types.js';
import { callWords, columns, headWords } from './words.js';

/**
 * A C header for a whole interface: status codes, enumerations, function ids, and one function a call.
 *
 * The functions are `static inline` assembly; with `<PREFIX>_<CONDUIT>_EXTERN` defined they are prototypes of the same
 * functions in assembly. Good for A64, A32 and T32, for C and C++, and its constants for assembly.
 */
export function cHeader(plan: InterfacePlan): string {
  const guard = headerName(plan);
  const extern = `${guard}_EXTERN`;
  const lines = [
    ...comment([
      ...headWords(plan, 'constants and call wrappers.'),
      '',
      `The wrappers are static inline. Define ${extern} to call those of the assembly file instead.`,
    ]),
    `#ifndef ${guard}_H`,
    `#define ${guard}_H`,
    '',
    ...statuses(plan),
    ...enumerations(plan),
    ...ids(plan),
    '#ifndef __ASSEMBLER__',
    '',
    '#ifdef __KERNEL__',
    '#include <linux/types.h>',
    '#else',
    '#include <stdint.h>',
    '#endif',
    '',
    ...plan.calls.filter(usesStructure).flatMap((call) => [...guarded(call, resultStructure(call)), '']),
    '#ifdef __cplusplus',
    'extern "C" {',
    '#endif',
    '',
    `#ifndef ${extern}`,
    '',
    ...inlineMacros(plan),
    ...plan.calls.flatMap((call) => {
      const body = hasInline(call, 'a64') ? inlineFunction(plan, call) : [`${prototype(call)};`];
      return [...guarded(call, [...comment(callWords(plan, call), '/**'), ...externWhereNeeded(call, body)]), ''];
    }),
    `#else /* ${extern} */`,
    '',
    ...plan.calls.flatMap((call) => guarded(call, [`${prototype(call)};`])),
    '',
    `#endif /* ${extern} */`,
    '',
    '#ifdef __cplusplus',
    '}',
    '#endif',
    '',
    '#endif /* __ASSEMBLER__ */',
    '',
    `#endif /* ${guard}_H */`,
    '',
  ];
  return lines.join('\n');
}

/** Lines only for AArch64, where a call does not exist elsewhere. */
function guarded(call: PlannedCall, lines: readonly string[]): readonly string[] {
  return call.ids.a32 === undefined ? ['#ifdef __aarch64__', ...lines, '#endif'] : lines;
}

/** An inline function, or a prototype where AArch32's compilers cannot name all of its registers. */
function externWhereNeeded(call: PlannedCall, body: readonly string[]): readonly string[] {
  if (call.ids.a32 === undefined || !hasInline(call, 'a64') || hasInline(call, 'a32')) return body;
  return ['#ifdef __aarch64__', ...body, '#else', `${prototype(call)};`, '#endif'];
}

function comment(lines: readonly string[], open = '/*'): readonly string[] {
  return [open, ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'];
}

function statuses(plan: InterfacePlan): readonly string[] {
  return plan.statuses.flatMap((list) => [
    `/* Status codes (${list[0]?.namespace}). */`,
    ...columns(list.map((status) => [`#define ${statusConstant(status)}`, number(status.code)])),
    '',
  ]);
}

function enumerations(plan: InterfacePlan): readonly string[] {
  return plan.enumerations.flatMap(({ name, names }) => [
    `/* Values: ${name}. */`,
    ...columns(
      Object.entries(names).map(([key, value]) => [`#define ${enumerationConstant(plan, name, key)}`, number(value)]),
    ),
    '',
  ]);
}

function number(value: number): string {
  return value < 0 ? `(${value})` : String(value);
}

function ids(plan: InterfacePlan): readonly string[] {
  const rows = plan.calls.flatMap(({ constant, declaration }): (readonly [string, string])[] => [
    [`#define ${constant}`, hexId(declaration.id)],
    ...(declaration.wideId === undefined ? [] : [[`#define ${constant}_64`, hexId(declaration.wideId)] as const]),
  ]);
  const both = plan.calls.some(({ declaration }) => declaration.wideId !== undefined);
  return [`/* Function ids${both ? '; _64 is the SMC64 form' : ''}. */`, ...columns(rows), ''];
}
