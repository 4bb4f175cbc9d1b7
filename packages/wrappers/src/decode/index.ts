export {
  ALWAYS,
  CALL_ENCODINGS,
  type CallConduit,
  type CallEncoding,
  CONDITIONS,
  callWord,
  encodingOf,
  type ImmediateField,
  immediateLimit,
} from '../encodings.js';
export {
  type ByteOrder,
  conduitProblem,
  type InstructionSet,
  TARGETS,
  type Target,
  type TargetName,
  targetOf,
} from '../target.js';
export { type CallInstruction, type DecodeOptions, type Decoding, decodeInstruction, type Reading } from './decode.js';
export { decodeInstructions, type LocatedDecoding, MAX_DECODED_BYTES } from './sequence.js';
