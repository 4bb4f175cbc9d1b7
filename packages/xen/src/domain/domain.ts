import type { AttachedGuest, Outcome } from '@trapline/core';
import { EventChannels } from '../events/event-channels.js';
import { GrantTable } from '../grants/grant-table.js';
import { DomainMemory } from '../memory/domain-memory.js';
import { Scheduling } from '../sched/scheduling.js';
import { VcpuInfos } from '../vcpu/vcpu-infos.js';
import { Assists } from './assists.js';
import { type DomainConfig, type ResolvedConfig, resolveConfig } from './config.js';
import { DomainLife } from './life.js';
import { Parameters } from './parameters.js';
import type { DomainServices } from './services.js';
import { XenVcpu } from './vcpu.js';
import { WallClock } from './wall-clock.js';
import type { Xen } from './xen.js';

/**
 * A domain: a guest of the machine under Xen, or (without a guest) the host's own side, in whose name the back ends of
 * this package act.
 */
export class Domain {
  readonly xen: Xen;
  readonly id: number;
  readonly name: string;
  readonly config: ResolvedConfig;
  /** Whether it is a control domain (dom0). */
  readonly privileged: boolean;
  /** Whether guest frames are machine frames. */
  readonly isDirectMapped: boolean;
  /** Its UUID. */
  readonly handle: Uint8Array;
  readonly params: Parameters;
  readonly assists: Assists = new Assists();
  readonly life: DomainLife;
  /** What the host does for it. */
  services: DomainServices | undefined = undefined;
  /** Undefined for the host's own side. */
  readonly guest: AttachedGuest | undefined;
  readonly vcpus: readonly XenVcpu[];
  readonly memory: DomainMemory;
  readonly wallClock: WallClock;
  readonly scheduling: Scheduling;
  readonly vcpuInfos: VcpuInfos;
  readonly events: EventChannels;
  readonly grants: GrantTable;

  constructor(xen: Xen, id: number, name: string, config: DomainConfig, guest: AttachedGuest | undefined) {
    this.xen = xen;
    this.id = id;
    this.name = name;
    this.config = resolveConfig(config);
    this.privileged = this.config.privileged;
    this.isDirectMapped = this.config.directMapped;
    this.handle = this.config.handle;
    this.params = new Parameters(this.config.parameters);
    this.guest = guest;
    this.vcpus = guest?.pes.map((pe) => new XenVcpu(this, pe)) ?? [];
    this.life = new DomainLife(this);
    this.memory = new DomainMemory(this);
    this.wallClock = new WallClock(this);
    this.scheduling = new Scheduling(this);
    this.vcpuInfos = new VcpuInfos(this);
    this.events = new EventChannels(this);
    this.grants = new GrantTable(this);
  }
  /** Whether it is being destroyed: nobody may begin anything with it any more. */
  get isDying(): boolean {
    return this.life.dying !== 'alive';
  }

  /** Ends it; see {@link DomainLife.shutdown}. */
  shutdown(reason: number, caller?: XenVcpu): Outcome {
    return this.life.shutdown(reason, caller);
  }

  /** Remembers why it will end (SCHEDOP_shutdown_code). */
  latchShutdownCode(reason: number): void {
    this.life.latch(reason);
  }
}
