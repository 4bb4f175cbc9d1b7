import { defineStructure, domid, handle, s32, u32, u64 } from '../structure.js';

/** Structures of sched_op (public/sched.h). */

export const schedShutdown = defineStructure('sched_shutdown', { reason: u32 });

export const schedPoll = defineStructure('sched_poll', { ports: handle, nrPorts: u32, timeout: u64 });

/** Ports that one {@link schedPoll} can name (common/sched/core.c, do_poll). */
export const MAX_POLL_PORTS = 128;

export const schedRemoteShutdown = defineStructure('sched_remote_shutdown', { domainId: domid, reason: u32 });

export const schedWatchdog = defineStructure('sched_watchdog', { id: u32, timeout: u32 });

export const schedPinOverride = defineStructure('sched_pin_override', { pcpu: s32 });

/** Why a domain stops (SHUTDOWN_*). Xen keeps any number below 256. */
export const SHUTDOWN = { poweroff: 0, reboot: 1, suspend: 2, crash: 3, watchdog: 4, softReset: 5 } as const;
