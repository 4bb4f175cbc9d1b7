export type { CpuPort } from './cpu/cpu-port.js';
export type { ExceptionKind, TakenException } from './cpu/exception.js';
export type { Levels } from './cpu/execution-state.js';
export { a32Slot, linkSlot, stackSlot } from './cpu/modes.js';
export { nextPower, type PowerEvent } from './cpu/power.js';
export { SYS, SYSTEM_REGISTERS, type SystemRegister } from './cpu/system-registers.js';
export type { Vcpu } from './cpu/vcpu.js';
export type { WaitRecord } from './cpu/wait-record.js';
export { mpidrOf } from './guest/affinity.js';
export type { GuestConduit, VcpuCaller } from './guest/caller.js';
export { DEFAULT_MIDR, type Guest } from './guest/guest.js';
export { PowerError } from './guest/power-unit.js';
export type { Answerer, AttachedService } from './guest/standing.js';
export { createMachine } from './machine/create-machine.js';
export { TAKEN_BY_EL2, TAKEN_BY_EL3 } from './machine/injection.js';
export type { CallFilter, Disposable, InterceptHandler } from './machine/interception.js';
export { MAX_GUESTS, MAX_INTERCEPTIONS, MAX_REPEATS, MAX_SERVICES, MAX_VCPUS } from './machine/limits.js';
export type { Machine } from './machine/machine.js';
export type {
  BootState,
  GuestServices,
  GuestSpec,
  MachineSpec,
  MemoryRange,
  UnclaimedHandler,
  VcpuSpec,
} from './machine/spec.js';
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
} from './models/gic.js';
export type { InterruptState } from './models/gic-flags.js';
export { ANY_PE, LOWEST_PRIORITY, MAX_INTID, SGI_COUNT, SPI_BASE, SPURIOUS_INTID } from './models/gic-limits.js';
export {
  createLog,
  DEFAULT_LOG_BURST,
  DEFAULT_LOG_CAPACITY,
  DEFAULT_LOG_INTERVAL,
  type Log,
  type LogEntry,
  type LogOptions,
  MAX_LOG_CAPACITY,
  MAX_LOG_MESSAGE,
  type Severity,
} from './models/log.js';
export {
  createMemory,
  DEFAULT_RESIDENT_LIMIT,
  type GuestMemory,
  type MemoryOptions,
} from './models/memory.js';
export { MAX_MEMORY_REGIONS, type MemoryRegion } from './models/memory-map.js';
export type { ByteOrder, MemoryWords } from './models/memory-words.js';
export { MAX_VIEW_BYTES, PAGE_BYTES } from './models/page-store.js';
export { createRandom, type RandomOptions, type SeededRandom } from './models/random.js';
export {
  createTimers,
  type PeTimers,
  PPI_HYPERVISOR,
  PPI_PHYSICAL,
  PPI_VIRTUAL,
  type TimerFiring,
  type TimerParts,
  type Timers,
} from './models/timers.js';
export { reasons } from './rules/reasons.js';
export { CALL_INSTRUCTION_SIZE, linkOffset, preferredReturn } from './rules/return-address.js';
export { type Circumstances, el2Enabled, ROUTES, type Route, route } from './rules/routing.js';
export { routingKey, routingTable } from './rules/routing-table.js';
export { callSyndrome, conditionHolds, decodeSyndrome, type TrappedCall } from './rules/syndrome.js';
export { SAVED_FORMAT, SAVED_VERSION } from './saved/machine.js';
export { GuestProgramError, NondeterminismError, StepLimitError } from './scheduler/errors.js';
export {
  type ExploredWorld,
  type ExploreFailure,
  type ExploreOptions,
  type ExploreReport,
  explore,
  MAX_RUNS,
} from './scheduler/explore.js';
export type { ScheduledClock, ScheduledGuest, ScheduledVcpu } from './scheduler/guest.js';
export { type Choose, type Point, replayChoices, roundRobin } from './scheduler/point.js';
export { MAX_STEPS, type RunResult, Scheduler, type SchedulerOptions, type Unfinished } from './scheduler/scheduler.js';
export type { CallEvent } from './streams/call-event.js';
export type { InterruptChange, PowerChange } from './streams/events.js';
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
export type { SystemEvents } from './world/system-events.js';
export type { Models, World } from './world/world.js';
