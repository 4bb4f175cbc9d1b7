import { type Conduit, createClient, isStatus } from '@trapline/core';
import { RUNSTATE_UPDATE_FLAG, VM_ASSIST_ENABLE } from '../abi/assists.js';
import { HVM_PARAMETERS, type HvmParameterName } from '../abi/hvm-parameters.js';
import { xenAbi } from '../abi/hypercalls.js';
import { versionOperations } from '../abi/operations/version.js';
import { XENMAPSPACE } from '../abi/structures/memory.js';
import type { XenNode, XenVersion } from '../binding.js';
import { DOMID_SELF } from '../domain/xen.js';
import { PAGE_BYTES } from '../memory/frames.js';
import { PROFILES } from '../profiles.js';
import { type RawCalls, type XenCalls, xenCalls } from './calls.js';
import { RingConsole } from './console-ring.js';
import { ControlCalls, type ControlVersions } from './control-calls.js';
import { EventPorts } from './events/channels.js';
import { TwoLevelEvents } from './events/two-level.js';
import type { Gate } from './gate.js';
import { GrantClient } from './grants/table.js';
import { type GuestMemory, guestWords } from './guest-memory.js';
import { HypervisorConsole } from './hypervisor-console.js';
import { type HypfsValue, readHypfs } from './hypfs-client.js';
import { type MulticallEntry, multicall } from './multicall.js';
import type { Negotiated, NegotiationNote, XenFeature } from './negotiation.js';
import type { GuestPage, PagePool } from './operand-area.js';
import { resultOf, type XenError } from './operations.js';
import { PhysicalMap } from './physical-map.js';
import { type RingSignals, signalsOf } from './ring-signals.js';
import { Scheduling } from './scheduling.js';
import { SharedInfo } from './shared-info.js';
import { XenstoreClient } from './store-client.js';
import { StoreConnection } from './store-connection.js';
import { type GuestCounter, XenTime } from './time.js';

/** What a {@link XenGuest} is made of. */
export interface XenGuestParts {
  readonly node: XenNode;
  readonly gate: Gate;
  readonly memory: GuestMemory;
  readonly pages: PagePool;
  readonly vcpus: number;
  readonly counter: GuestCounter;
  readonly negotiated: Negotiated;
  readonly features: ReadonlySet<XenFeature>;
}

const XEN_VERSION = xenAbi.calls.xenVersion.id;
const VERSION = versionOperations.operations.version.command;

/**
 * Xen, as a guest has found it. What needs pages shared with Xen ({@link events}, {@link grants}, {@link time}) maps them
 * when it is first used.
 */
export class XenGuest {
  readonly node: XenNode;
  readonly conduit: Conduit;
  /** The version that answers. */
  readonly version: XenVersion;
  readonly notes: readonly NegotiationNote[];
  readonly features: ReadonlySet<XenFeature>;
  /** Hypercalls by registers, without an object made. */
  readonly gate: Gate;
  /** Sub-operations, typed. */
  readonly calls: XenCalls;
  /** Hypercalls, typed. */
  readonly hypercalls: RawCalls;
  /** What a control domain does. */
  readonly control: ControlCalls;
  /** Xen's own console. */
  readonly console: HypervisorConsole;
  readonly scheduling: Scheduling;
  readonly time: XenTime;
  /** RAM of the guest's that the driver hands out. */
  readonly pages: PagePool;
  readonly map: PhysicalMap;
  readonly #parts: XenGuestParts;
  #shared: SharedInfo | undefined;
  #events: EventPorts | undefined;
  #grants: GrantClient | undefined;

  constructor(parts: XenGuestParts) {
    const { node, gate, memory, pages, negotiated } = parts;
    this.#parts = parts;
    this.node = node;
    this.gate = gate;
    this.conduit = gate.conduit;
    this.version = negotiated.version;
    this.notes = negotiated.notes;
    this.features = parts.features;
    this.calls = xenCalls(gate);
    this.hypercalls = createClient(xenAbi, gate.conduit);
    this.control = new ControlCalls(gate, controlVersions(negotiated.version));
    this.console = new HypervisorConsole(gate);
    this.scheduling = new Scheduling(this.calls.sched, gate);
    this.pages = pages;
    this.map = new PhysicalMap(memory, this.calls.memory, pages, node.extendedRegions);
    this.time = new XenTime(() => this.sharedInfo, parts.counter);
  }

  /** XENVER_version, asked anew: major and minor in 16 bits each. Nothing is allocated. */
  xenVersion(): number {
    return this.gate.call2(XEN_VERSION, VERSION, 0);
  }

  /** The page shared with Xen. Throws {@link XenSetupError} where it cannot be mapped. */
  get sharedInfo(): SharedInfo {
    this.#shared ??= this.#mapSharedInfo();
    return this.#shared;
  }

