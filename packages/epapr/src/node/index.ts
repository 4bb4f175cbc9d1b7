export {
  COMPATIBLE,
  type EpaprNode,
  IMMEDIATE,
  INSTRUCTIONS,
  INSTRUCTIONS_OTHERWISE,
  readEpaprNode,
} from './binding.js';
export { type Conversion, hcallCells, makeSymbolic } from './convert.js';
export {
  type CellOrder,
  type HcallReading,
  hasPowerPcCall,
  MAX_INSTRUCTION_BYTES,
  readHcallInstructions,
  readingWords,
} from './instructions.js';
export { type DecodedConduit, decodeConduit, type ResolveOptions } from './resolve.js';
