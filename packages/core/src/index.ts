export { type CallRow, callRows, callTable } from './abi/call-table.js';
export { type ConduitKind, type Convention, SMC64, SMCCC } from './abi/convention.js';
export { type DecodedCall, type DecodedValue, decodeCall, decodeResults } from './abi/decode.js';
export {
  type CallDeclaration,
  type CallSpec,
  DeclarationError,
  defineInterface,
  type Fields,
  hexId,
  type Interface,
  type InterfaceSpec,
  MAX_ARGUMENTS,
} from './abi/interface.js';
export {
  defineStatus,
  isStatus,
  type Status,
  type StatusNamespace,
  type StatusSet,
  type UnknownStatus,
} from './abi/status.js';
export {
  hex64,
  i32,
  named,
  oneOf,
  status,
  type Unknown,
  u32,
  u64,
  type ValueType,
  valueOr,
  word,
} from './abi/value-type.js';
export {
  ADDRESS_LIMIT,
  addressOf,
  type GuestPhysical,
  type GuestVirtual,
  type HostPhysical,
  NO_ADDRESS,
  virtualAddressOf,
} from './addresses.js';
export {
  BINDINGS,
  type Binding,
  type ConduitRule,
  type ConduitSource,
  DIAGNOSTICS,
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticMeaning,
  type DriverMatch,
  type InspectedCpu,
  type InspectedInterface,
  type InspectOptions,
  inspectTree,
  RESERVED_MEMORY,
  type RequiredProperty,
  type Severity,
  type TreeDiagnostic,
  type TreeInspection,
} from './discovery/inspection.js';
export { CompositionError } from './errors.js';
export { FrameTable } from './frame-table.js';
export { CallFault } from './guest/call-fault.js';
export {
  type ArgumentsOf,
  type Client,
  type ClientOf,
  type ClientOptions,
  createClient,
  type ResultOf,
} from './guest/client.js';
export type { Caller, Conduit } from './guest/conduit.js';
export { type BindContext, BindError, type Driver } from './guest/driver.js';
export { type GuestProgram, Pending } from './guest/pending.js';
export {
  AGAIN,
  type Again,
  type Exit,
  FORWARD,
  type Forward,
  type Inject,
  OFF,
  type Off,
  type Outcome,
  REDIRECTED,
  RESUME,
  RETURNED,
  type Redirected,
  type Resume,
  type Returned,
  type SystemEvent,
  UNCLAIMED,
  UNDEFINED_INSTRUCTION,
  type Unclaimed,
  type Wait,
} from './outcome.js';
export {
  affinityOf,
  CONTEXT_HIGH,
  CONTEXT_LOW,
  createStartState,
  ENTRY_HIGH,
  ENTRY_LOW,
  type ExceptionLevel,
  type ExecutionState,
  type Pe,
  START_DEBUG_UNMASKED,
  type StartState,
} from './pe.js';
export type {
  ClockPort,
  InterruptPort,
  LogPort,
  MemoryPage,
  MemoryPort,
  PageMapping,
  PortName,
  Ports,
  PowerPort,
  PowerState,
  RandomPort,
  SharedWords,
  SystemPort,
} from './ports.js';
export { createRegisters, PC, REGISTER_SLOTS, type Registers, SP, writeRegister } from './registers.js';
export { SequentialWords } from './sequential-words.js';
export { type Call, type Handler, returnHalves, returnInt, setResult } from './service/call.js';
export { type Claim, Dispatcher } from './service/dispatcher.js';
export { Door } from './service/door.js';
export {
  type Entry,
  type Handlers,
  type Implementation,
  type ImplementationOptions,
  implement,
  type RangeHandler,
} from './service/implementation.js';
export {
  type AttachedGuest,
  type Attachment,
  type Level,
  perGuest,
  RestoreError,
  type RunningService,
  type Saved,
  type Service,
  type TreeDescription,
} from './service/service.js';