  /** Event channels. Throws {@link XenSetupError} where shared_info cannot be mapped. */
  get events(): EventPorts {
    this.#events ??= new EventPorts(this.calls.eventChannel, this.gate, () => {
      const { words, vcpu } = this.sharedInfo;
      return new TwoLevelEvents(words, vcpu);
    });
    return this.#events;
  }

  /** Goes over to the FIFO ABI of event channels, for all vCPUs. The error where Xen has it not. */
  useFifoEvents(): number | XenError {
    const { initControl, expandArray } = this.calls.eventChannel;
    const pages = {
      page: () => this.pages.take(),
      initControl: (vcpu: number, frame: number) => codeOf(initControl({ controlGfn: frame, offset: 0, vcpu })),
      expandArray: (frame: number) => codeOf(expandArray({ arrayGfn: frame })),
    };
    return this.events.useFifo(pages, this.sharedInfo.vcpu, this.#parts.vcpus);
  }

  get grants(): GrantClient {
    this.#grants ??= new GrantClient(this.calls.grantTable, this.gate, this.map, this.node.grantRegion);
    return this.#grants;
  }

  /** Several hypercalls at once: what each of them returned. */
  multicall(entries: readonly MulticallEntry[]): readonly bigint[] | XenError {
    return multicall(this.gate, entries);
  }

  /** Enables what Xen does for the guest only where it asks: `XEN_RUNSTATE_UPDATE` in run states. */
  assistRunstateUpdate(): number | XenError {
    return resultOf(this.gate.call2(xenAbi.calls.vmAssist.id, VM_ASSIST_ENABLE, RUNSTATE_UPDATE_FLAG));
  }

  /** An entry of Xen's file system of parameters, which control domains may read. */
  hypfs(path: string): HypfsValue | XenError {
    return readHypfs(this.gate, path);
  }

  /** A parameter of this domain's. */
  parameter(name: HvmParameterName): bigint | XenError {
    const answer = this.calls.hvm.getParam({ domid: DOMID_SELF, index: HVM_PARAMETERS[name] });
    return 'value' in answer ? answer.value : answer;
  }

  /** xenstore, where the domain has a ring to it; undefined where it has none yet. */
  openStore(): XenstoreClient | undefined {
    const ring = this.#ring('storePfn', 'storeEvtchn');
    return ring && new XenstoreClient(new StoreConnection(ring.words, ring.signals));
  }

  /** The domain's own console, where it has one. */
  openConsole(): RingConsole | undefined {
    const ring = this.#ring('consolePfn', 'consoleEvtchn');
    return ring && new RingConsole(ring.words, ring.signals);
  }

  #ring(frameName: HvmParameterName, portName: HvmParameterName) {
    const frame = this.parameter(frameName);
    const port = this.parameter(portName);
    if (isStatus(frame) || isStatus(port) || frame === 0n || frame >= NO_FRAME_YET || port === 0n) return undefined;
    const words = guestWords(this.#parts.memory, Number(frame) * PAGE_BYTES, PAGE_BYTES);
    const signals: RingSignals = signalsOf(this.events, this.scheduling, Number(port));
    return { words, signals };
  }

  #mapSharedInfo(): SharedInfo {
    const page: GuestPage = this.pages.take();
    const mapped = this.map.add(XENMAPSPACE.sharedInfo, 0, page.frame);
    if (mapped !== 0) throw new XenSetupError('shared_info', mapped);
    const slot = { frame: page.frame, words: this.map.slot(page.frame).words() };
    const shared = SharedInfo.over(slot, this.calls.vcpu, this.#parts.vcpus, () => this.pages.take());
    if (isStatus(shared)) throw new XenSetupError("a vCPU's vcpu_info", shared);
    return shared;
  }
}

/** The interface versions that belong to a version of Xen; those of 4.17 where it is not known here. */
function controlVersions({ major, minor }: XenVersion): ControlVersions {
  const known = Object.values(PROFILES).find(({ version }) => version.major === major && version.minor === minor);
  const { sysctlVersion, domctlVersion } = known ?? PROFILES['xen-4.17'];
  return { sysctl: sysctlVersion, domctl: domctlVersion };
}

/** What Xen puts in the place of a frame that is to come (dom0less, XENSTORE_PFN_LATE_ALLOC), and everything above. */
const NO_FRAME_YET: bigint = 2n ** 40n;

/** Xen refused what its guests cannot do without. */
export class XenSetupError extends Error {
  override readonly name = 'XenSetupError';
  readonly status: XenError;

  constructor(what: string, status: XenError) {
    super(`Xen does not map ${what}: ${status}`);
    this.status = status;
  }
}

function codeOf(answer: number | XenError | object): number {
  if (typeof answer === 'number') return answer;
  if (!isStatus(answer)) return 0;
  return 'code' in answer ? answer.code : answer.unknown;
}
