export type { KvmParts, KvmVcpu, KvmVm } from './kvm/parts.js';
export { kvmMachine } from './kvm/plan.js';
export { CALL_PATIENCE_MS, MAX_CALLS } from './play/call.js';
export { ENTRY_PATIENCE_MS } from './play/entry.js';
export { MAX_POLLS } from './play/repeated.js';
export {
  type MediumTap,
  OTHER_WORK,
  type RecordedPorts,
  TraceRecorder,
  type TraceSubject,
} from './record/trace-recorder.js';
export { type ReplayOptions, replay } from './replay.js';
export { type Detail, type FileReport, isEqual, MAX_DETAILS, type Report } from './report/detail.js';
export { Findings } from './report/findings.js';
export { type BareMachineParts, bareMachine } from './stage/bare-machine.js';
export { Performer } from './stage/performer.js';
export type {
  PlannedCpu,
  PlannedGuest,
  Player,
  Players,
  Setting,
  StagePlan,
  SubjectAdapter,
  Subjects,
} from './stage/plan.js';
export { Stage } from './stage/stage.js';
export { type TracedMachineParts, tracedMachine } from './traced/plan.js';
export { PlayedMedium } from './traced/played-medium.js';
export type { TracedActions } from './traced/traced-side.js';
export type { XenDomainOptions, XenHostOptions, XenOptions, XenParts } from './xen/parts.js';
export { xenMachine } from './xen/plan.js';
