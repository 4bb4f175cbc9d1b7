export { LAST_REGISTER, MAX_PARAMETERS } from './check.js';
export {
  ALWAYS,
  type ByteOrder,
  CALL_ENCODINGS,
  type CallConduit,
  type CallEncoding,
  type CallInstruction,
  CONDITIONS,
  callWord,
  conduitProblem,
  type DecodeOptions,
  type Decoding,
  decodeInstruction,
  decodeInstructions,
  encodingOf,
  type ImmediateField,
  type InstructionSet,
  immediateLimit,
  type LocatedDecoding,
  MAX_DECODED_BYTES,
  type Reading,
  TARGETS,
  type Target,
  type TargetName,
  targetOf,
} from './decode/index.js';
export {
  type ConstantInput,
  isParameter,
  type ParameterInput,
  QUIRK_REGISTER,
  QUIRK_STORE_A6,
  resultsOf,
  type WrapperDescription,
  type WrapperInput,
  type WrapperOutput,
} from './description.js';
export { assemblyHead, assemblyOf } from './emit/assembly.js';
export { assemblyFile, interfaceWrappers } from './emit/assembly-file.js';
export { cHeader } from './emit/c-header.js';
export { rustModule } from './emit/rust.js';
export { WrapperError } from './errors.js';
export { generateWrapper, type Wrapper } from './generate.js';
export { describeCall } from './interface/describe.js';
export {
  type DeclaredInterface,
  type InterfaceOptions,
  type InterfacePlan,
  type PlannedCall,
  type PlannedValue,
  planInterface,
  type ValueWidth,
} from './interface/plan.js';
export { bytesOfWord, type Instruction } from './machine/instruction.js';
export { READY_MADE, type ReadyMade, readyMadeFor, wrapperFor } from './ready-made.js';
export { blockCall, registerCall, valueCall } from './shapes.js';
