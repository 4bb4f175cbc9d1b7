import type { Saved } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { isGlobalVirq, NR_VIRQS } from '../abi/virq.js';
import type { Domain } from '../domain/domain.js';
import { FifoPorts } from './fifo.js';
import { HostPorts, type PortListener } from './host-ports.js';
import type { PortAbi } from './port-abi.js';
import { FREE, INTERDOMAIN, IPI, PortTable, RESERVED, UNBOUND, VIRQ_BOUND } from './port-table.js';
import { restorePorts, savePorts } from './saved-ports.js';
import { TwoLevelPorts } from './two-level.js';

/** Ports that one step of EVTCHNOP_reset closes: it is preempted then. */
export const PORTS_PER_RESET = 1024;

/**
 * The event channels of one domain: its ports, what they are bound to, and the ABI by which it is told of events.
 *
 * Functions that a guest's call comes down to give 0 or a port, or a negated errno; the checks that concern who calls are
 * made before.
 */
export class EventChannels {
  readonly domain: Domain;
  /** The private interrupt of upcalls. */
  readonly interrupt: number;
  /** The port of each VIRQ, by vCPU; 0 where it is not bound. Global ones stand at vCPU 0. */
  readonly virqs: Int32Array;
  ports: PortTable = new PortTable();
  #active = 0;
  #resetAt = 0;
  readonly #host: HostPorts | undefined;
  readonly #twoLevel: TwoLevelPorts;
  #fifo: FifoPorts | undefined;
  #abi: PortAbi;

  constructor(domain: Domain) {
    this.domain = domain;
    this.interrupt = domain.config.eventInterrupt;
    this.virqs = new Int32Array(NR_VIRQS * Math.max(1, domain.vcpus.length));
    this.#host = domain.guest === undefined ? new HostPorts() : undefined;
    this.#twoLevel = new TwoLevelPorts(domain);
    this.#abi = this.#host ?? this.#twoLevel;
  }

  /** How the domain is told of events now. */
  get abi(): PortAbi {
    return this.#abi;
  }

  /** The FIFO ABI's queues, once the guest has chosen it. */
  get fifo(): FifoPorts | undefined {
    return this.#fifo;
  }

  /** Bound ports. */
  get active(): number {
    return this.#active;
  }

  /** Whether the guest may use a port: it is bound. */
  usable(port: number): boolean {
    return port < this.ports.valid && (this.ports.state[port] as number) > RESERVED;
  }

  /**
   * Sends on a port of this domain (EVTCHNOP_send). 0, also where nobody is bound to the other end; -EINVAL for a port
   * that cannot send.
   */
  send(port: number): number {
    const { ports } = this;
    if (port >= ports.valid) return -ERRNO.EINVAL;
    switch (ports.state[port]) {
      case INTERDOMAIN:
        (ports.peers[port] as Domain).events.raise(ports.remote[port] as number);
        return 0;
      case IPI:
        this.raise(port);
        return 0;
      case UNBOUND:
        return 0;
      default:
        return -ERRNO.EINVAL;
    }
  }

  /** Makes a port of this domain pending, if it is bound. */
  raise(port: number): void {
    if (this.usable(port)) this.#abi.setPending(this.ports.notify[port] as number, port);
  }

  /** Tells a vCPU of a VIRQ of its own, where it has bound it. */
  raiseVirq(virq: number, vcpu: number): void {
    const port = this.virqs[vcpu * NR_VIRQS + virq] ?? 0;
    if (port !== 0) this.#abi.setPending(vcpu, port);
  }

  /** Tells the domain of a global VIRQ, where it has bound it. */
  raiseGlobalVirq(virq: number): void {
    const port = this.virqs[virq] ?? 0;
    if (port !== 0) this.raise(port);
  }

  /** Whether a port has an event: 1 or 0, or -EINVAL for one that is not bound. */
  poll(port: number): number {
    if (!this.usable(port)) return -ERRNO.EINVAL;
    return this.#abi.isPending(port) ? 1 : 0;
  }

