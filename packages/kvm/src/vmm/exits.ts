import type { Outcome } from '@trapline/core';

/** kvm_run.exit_reason. */
export const KVM_EXIT_HYPERCALL = 3;
export const KVM_EXIT_SYSTEM_EVENT = 24;

/** kvm_run.system_event.type. */
export const KVM_SYSTEM_EVENT_SHUTDOWN = 1;
export const KVM_SYSTEM_EVENT_RESET = 2;
export const KVM_SYSTEM_EVENT_CRASH = 3;
export const KVM_SYSTEM_EVENT_WAKEUP = 4;
export const KVM_SYSTEM_EVENT_SUSPEND = 5;

/** system_event.data[0] of SYSTEM_RESET2 and SYSTEM_OFF2. */
export const KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2 = 1n;
export const KVM_SYSTEM_EVENT_SHUTDOWN_FLAG_PSCI_OFF2 = 1n;

/** The machine is asked for something. */
export interface SystemEventExit {
  readonly exitReason: typeof KVM_EXIT_SYSTEM_EVENT;
  readonly type: number;
  /** system_event.data, `ndata` long. */
  readonly data: readonly bigint[];
}

/** The SMCCC filter has forwarded a call. The VMM reads arguments from the vCPU's registers and writes results there. */
export interface HypercallExit {
  readonly exitReason: typeof KVM_EXIT_HYPERCALL;
  readonly nr: number;
  /** hypercall.args: KVM leaves them zero on arm64. */
  readonly args: readonly bigint[];
  /** Bit 0: an SMC. */
  readonly flags: number;
}

/** Why KVM_RUN returned to the VMM. */
export type VcpuExit = SystemEventExit | HypercallExit;

/** hypercall.args has so many. */
const HYPERCALL_ARGS = 6;
const NO_ARGS: readonly bigint[] = Object.freeze(new Array<bigint>(HYPERCALL_ARGS).fill(0n));

/** The event of MP_STATE_SUSPENDED: an interrupt is pending. */
export const WAKEUP: SystemEventExit = systemEvent(KVM_SYSTEM_EVENT_WAKEUP, []);

const EVENTS: Readonly<Record<string, SystemEventExit>> = {
  shutdown: systemEvent(KVM_SYSTEM_EVENT_SHUTDOWN, [0n]),
  off2: systemEvent(KVM_SYSTEM_EVENT_SHUTDOWN, [KVM_SYSTEM_EVENT_SHUTDOWN_FLAG_PSCI_OFF2]),
  reset: systemEvent(KVM_SYSTEM_EVENT_RESET, [0n]),
  reset2: systemEvent(KVM_SYSTEM_EVENT_RESET, [KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2]),
  suspend: systemEvent(KVM_SYSTEM_EVENT_SUSPEND, []),
  crash: systemEvent(KVM_SYSTEM_EVENT_CRASH, []),
};

/** The exit that the outcome of a guest's call is for its VMM; undefined where KVM_RUN does not return. */
export function exitOf(outcome: Outcome): VcpuExit | undefined {
  if (outcome.kind === 'system') return EVENTS[outcome.event];
  if (outcome.kind !== 'exit' || outcome.reason !== 'KVM_EXIT_HYPERCALL') return undefined;
  const { nr, flags } = outcome.data;
  return { exitReason: KVM_EXIT_HYPERCALL, nr: Number(nr), args: NO_ARGS, flags: Number(flags) };
}

function systemEvent(type: number, data: readonly bigint[]): SystemEventExit {
  return Object.freeze({ exitReason: KVM_EXIT_SYSTEM_EVENT, type, data: Object.freeze(data) });
}
