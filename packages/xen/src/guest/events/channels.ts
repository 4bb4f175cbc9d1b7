import { xenAbi } from '../../abi/hypercalls.js';
import { eventChannelOperations } from '../../abi/operations/event-channel.js';
import { EVTCHNSTAT } from '../../abi/structures/event-channel.js';
import { DOMID_SELF } from '../../domain/xen.js';
import type { Gate } from '../gate.js';
import { type OperationClient, resultOf, type XenError } from '../operations.js';
import type { EventAbi, EventHandler } from './abi.js';
import { FifoEvents, type FifoPages } from './fifo.js';
import type { VcpuInfos } from './upcall.js';

/** The calls of event_channel_op. */
export type EventChannelCalls = OperationClient<typeof eventChannelOperations.all, 'operation'>;

/** What a port is. */
export interface PortStatus {
  readonly kind: keyof typeof EVTCHNSTAT | 'unknown';
  /** The vCPU that its events go to. */
  readonly vcpu: number;
  /** The domain that may bind it, or has. */
  readonly remoteDomain?: number;
  readonly remotePort?: number;
  readonly virq?: number;
  readonly pirq?: number;
}

const EVENT_CHANNEL_OP = xenAbi.calls.eventChannelOp.id;
const SEND = eventChannelOperations.operations.send.command;
const UNMASK = eventChannelOperations.operations.unmask.command;

const NOBODY: EventHandler = () => {};

/**
 * Event channels from the guest's side: ports with handlers. {@link upcall} is what the guest does when the event
 * interrupt arrives. Sending, masking and the upcall allocate nothing.
 */
export class EventPorts {
  readonly calls: EventChannelCalls;
  readonly #gate: Gate;
  readonly #twoLevel: () => EventAbi;
  #abi: EventAbi;
  readonly #handlers: EventHandler[] = [];
  readonly #handle: EventHandler = (port) => (this.#handlers[port] ?? NOBODY)(port);

  /** A domain begins with the 2-level ABI. */
  constructor(calls: EventChannelCalls, gate: Gate, twoLevel: () => EventAbi) {
    this.calls = calls;
    this.#gate = gate;
    this.#twoLevel = twoLevel;
    this.#abi = twoLevel();
  }

  /** How events wait in shared memory. */
  get abi(): EventAbi {
    return this.#abi;
  }

  /** Goes over to the FIFO ABI: what has a handler keeps it. */
  useFifo(pages: FifoPages, infos: VcpuInfos, vcpus: number): number | XenError {
    const fifo = FifoEvents.begin(pages, infos, vcpus);
    if (typeof fifo === 'number') return resultOf(fifo);
    this.#abi = fifo;
    for (const [port, handler] of this.#handlers.entries()) if (handler !== NOBODY) this.listen(port, handler);
    return 0;
  }

  /** Makes a port that a domain may bind, and gives its number. */
  allocUnbound(remoteDom: number, dom: number = DOMID_SELF): number | XenError {
    const made = this.calls.allocUnbound({ dom, remoteDom });
    return 'port' in made ? made.port : made;
  }

  /** Binds a port of this domain to one that another domain keeps for it. The new port has an event at once. */
  bindInterdomain(remoteDom: number, remotePort: number): number | XenError {
    const bound = this.calls.bindInterdomain({ remoteDom, remotePort });
    return 'localPort' in bound ? bound.localPort : bound;
  }

  bindVirq(virq: number, vcpu = 0): number | XenError {
    const bound = this.calls.bindVirq({ virq, vcpu });
    return 'port' in bound ? bound.port : bound;
  }

  bindIpi(vcpu: number): number | XenError {
    const bound = this.calls.bindIpi({ vcpu });
    return 'port' in bound ? bound.port : bound;
  }

  /** Has the events of a port go to another vCPU. */
  bindVcpu(port: number, vcpu: number): number | XenError {
    return this.calls.bindVcpu({ port, vcpu });
  }

  /** Gives a port back. */
  close(port: number): number | XenError {
    if (port < this.#handlers.length) {
      this.mask(port);
      this.#handlers[port] = NOBODY;
    }
    return this.calls.close({ port });
  }

  /** Has a port handled from now on, and its events come. */
  listen(port: number, handler: EventHandler): void {
    this.#abi.prepare(port);
    while (this.#handlers.length <= port) this.#handlers.push(NOBODY);
    this.#handlers[port] = handler;
    this.unmask(port);
  }

  /** Sends: 0, or a negated error. */
  send(port: number): number {
    this.#gate.operands.words.store(0, port);
    return this.#gate.operation(EVENT_CHANNEL_OP, SEND);
  }

  /** The events of a port wait from now on. */
  mask(port: number): void {
    this.#abi.setMask(port);
  }

  /**
   * They come again; one that waited is delivered by Xen. Xen does that only for a port that is masked, so it is masked
   * anew for the call (Linux, evtchn_2l_unmask).
   */
  unmask(port: number): void {
    this.#abi.clearMask(port);
    if (!this.#abi.isPending(port)) return;
    this.#abi.setMask(port);
    this.#gate.operands.words.store(0, port);
    this.#gate.operation(EVENT_CHANNEL_OP, UNMASK);
  }

  /** Takes an event away without handling it. */
  clear(port: number): void {
    this.#abi.clearPending(port);
  }

  isPending(port: number): boolean {
    return this.#abi.isPending(port);
  }

  /** The event interrupt has arrived: every event that waits for the vCPU is handled. Gives how many there were. */
  upcall(vcpu: number = this.#gate.conduit.caller.index): number {
    return this.#abi.consume(vcpu, this.#handle);
  }

  status(port: number, dom: number = DOMID_SELF): PortStatus | XenError {
    const status = this.calls.status({ dom, port });
    if (!('vcpu' in status)) return status;
    const { vcpu, u } = status;
    switch (status.status) {
      case EVTCHNSTAT.closed:
        return { kind: 'closed', vcpu };
      case EVTCHNSTAT.unbound:
        return { kind: 'unbound', vcpu, remoteDomain: u.unbound.dom };
      case EVTCHNSTAT.interdomain:
        return { kind: 'interdomain', vcpu, remoteDomain: u.interdomain.dom, remotePort: u.interdomain.port };
      case EVTCHNSTAT.pirq:
        return { kind: 'pirq', vcpu, pirq: u.pirq };
      case EVTCHNSTAT.virq:
        return { kind: 'virq', vcpu, virq: u.virq };
      case EVTCHNSTAT.ipi:
        return { kind: 'ipi', vcpu };
      default:
        return { kind: 'unknown', vcpu };
    }
  }

  /** The order in which the FIFO ABI delivers: 0 first, 15 last. */
  setPriority(port: number, priority: number): number | XenError {
    return this.calls.setPriority({ port, priority });
  }

  /** Closes every port of this domain, and goes back to the 2-level ABI. */
  reset(): number | XenError {
    const result = this.calls.reset({ dom: DOMID_SELF });
    if (result !== 0) return result;
    this.#handlers.length = 0;
    this.#abi = this.#twoLevel();
    return 0;
  }
}
