import { eventChannelOperations } from '../../src/abi/operations/event-channel.js';
import * as s from '../../src/abi/structures/event-channel.js';
import { DOMID_SELF } from '../../src/domain/xen.js';
import type { Side } from './rig.js';

const { operations: op } = eventChannelOperations;

/** Calls of event_channel_op by name: a port or 0, or a negated errno. */
export function allocUnbound(side: Side, remoteDom: number, dom: number = DOMID_SELF): number {
  const result = side.event(op.allocUnbound.command, s.evtchnAllocUnbound, { dom, remoteDom });
  return result === 0 ? side.back(s.evtchnAllocUnbound).port : result;
}

export function bindInterdomain(side: Side, remoteDom: number, remotePort: number): number {
  const result = side.event(op.bindInterdomain.command, s.evtchnBindInterdomain, { remoteDom, remotePort });
  return result === 0 ? side.back(s.evtchnBindInterdomain).localPort : result;
}

export function bindVirq(side: Side, virq: number, vcpu = 0): number {
  const result = side.event(op.bindVirq.command, s.evtchnBindVirq, { virq, vcpu });
  return result === 0 ? side.back(s.evtchnBindVirq).port : result;
}

export function bindIpi(side: Side, vcpu = 0): number {
  const result = side.event(op.bindIpi.command, s.evtchnBindIpi, { vcpu });
  return result === 0 ? side.back(s.evtchnBindIpi).port : result;
}

export function bindPirq(side: Side, pirq: number, flags = 0): number {
  return side.event(op.bindPirq.command, s.evtchnBindPirq, { pirq, flags });
}

export function bindVcpu(side: Side, port: number, vcpu: number): number {
  return side.event(op.bindVcpu.command, s.evtchnBindVcpu, { port, vcpu });
}

export function send(side: Side, port: number): number {
  return side.event(op.send.command, s.evtchnSend, { port });
}

export function close(side: Side, port: number): number {
  return side.event(op.close.command, s.evtchnClose, { port });
}

export function unmask(side: Side, port: number, cpu = 0): number {
  return side.event(op.unmask.command, s.evtchnUnmask, { port }, cpu);
}

export function reset(side: Side, dom: number = DOMID_SELF): number {
  return side.event(op.reset.command, s.evtchnReset, { dom });
}

export function status(side: Side, port: number, dom: number = DOMID_SELF): number {
  return side.event(op.status.command, s.evtchnStatus, { dom, port });
}

export function initControl(side: Side, address: number, vcpu = 0, offset = 0): number {
  return side.event(op.initControl.command, s.evtchnInitControl, { controlGfn: address / 0x1000, offset, vcpu });
}

export function expandArray(side: Side, address: number): number {
  return side.event(op.expandArray.command, s.evtchnExpandArray, { arrayGfn: address / 0x1000 });
}

export function setPriority(side: Side, port: number, priority: number): number {
  return side.event(op.setPriority.command, s.evtchnSetPriority, { port, priority });
}

/** Two domains' ends of a new channel, with nothing pending. */
export function connect(from: Side, to: Side): [from: number, to: number] {
  const theirs = allocUnbound(to, from.id);
  const ours = bindInterdomain(from, to.id, theirs);
  quiet(from);
  quiet(to);
  return [ours, theirs];
}

/** Clears a domain's pending, selector and upcall words, and takes its interrupt. */
export function quiet(side: Side): void {
  for (let word = 12; word < 140; word++) side.shared.store(word, 0);
  for (const word of [0, 2, 3]) side.shared.store(word, 0);
  const vcpu = side.vcpu(0);
  side.gic.setPending(vcpu, side.domain.events.interrupt, false);
}

/** What vCPU 0 sees of the 2-level ABI: the upcall byte, the selector, and the pending words 0 and 1. */
export function seen(side: Side): { upcall: number; selector: bigint; pending: bigint[]; interrupt: boolean } {
  const word = (index: number): bigint => BigInt(side.shared.load(index) >>> 0);
  const long = (index: number): bigint => word(index) | (word(index + 1) << 32n);
  return {
    upcall: side.shared.load(0) & 0xff,
    selector: long(2),
    pending: [long(12), long(14)],
    interrupt: side.gic.pending(side.vcpu(0)),
  };
}
