export { type KernelImage, readKernel } from './board/linux-image.js';
export {
  type BoardPlan,
  DEFAULT_RAM_BYTES,
  HYPERVISOR_BYTES,
  MAX_RAM_BYTES,
  MIN_RAM_BYTES,
  planBoard,
  RAM_BASE,
} from './board/plan.js';
export { type BootRegisters, Bridge, type BridgeOptions, type HostClock, type StageTwo } from './bridge/bridge.js';
export type { MachineCpu, Place } from './bridge/cpu.js';
export { MAX_SAMPLES, type Timing } from './bridge/timing.js';
export { FREQUENCY, type MachineClock } from './guest/clock.js';
export type { Executor } from './guest/executor.js';
export type { Window } from './guest/memory.js';
export { Commands, type Width } from './monitor/commands.js';
export { Frame, PSTATE_SLOT } from './monitor/frame.js';
export { monitorImage } from './monitor/image.js';
export {
  AREA_BYTES,
  Event,
  Field,
  Flag,
  HEAD_BYTES,
  MAILBOX_BYTES,
  MAILBOXES,
  MAX_COMMANDS,
  MAX_CPUS,
  Operation,
  REGISTERS,
  RING_RESET,
  State,
} from './monitor/layout.js';
export {
  ATTENTION_TIMEOUT_MS,
  COMMAND_TIMEOUT_MS,
  type LinkMemory,
  MonitorError,
  type MonitorLink,
} from './monitor/link.js';
export { Descriptor, type QemuFlags, qemuArguments } from './run/arguments.js';
export { type Console, MAX_TYPED_BYTES } from './run/console.js';
export { type EndReason, type MachineEnd, PANIC_TIMEOUT_MS } from './run/end.js';
export { QemuError } from './run/errors.js';
export { createQemu, QemuMachine, type QemuOptions, START_TIMEOUT_MS, type StartOptions } from './run/machine.js';
export { type Payload, type Placed, type PlacedPayload, placePayload, TREE_BYTES } from './run/payload.js';
export { END_TIMEOUT_MS, findQemu, QEMU_PACKAGE, QEMU_PROGRAM } from './run/qemu-process.js';
export { SharedFile } from './unix/shared-file.js';
export { UnixLink, type UnixLinkOptions } from './unix/unix-link.js';
