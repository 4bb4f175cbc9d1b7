export {
  createMemory,
  DEFAULT_RESIDENT_LIMIT,
  type GuestMemory,
  type MemoryOptions,
} from './models/memory.js';
export { MAX_MEMORY_REGIONS, type MemoryRegion } from './models/memory-map.js';
export type { ByteOrder, MemoryWords } from './models/memory-words.js';
export { MAX_VIEW_BYTES, PAGE_BYTES } from './models/page-store.js';
export type { FaultKind, TranslationFault } from './translation/fault.js';
export type { Access, Regime, WordReader } from './translation/regime.js';
export {
  createTranslationRegisters,
  DACR,
  TCR,
  type TranslationRegisters,
  TTBR0,
  TTBR1,
} from './translation/registers.js';
export { loadTranslationRegisters } from './translation/registers-of-vcpu.js';
export { explainTranslation, translate, translateHalves } from './translation/translate.js';
