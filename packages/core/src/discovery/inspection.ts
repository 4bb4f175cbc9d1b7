export { BINDINGS, type Binding, type ConduitRule, RESERVED_MEMORY, type RequiredProperty } from './bindings.js';
export type { ConduitSource } from './conduits.js';
export type { InspectedCpu } from './cpus.js';
export {
  DIAGNOSTICS,
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticMeaning,
  type Severity,
  type TreeDiagnostic,
} from './diagnostics.js';
export { type InspectedInterface, type InspectOptions, inspectTree, type TreeInspection } from './inspect.js';
export type { DriverMatch } from './match.js';