  /** Unmasks a port, for the vCPU it notifies; nothing for one that is not bound. */
  unmask(port: number): void {
    if (this.usable(port)) this.#abi.unmask(this.ports.notify[port] as number, port);
  }

  /** Sets a priority: -ENOSYS in the 2-level ABI, -EACCES for a port that is not bound, -EINVAL for no priority. */
  setPriority(port: number, priority: number): number {
    const { setPriority } = this.#abi;
    if (setPriority === undefined) return -ERRNO.ENOSYS;
    return this.usable(port) ? setPriority.call(this.#abi, port, priority) : -ERRNO.EACCES;
  }

  /** Offers a port to another domain. A port, -ENOSPC, or -EINVAL for a domain that dies. */
  allocUnbound(remoteId: number): number {
    const port = this.allocate();
    return port < 0 ? port : this.bind(port, UNBOUND, 0, remoteId);
  }

  /** Binds to a port that another domain offers to this one: {@link allocUnbound}'s errors, and -ESRCH, -EINVAL. */
  bindInterdomain(remoteId: number, remotePort: number): number {
    const { domain } = this;
    const remote = domain.xen.named(domain, remoteId);
    if (remote === undefined) return -ERRNO.ESRCH;
    const port = this.allocate();
    if (port < 0) return port;
    const { ports: theirs } = remote.events;
    if (remotePort >= theirs.valid || theirs.state[remotePort] !== UNBOUND || theirs.remote[remotePort] !== domain.id) {
      return this.abandon(-ERRNO.EINVAL);
    }
    if (!domain.xen.policy.mayTalk(domain, remote)) return this.abandon(-ERRNO.EPERM);
    this.ports.peers[port] = remote;
    this.bind(port, INTERDOMAIN, 0, remotePort);
    theirs.state[remotePort] = INTERDOMAIN;
    theirs.peers[remotePort] = domain;
    theirs.remote[remotePort] = port;
    // Events that were sent before somebody was there are lost: this one makes up for them.
    this.raise(port);
    return port;
  }

  /** Takes the lowest free port, which is not bound yet: {@link bind} or {@link abandon} follows. */
  allocate(): number {
    if (this.domain.isDying) return -ERRNO.EINVAL;
    const { ports } = this;
    const last = Math.min(this.domain.config.maxEventPort, this.#abi.channels - 1);
    for (let port = ports.lowestFree; port <= last; port++) {
      if (port >= ports.valid) {
        this.domain.xen.heap.consume(ports.nextBucketPages);
        ports.addBucket();
      }
      if (ports.state[port] !== FREE || this.#abi.isBusy(port)) continue;
      this.#active++;
      return port;
    }
    return -ERRNO.ENOSPC;
  }

  /** Gives an allocated port back, and passes on why. */
  abandon(reason: number): number {
    this.#active--;
    return reason;
  }

  /** Binds an allocated port. Gives it. */
  bind(port: number, state: number, vcpu: number, remote: number): number {
    const { ports } = this;
    ports.state[port] = state;
    ports.notify[port] = vcpu;
    ports.remote[port] = remote;
    this.#abi.bound(port);
    return port;
  }

  /** Closes a port; the other end is offered to this domain again. 0, or -EINVAL for a port that is not bound. */
  close(port: number): number {
    if (!this.usable(port)) return -ERRNO.EINVAL;
    const { ports } = this;
    const state = ports.state[port];
    const remote = ports.remote[port] as number;
    const peer = ports.peers[port];
    if (state === VIRQ_BOUND)
      this.virqs[(isGlobalVirq(remote) ? 0 : (ports.notify[port] as number)) * NR_VIRQS + remote] = 0;
    this.#abi.clearPending(port);
    this.#active--;
    ports.free(port);
    if (state !== INTERDOMAIN || peer === undefined) return 0;
    const { ports: theirs } = peer.events;
    if (theirs.peers[remote] !== this.domain) return 0;
    theirs.state[remote] = UNBOUND;
    theirs.peers[remote] = undefined;
    theirs.remote[remote] = this.domain.id;
    return 0;
  }

  /** Places a vCPU's control block, and goes over to the FIFO ABI with the first. */
  initControl(vcpu: number, frame: number, offset: number): number {
    const fifo = this.#fifo ?? new FifoPorts(this.domain, this.ports);
    const result = fifo.mapControl(vcpu, frame, offset);
    if (result !== 0 || this.#fifo !== undefined) return result;
    const { ports } = this;
    for (let port = 1; port < this.#twoLevel.channels && port < ports.valid; port++) {
      if (this.#twoLevel.isPending(port)) ports.early[port] = 1;
      fifo.bound(port);
    }
    // The queues of the first domain that has any take a page, in which there is room for others'.
    if (!this.#anyFifo()) this.domain.xen.heap.consume(1);
    this.#fifo = fifo;
    this.#abi = fifo;
    return 0;
  }

  #anyFifo(): boolean {
    for (const { events } of this.domain.xen.domains) if (events.#fifo !== undefined) return true;
    return false;
  }

  /** Adds a page to the FIFO ABI's array: -EOPNOTSUPP in the 2-level ABI, and what {@link FifoPorts.expand} gives. */
  expandArray(frame: number): number {
    return this.#fifo === undefined ? -ERRNO.EOPNOTSUPP : this.#fifo.expand(frame);
  }

  /**
   * EVTCHNOP_reset: closes all ports and goes back to the 2-level ABI, in steps. 0; -ERESTART where there is more to do,
   * by a call that resumes; -EBUSY for a call that resumes nothing, or begins while another is in hand.
   */
  resetPorts(resuming: boolean): number {
    if (resuming ? this.#resetAt === 0 : this.#resetAt !== 0) return -ERRNO.EBUSY;
    let port = Math.max(this.#resetAt, 1);
    for (let steps = 0; port < this.ports.valid && this.#active > 0; port++, steps++) {
      if (steps === PORTS_PER_RESET) {
        this.#resetAt = port;
        return -ERRNO.ERESTART;
      }
      this.close(port);
    }
    this.#resetAt = 0;
    this.#leaveFifo();
    return 0;
  }

  /** Calls somebody for each event of a port, in a domain without a guest; an event that waits comes at once. */
  listen(port: number, listener: PortListener): void {
    this.#host?.listen(port, listener);
  }

  /** The domain dies: all its ports are closed, from the last down, and the pages of the guest's let go. */
  destroy(): void {
    for (let port = this.ports.valid - 1; port > 0 && this.#active > 0; port--) this.close(port);
    this.#leaveFifo();
    this.#host?.reset();
  }

  /** As made. Domains at the other ends see their ports offered again. */
  reset(): void {
    this.destroy();
    this.ports = new PortTable();
    this.virqs.fill(0);
    this.#resetAt = 0;
  }

  save(): Saved {
    return {
      ports: savePorts(this.ports),
      resetAt: this.#resetAt,
      fifo: this.#fifo?.save() ?? null,
      waiting: this.#host === undefined ? [] : [...this.#host.pending],
    };
  }

  /** Takes back what {@link save} gave, once the memory of all domains is back. Throws RestoreError for anything else. */
  restore(saved: Saved): void {
    const restored = restorePorts(this.domain, saved);
    // The memory has been restored before, and knows nothing of the pages that the queues had until now.
    this.#fifo = undefined;
    this.#abi = this.#host ?? this.#twoLevel;
    this.ports = restored.ports;
    this.virqs.set(restored.virqs);
    this.#active = restored.active;
    this.#resetAt = restored.resetAt;
    this.#host?.restore(restored.waiting);
    if (restored.fifo === undefined) return;
    const fifo = new FifoPorts(this.domain, this.ports);
    fifo.restore(restored.fifo);
    this.#fifo = fifo;
    this.#abi = fifo;
  }

  #leaveFifo(): void {
    this.#fifo?.destroy();
    this.#fifo = undefined;
    this.#abi = this.#host ?? this.#twoLevel;
  }
}
