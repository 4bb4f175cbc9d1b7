import type { InterfacePlan, PlannedCall, PlannedValue } from '../interface/plan.js';
import { cType, headerName, pointerName, prototype, usesStructure } from './c-types.js';
import { allOperands, clobbersOf, operandsOf, type State } from './clobbers.js';

/** Operands that one `asm` of GCC may have; one that is read and written counts twice. */
const MAX_OPERANDS = 30;
/** R7 is the frame pointer of T32 code: compilers refuse it as an operand. */
const FRAME_POINTER_T32 = 7;

/** Whether compilers take all of a call's registers as operands of inline assembly. */
export function hasInline(call: PlannedCall, state: State): boolean {
  const operands = allOperands(call, state);
  if (state === 'a32' && operands.includes(FRAME_POINTER_T32)) return false;
  return 2 * operands.length <= MAX_OPERANDS;
}

/** The macros of a header's inline functions: registers, the call, the clobbers of every number of operands. */
export function inlineMacros(plan: InterfacePlan): readonly string[] {
  const name = headerName(plan);
  const { conduit } = plan.options;
  const hint = plan.options.sveHint ? ' (with the hint that no live SVE state is kept)' : '';
  const part = (state: State): readonly string[] => [
    `#define ${name}_REG(n) __asm__("${state === 'a64' ? 'x' : 'r'}" #n)`,
    state === 'a64'
      ? `#define ${name}_CALL(immediate) "${conduit} #" #immediate`
      : `#define ${name}_CALL(immediate) ".arch_extension ${conduit === 'smc' ? 'sec' : 'virt'}\\n\\t${conduit} #" #immediate`,
    ...selectorMacros(plan, state),
    ...clobberMacros(plan, state),
  ];
  return [
    `/* How a call is made${hint}. The callee may change what is named in the clobbers, beside the operands. */`,
    '#ifdef __aarch64__',
    ...part('a64'),
    '#else',
    ...part('a32'),
    '#endif',
    '',
  ];
}

/** A call as a function of inline assembly, for every execution state at once. */
export function inlineFunction(plan: InterfacePlan, call: PlannedCall): readonly string[] {
  const name = headerName(plan);
  const { inputs } = operandsOf(call, 'a64');
  const lines: string[] = [];
  const operands: string[] = [];
  const declared = new Set<number>();
  const declare = (variable: string, register: string, value?: string): void => {
    lines.push(`\tregister unsigned long ${variable} ${register}${value === undefined ? '' : ` = ${value}`};`);
    operands.push(`"${value === undefined ? '=' : '+'}r"(${variable})`);
  };
  if (call.selector) {
    const register = isFixed(plan) ? `${name}_REG(${call.selector.a64})` : `${name}_SELECTOR`;
    declare(selectorVariable(plan, call), register, idExpression(plan, call));
    declared.add(call.selector.a64);
  }
  for (const value of call.arguments) {
    declare(`r${value.register.a64}`, `${name}_REG(${value.register.a64})`, argument(value));
  }
  for (const { register } of call.results) {
    if (!inputs.includes(register.a64)) declare(`r${register.a64}`, `${name}_REG(${register.a64})`);
  }
  return [
    `static inline ${prototype(call)}`,
    '{',
    ...lines,
    '',
    `\t__asm__ volatile(${name}_CALL(${call.immediate})`,
    `\t\t\t : ${operands.join(', ')}`,
    '\t\t\t :',
    `\t\t\t : ${clobberName(plan, call)});`,
    ...handOn(plan, call),
    '}',
  ];
}

/** Whether one register selects the call in every execution state. */
function isFixed(plan: InterfacePlan): boolean {
  const { selector } = plan.abi.convention;
  return selector === 'immediate' || selector.a64 === selector.a32;
}

function selectorVariable(plan: InterfacePlan, call: PlannedCall): string {
  return isFixed(plan) ? `r${call.selector?.a64}` : 'number';
}

/** The constant that stands for a call's number; in A64 that of SMC64 where there is one. */
function idExpression(plan: InterfacePlan, call: PlannedCall): string {
  const { wideId } = call.declaration;
  const wide = wideId !== undefined && call.ids.a32 !== undefined;
  const name = headerName(plan);
  if (wide) return `${name}_NATIVE(${call.constant})`;
  return plan.options.sveHint ? `${name}_ONE(${call.constant})` : call.constant;
}

function selectorMacros(plan: InterfacePlan, state: State): readonly string[] {
  const name = headerName(plan);
  const { selector } = plan.abi.convention;
  if (selector === 'immediate') return [];
  const hint = state === 'a64' && plan.options.sveHint ? ' | 0x10000' : '';
  const wide = state === 'a64' ? 'id##_64' : 'id';
  const used = (call: PlannedCall): boolean => call.declaration.wideId !== undefined && call.ids.a32 !== undefined;
  return [
    ...(plan.calls.some(used) ? [`#define ${name}_NATIVE(id) ${hint === '' ? wide : `(${wide}${hint})`}`] : []),
    ...(plan.options.sveHint ? [`#define ${name}_ONE(id) ${hint === '' ? 'id' : `(id${hint})`}`] : []),
    ...(isFixed(plan) ? [] : [`#define ${name}_SELECTOR ${name}_REG(${selector[state]})`]),
  ];
}

function clobberName(plan: InterfacePlan, call: PlannedCall): string {
  return `${headerName(plan)}_CLOBBERS_${allOperands(call, 'a64').length}`;
}

function clobberMacros(plan: InterfacePlan, state: State): readonly string[] {
  const made = new Map<string, string>();
  for (const call of plan.calls) {
    if (!hasInline(call, 'a64')) continue;
    const registers = clobbersOf(plan, call, state).map((register) => `"${state === 'a64' ? 'x' : 'r'}${register}"`);
    made.set(clobberName(plan, call), [...registers, '"cc"', '"memory"'].join(', '));
  }
  return [...made].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, list]) => definition(name, list));
}

/** A macro over two lines where one would be long. */
function definition(name: string, value: string): string {
  const line = `#define ${name} ${value}`;
  return line.length <= 100 ? line : `#define ${name} \\\n\t${value}`;
}

function argument({ name, width, signed }: PlannedValue): string {
  return width === 32 && signed ? `(uint32_t)${name}` : signed ? `(unsigned long)${name}` : name;
}

function handOn(plan: InterfacePlan, call: PlannedCall): readonly string[] {
  const cast = (value: PlannedValue): string => {
    const variable =
      call.selector?.a64 === value.register.a64 ? selectorVariable(plan, call) : `r${value.register.a64}`;
    const type = cType(value);
    return type === 'unsigned long' ? variable : `(${type})${variable}`;
  };
  if (usesStructure(call)) {
    return ['', ...call.results.map((value) => `\t${pointerName(call)}->${value.name} = ${cast(value)};`)];
  }
  const [only] = call.results;
  return only === undefined ? [] : ['', `\treturn ${cast(only)};`];
}
