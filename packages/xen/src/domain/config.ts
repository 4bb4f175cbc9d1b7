import type { HvmParameterName } from '../abi/hvm-parameters.js';
import type { XenRegion } from '../binding.js';
import type { GuestRange } from '../memory/ram.js';

/** What a domain is given when it is built: the part of `xen_domctl_createdomain` that a guest can notice. */
export interface DomainConfig {
  /** Its number; the next free one from 1 on where absent, 0 for the control domain. */
  readonly id?: number;
  /** Whether it is the control domain. */
  readonly privileged?: boolean;
  /** Highest event channel port; 1023 for an ordinary domain, 2^17 - 1 for dom0, where absent. */
  readonly maxEventPort?: number;
  /** Frames of its grant table and of its maptrack; 64 and 1024 where absent. */
  readonly maxGrantFrames?: number;
  readonly maxMaptrackFrames?: number;
  /** The private interrupt of its event channels; 31 for an ordinary domain, 16 for dom0, where absent. */
  readonly eventInterrupt?: number;
  /** Whether guest frames are machine frames; those of dom0 are, where absent. */
  readonly directMapped?: boolean;
  /** Whether it may use Xen's own console (`is_console`): it may, where absent. */
  readonly console?: boolean;
  /** Its UUID (`xen_domain_handle_t`, 16 bytes); zeros where absent. */
  readonly handle?: Uint8Array;
  /** Parameters that its builder has set: a domain with xenstore has `storePfn` and `storeEvtchn`. */
  readonly parameters?: { readonly [N in HvmParameterName]?: bigint };
  /** Whether it is built with a xenstore channel to the control domain (`xen,enhanced = "enabled"`); not where absent. */
  readonly xenstore?: boolean;
  /** `xen,enhanced`: whether its device tree has the hypervisor node. It has, where absent. */
  readonly enhanced?: boolean;
  /** Its RAM; what its guest's memory port tells, where absent. */
  readonly memory?: readonly GuestRange[];
  /** Devices of the machine that are mapped into it, one to one: a control domain has all that Xen does not keep. */
  readonly devices?: readonly GuestRange[];
  /** The regions of its hypervisor node, in place of those of a guest without devices. */
  readonly regions?: { readonly grant: XenRegion; readonly extended: readonly XenRegion[] };
  /** Whether it waits for the host to start it; it runs at once where absent. */
  readonly paused?: boolean;
}

/** A {@link DomainConfig} with every default in its place; the number is the domain's own. */
export type ResolvedConfig = Required<Omit<DomainConfig, 'id' | 'memory' | 'regions'>> &
  Pick<DomainConfig, 'memory' | 'regions'>;

/** Ports of a domain built by Xen itself (dom0less, arch/arm/domain_build.c), from 0. */
const DEFAULT_MAX_EVENT_PORT = 1023;
/** The FIFO ABI's last port (public/event_channel.h, EVTCHN_FIFO_NR_CHANNELS): the control domain has no other limit. */
const CONTROL_MAX_EVENT_PORT = 0x1_ffff;
/** `gnttab_max_frames` and `gnttab_max_maptrack_frames` of Xen's command line. */
const DEFAULT_GRANT_FRAMES = 64;
const DEFAULT_MAPTRACK_FRAMES = 1024;
/** GUEST_EVTCHN_PPI (public/arch-arm.h). */
export const GUEST_EVENT_INTERRUPT = 31;
/** The first private interrupt that the machine does not use: what dom0 is given on QEMU's virt. */
export const CONTROL_EVENT_INTERRUPT = 16;
/** Bytes of a domain's UUID. */
const HANDLE_BYTES = 16;

/** Fills in what a configuration leaves out. */
export function resolveConfig(config: DomainConfig): ResolvedConfig {
  const privileged = config.privileged ?? false;
  const eventInterrupt = config.eventInterrupt ?? (privileged ? CONTROL_EVENT_INTERRUPT : GUEST_EVENT_INTERRUPT);
  return {
    privileged,
    maxEventPort: config.maxEventPort ?? (privileged ? CONTROL_MAX_EVENT_PORT : DEFAULT_MAX_EVENT_PORT),
    maxGrantFrames: config.maxGrantFrames ?? DEFAULT_GRANT_FRAMES,
    maxMaptrackFrames: config.maxMaptrackFrames ?? DEFAULT_MAPTRACK_FRAMES,
    eventInterrupt,
    directMapped: config.directMapped ?? privileged,
    console: config.console ?? true,
    handle: config.handle ?? new Uint8Array(HANDLE_BYTES),
    parameters: { ...(privileged ? { callbackIrq: callbackOf(eventInterrupt) } : {}), ...config.parameters },
    xenstore: config.xenstore ?? false,
    enhanced: config.enhanced ?? true,
    ...(config.memory && { memory: config.memory }),
    ...(config.regions && { regions: config.regions }),
    devices: config.devices ?? [],
    paused: config.paused ?? false,
  };
}

/** HVM_PARAM_CALLBACK_IRQ of a private interrupt, level-sensitive and low: what dom0 is told (arch/arm/domain_build.c). */
function callbackOf(interrupt: number): bigint {
  return (2n << 56n) | (2n << 8n) | BigInt(interrupt);
}
