import { constantCase } from '../interface/names.js';
import type { InterfacePlan, PlannedCall, PlannedValue } from '../interface/plan.js';

/** The C type of a value. */
export function cType({ width, signed }: Pick<PlannedValue, 'width' | 'signed'>): string {
  if (width === 32) return signed ? 'int32_t' : 'uint32_t';
  return signed ? 'long' : 'unsigned long';
}

/** Whether a call's results are stored through a pointer. */
export function usesStructure(call: PlannedCall): boolean {
  return call.results.length > 1;
}

/** The type of such a call's results. */
function structureName(call: PlannedCall): string {
  return `struct ${call.name}_result`;
}

/** Its declaration. */
export function resultStructure(call: PlannedCall): readonly string[] {
  return [`${structureName(call)} {`, ...call.results.map((value) => `\t${cType(value)} ${value.name};`), '};'];
}

/** The name of the pointer to results: `results`, so that no argument's name is taken. */
export function pointerName(call: PlannedCall): string {
  return call.arguments.some(({ name }) => name === 'results') ? 'results_' : 'results';
}

/** A function's head, without semicolon. */
export function prototype(call: PlannedCall): string {
  const [only] = call.results;
  const type = usesStructure(call) || only === undefined ? 'void' : cType(only);
  const parameters = call.arguments.map((value) => `${cType(value)} ${value.name}`);
  if (usesStructure(call)) parameters.push(`${structureName(call)} *${pointerName(call)}`);
  return `${type} ${call.name}(${parameters.join(', ') || 'void'})`;
}

/** `PSCI_SMC`: what a header's own macros begin with. */
export function headerName(plan: InterfacePlan): string {
  return `${constantCase(plan.prefix)}_${plan.options.conduit.toUpperCase()}`;
}
