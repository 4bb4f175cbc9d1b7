export type { RecordingName } from '../data/index.js';
export { listRecordings, loadRecording, type RecordingSummary, readRecordingText } from './catalogue.js';
export { RecordingError } from './error.js';
export type {
  Actor,
  CallInput,
  CallStep,
  MachineEnd,
  PollStep,
  SweepStep,
  Tolerance,
} from './format/calls.js';
export type {
  BootState,
  Environment,
  Fill,
  Recording,
  Scenario,
  Subject,
  VmDescription,
} from './format/recording.js';
export type {
  AlarmStep,
  BootStep,
  DelayStep,
  EntryStep,
  ExitStep,
  GuestStep,
  MemoryStep,
  ReturnStep,
  Step,
  SysregStep,
  VmmStep,
} from './format/steps.js';
export type {
  ClockReadings,
  InterruptDrive,
  InterruptInFlight,
  MediumBytes,
  PortTraffic,
  TracedMachine,
  Translation,
} from './format/traffic.js';
export type {
  Hex,
  HexBytes,
  MemoryBytes,
  MemoryFault,
  RecordedException,
  RegisterValues,
} from './format/values.js';
export type {
  AddressRange,
  ObservedDomain,
  ObservedEnd,
  XenDomainSettings,
  XenMemorySettings,
} from './format/xen.js';
export { MAX_RECORDING_LENGTH, parseRecording } from './parse.js';
export { MAX_ENTRY_BYTES } from './traffic-checks.js';
