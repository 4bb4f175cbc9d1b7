export {
  AlarmLimitError,
  type ClockOptions,
  createVirtualClock,
  DEFAULT_FREQUENCY,
  MAX_ALARMS,
  MAX_FIRINGS,
  type VirtualClock,
} from './models/clock.js';
export { type GenericTimer, TIMER_ENABLE, TIMER_MASK, TIMER_STATUS, type TimerState } from './models/generic-timer.js';
export {
  createGic,
  DEFAULT_PRIORITY,
  type Gic,
  type GicListener,
  type GicOptions,
  type InterruptState,
} from './models/gic.js';
export { ANY_PE, LOWEST_PRIORITY, MAX_INTID, SGI_COUNT, SPI_BASE, SPURIOUS_INTID } from './models/gic-limits.js';
export {
  createMemory,
  DEFAULT_RESIDENT_LIMIT,
  type GuestMemory,
  type MemoryOptions,
} from './models/memory.js';
export { MAX_MEMORY_REGIONS, type MemoryRegion } from './models/memory-map.js';
export type { ByteOrder, MemoryWords } from './models/memory-words.js';
export { MAX_VIEW_BYTES, PAGE_BYTES } from './models/page-store.js';
export {
  createTimers,
  type PeTimers,
  PPI_HYPERVISOR,
  PPI_PHYSICAL,
  PPI_VIRTUAL,
  type TimerParts,
  type Timers,
} from './models/timers.js';
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
