import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/abi/errno.js';
import { eventChannelOperations } from '../../src/abi/operations/event-channel.js';
import { EVTCHNSTAT, evtchnStatus } from '../../src/abi/structures/event-channel.js';
import { VIRQ } from '../../src/abi/virq.js';
import { destroyDomain } from '../../src/domain/death.js';
import { DOMID_INVALID, DOMID_SELF, DOMID_XEN } from '../../src/domain/xen.js';
import {
  allocUnbound,
  bindInterdomain,
  bindIpi,
  bindPirq,
  bindVcpu,
  bindVirq,
  close,
  connect,
  reset,
  seen,
  send,
  setPriority,
  status,
  unmask,
} from './client.js';
import { EVENT_CHANNEL_OP, HOLE, OPERAND, rigOf, type Side } from './rig.js';

const { EPERM, ENOENT, ESRCH, ENOMEM, EFAULT, EEXIST, EINVAL, ENOSPC, ENOSYS } = ERRNO;

function one(): Side {
  return rigOf([{}]).sides[0] as Side;
}

function two(policy: 'dummy' | 'silo' = 'dummy'): [Side, Side] {
  return rigOf([{}, {}], policy).sides as [Side, Side];
}

/** What EVTCHNOP_status says of a port, read from the members that its status fills. */
function statusOf(side: Side, port: number, dom: number = DOMID_SELF): object {
  const result = status(side, port, dom);
  if (result !== 0) return { result };
  const { status: what, vcpu, u } = side.back(evtchnStatus);
  if (what === EVTCHNSTAT.unbound) return { what, vcpu, dom: u.unbound.dom };
  if (what === EVTCHNSTAT.interdomain) return { what, vcpu, ...u.interdomain };
  return what === EVTCHNSTAT.virq ? { what, vcpu, virq: u.virq } : { what, vcpu };
}

describe('alloc_unbound', () => {
  test('gives the lowest free port, from 1 on', () => {
    const side = one();
    expect([allocUnbound(side, DOMID_SELF), allocUnbound(side, DOMID_SELF), allocUnbound(side, side.id)]).toEqual([
      1, 2, 3,
    ]);
    expect(close(side, 2)).toBe(0);
    expect(allocUnbound(side, DOMID_SELF)).toBe(2);
    expect(statusOf(side, 2)).toEqual({ what: EVTCHNSTAT.unbound, vcpu: 0, dom: side.id });
  });

  test('is ESRCH for a domain that is not there, reserved ids included', () => {
    const side = one();
    for (const dom of [9, DOMID_XEN, DOMID_INVALID, 0xffff]) expect(allocUnbound(side, DOMID_SELF, dom)).toBe(-ESRCH);
  });

  test('under SILO the remote domain must be there and one the domain may talk to', () => {
    const [a, b] = two('silo');
    expect(allocUnbound(a, 9)).toBe(-ESRCH);
    expect(allocUnbound(a, b.id)).toBe(-EPERM);
    expect(allocUnbound(a, a.id)).toBe(1);
  });

  test('without SILO any remote domain may be named', () => {
    expect(allocUnbound(one(), 9)).toBe(1);
  });

  test('in another domain needs the privilege', () => {
    const { sides } = rigOf([{ privileged: true }, {}], 'silo');
    const [dom0, domU] = sides as [Side, Side];
    expect(allocUnbound(domU, DOMID_SELF, 0)).toBe(-EPERM);
    expect(allocUnbound(dom0, domU.id, domU.id)).toBe(1);
    expect(allocUnbound(domU, 0)).toBe(2);
    expect(statusOf(domU, 1)).toEqual({ what: EVTCHNSTAT.unbound, vcpu: 0, dom: domU.id });
  });

  test('ends with ENOSPC behind the last port, whatever is refused afterwards', () => {
    const side = rigOf([{ maxEventPort: 130 }]).sides[0] as Side;
    for (let port = 1; port <= 130; port++) expect(allocUnbound(side, 9)).toBe(port);
    expect(allocUnbound(side, 9)).toBe(-ENOSPC);
    expect(bindInterdomain(side, side.id, 5000)).toBe(-ENOSPC);
    expect(bindPirq(side, 3)).toBe(-ENOSPC);
    expect(side.domain.events.active).toBe(130);
  });

  test('the 2-level ABI has 4096 ports, however many a domain may have', () => {
    const side = rigOf([{ privileged: true }]).sides[0] as Side;
    const { events } = side.domain;
    for (let port = 1; port < 4096; port++) expect(events.allocUnbound(9)).toBe(port);
    expect(events.allocUnbound(9)).toBe(-ENOSPC);
  });
});

describe('bind_interdomain', () => {
  test('binds both ends, and its own is pending at once', () => {
    const [a, b] = two();
    const offered = allocUnbound(a, b.id);
    expect(bindInterdomain(b, a.id, offered)).toBe(1);
    expect(seen(b)).toEqual({ upcall: 1, selector: 1n, pending: [2n, 0n], interrupt: true });
    expect(seen(a)).toEqual({ upcall: 0, selector: 0n, pending: [0n, 0n], interrupt: false });
    expect(statusOf(a, offered)).toEqual({ what: EVTCHNSTAT.interdomain, vcpu: 0, dom: b.id, port: 1 });
    expect(statusOf(b, 1)).toEqual({ what: EVTCHNSTAT.interdomain, vcpu: 0, dom: a.id, port: offered });
  });

  test('is EINVAL for what is not offered to the caller, ESRCH for nobody, and leaves no port behind', () => {
    const [a, b] = two();
    const forItself = allocUnbound(a, a.id);
    const [, bound] = connect(b, a);
    const ipi = bindIpi(a);
    for (const port of [forItself, bound, ipi, 0, 40, 64, 0xffff_ffff]) {
      expect(bindInterdomain(b, a.id, port)).toBe(-EINVAL);
    }
    expect(bindInterdomain(b, 9, 1)).toBe(-ESRCH);
    expect(b.domain.events.active).toBe(1);
  });

  test('binds a domain to itself', () => {
    const side = one();
    const [from, to] = connect(side, side);
    expect(send(side, from)).toBe(0);
    expect(seen(side).pending[0]).toBe(1n << BigInt(to));
  });

  test('cannot succeed under SILO between two ordinary domains', () => {
    const [a, b] = two('silo');
    a.domain.events.allocUnbound(b.id);
    expect(bindInterdomain(b, a.id, 1)).toBe(-EPERM);
    expect(b.domain.events.active).toBe(0);
  });
});

describe('status', () => {
  test('leaves members of the union alone that say nothing', () => {
    const side = one();
    expect(status(side, 5)).toBe(0);
    expect([...side.take(24)].slice(8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, ...new Array(8).fill(0xee)]);
    allocUnbound(side, side.id);
    status(side, 1);
    expect([...side.take(24)].slice(16)).toEqual([side.id, 0, ...new Array(6).fill(0xee)]);
  });

  test('the valid range ends behind the last bucket of 64 ports', () => {
    const side = one();
    expect([status(side, 63), status(side, 64), status(side, 0xffff_ffff)]).toEqual([0, -EINVAL, -EINVAL]);
    for (let i = 1; i <= 64; i++) bindIpi(side);
    expect([status(side, 127), status(side, 128)]).toEqual([0, -EINVAL]);
  });

  test('a refused binding makes a bucket valid all the same', () => {
    const side = one();
    for (let i = 1; i < 64; i++) bindIpi(side);
    expect(status(side, 64)).toBe(-EINVAL);
    expect(bindPirq(side, 1)).toBe(-ENOMEM);
    expect(statusOf(side, 64)).toEqual({ what: EVTCHNSTAT.closed, vcpu: 0 });
  });

  test("of another domain's port needs the privilege; the range is looked at first", () => {
    const { sides } = rigOf([{ privileged: true }, {}], 'silo');
    const [dom0, domU] = sides as [Side, Side];
    bindIpi(domU);
    expect(statusOf(dom0, 1, domU.id)).toEqual({ what: EVTCHNSTAT.ipi, vcpu: 0 });
    expect([status(domU, 1, 0), status(domU, 64, 0), status(domU, 1, 9)]).toEqual([-EPERM, -EINVAL, -ESRCH]);
  });
});

describe('VIRQs, IPIs and physical interrupts', () => {
  test('every VIRQ can be bound once; global ones on vCPU 0 only', () => {
    const side = one();
    for (let virq = 0; virq < 24; virq++) expect(bindVirq(side, virq)).toBe(virq + 1);
    expect(bindVirq(side, 24)).toBe(-EINVAL);
    expect(bindVirq(side, 0xffff_ffff)).toBe(-EINVAL);
    for (let virq = 0; virq < 24; virq++) expect(bindVirq(side, virq)).toBe(-EEXIST);
    const perVcpu = [VIRQ.timer, VIRQ.debug, VIRQ.xenoprof, VIRQ.xenpmu] as number[];
    for (let virq = 0; virq < 24; virq++) {
      expect(bindVirq(side, virq, 1) > 0).toBe(perVcpu.includes(virq));
    }
    expect(bindVirq(side, VIRQ.timer, 2)).toBe(-ENOENT);
    expect(statusOf(side, 4)).toEqual({ what: EVTCHNSTAT.virq, vcpu: 0, virq: 3 });
  });

  test('a raised VIRQ reaches who has bound it, until the port is closed', () => {
    const side = one();
    const timer = bindVirq(side, VIRQ.timer);
    const exception = bindVirq(side, VIRQ.domExc);
    side.domain.events.raiseVirq(VIRQ.timer, 0);
    side.domain.events.raiseVirq(VIRQ.timer, 1);
    side.domain.events.raiseGlobalVirq(VIRQ.domExc);
    side.domain.events.raiseGlobalVirq(VIRQ.console);
    expect(seen(side).pending[0]).toBe((1n << BigInt(timer)) | (1n << BigInt(exception)));
    close(side, exception);
    side.domain.events.raiseGlobalVirq(VIRQ.domExc);
    expect(seen(side).pending[0]).toBe(1n << BigInt(timer));
    expect(bindVirq(side, VIRQ.domExc)).toBe(exception);
  });

  test('a global VIRQ that moved to another vCPU is unbound when its port is closed', () => {
    const side = one();
    const port = bindVirq(side, VIRQ.console);
    expect(bindVcpu(side, port, 1)).toBe(0);
    expect(close(side, port)).toBe(0);
    expect(bindVirq(side, VIRQ.console)).toBe(port);
  });

  test('an IPI is bound to a vCPU that exists, and cannot be moved', () => {
    const side = one();
    expect([bindIpi(side, 0), bindIpi(side, 1), bindIpi(side, 2), bindIpi(side, 0xffff_ffff)]).toEqual([
      1,
      2,
      -ENOENT,
      -ENOENT,
    ]);
    expect(bindVcpu(side, 1, 1)).toBe(-EINVAL);
    expect(statusOf(side, 2)).toEqual({ what: EVTCHNSTAT.ipi, vcpu: 1 });
  });

  test('ARM has no physical interrupts to bind: ENOMEM, and EINVAL from 1024 on', () => {
    const side = one();
    expect([bindPirq(side, 0), bindPirq(side, 1023, 1), bindPirq(side, 1024), bindPirq(side, 100_000)]).toEqual([
      -ENOMEM,
      -ENOMEM,
      -EINVAL,
      -EINVAL,
    ]);
    expect(side.domain.events.active).toBe(0);
  });

  test('from 4.19 on binding one is EOPNOTSUPP, whatever its number', () => {
    for (const [profile, low, high] of [
      ['xen-4.18', -ENOMEM, -EINVAL],
      ['xen-4.19', -ERRNO.EOPNOTSUPP, -ERRNO.EOPNOTSUPP],
      ['xen-4.20', -ERRNO.EOPNOTSUPP, -ERRNO.EOPNOTSUPP],
    ] as const) {
      const side = rigOf([{}], 'dummy', {}, profile).sides[0] as Side;
      expect([bindPirq(side, 0), bindPirq(side, 1024)]).toEqual([low, high]);
    }
  });

  test('bind_vcpu moves unbound, interdomain and global VIRQ ports; the vCPU is looked at first', () => {
    const side = one();
    const unbound = allocUnbound(side, 9);
    const global = bindVirq(side, VIRQ.domExc);
    const own = bindVirq(side, VIRQ.timer);
    expect([unbound, global, own, 50].map((port) => bindVcpu(side, port, 1))).toEqual([0, 0, -EINVAL, -EINVAL]);
    expect([bindVcpu(side, unbound, 2), bindVcpu(side, 5000, 2), bindVcpu(side, 5000, 0)]).toEqual([
      -ENOENT,
      -ENOENT,
      -EINVAL,
    ]);
    expect(statusOf(side, unbound)).toMatchObject({ vcpu: 1 });
  });

  test('a closed port notifies vCPU 0 when it is bound again', () => {
    const side = one();
    bindVcpu(side, allocUnbound(side, 9), 1);
    close(side, 1);
    allocUnbound(side, 9);
    expect(statusOf(side, 1)).toMatchObject({ vcpu: 0 });
  });
});

describe('close and reset', () => {
  test('the other end is offered to whoever closed, who may bind it again', () => {
    const [a, b] = two();
    const [from, to] = connect(a, b);
    expect(close(b, to)).toBe(0);
    expect(statusOf(a, from)).toEqual({ what: EVTCHNSTAT.unbound, vcpu: 0, dom: b.id });
    expect([send(a, from), send(b, to)]).toEqual([0, -EINVAL]);
    expect(bindInterdomain(b, a.id, from)).toBe(to);
  });

  test("clears the closer's own pending bit and nothing else", () => {
    const [a, b] = two();
    const [from, to] = connect(a, b);
    send(a, from);
    send(b, to);
    close(b, to);
    expect(seen(b)).toEqual({ upcall: 1, selector: 1n, pending: [0n, 0n], interrupt: true });
    expect(seen(a).pending[0]).toBe(1n << BigInt(from));
  });

  test('free, reserved and invalid ports are EINVAL', () => {
    const side = one();
    for (const port of [0, 1, 63, 64, 0xffff_ffff]) expect(close(side, port)).toBe(-EINVAL);
    expect([unmask(side, 0), unmask(side, 5), unmask(side, 64)]).toEqual([0, 0, -EINVAL]);
    expect([send(side, 0), send(side, 5), send(side, 64), send(side, 0xffff_ffff)]).toEqual(new Array(4).fill(-EINVAL));
  });

  test('reset closes everything; others need the privilege and must be paused', () => {
    const { sides } = rigOf([{ privileged: true }, {}, {}]);
    const [dom0, a, b] = sides as [Side, Side, Side];
    const [from] = connect(a, b);
    bindVirq(a, VIRQ.timer);
    bindIpi(a, 1);
    allocUnbound(a, 9);
    expect([reset(a, b.id), reset(dom0, a.id), reset(dom0, 9)]).toEqual([-EPERM, -EINVAL, -ESRCH]);
    a.domain.life.pause();
    expect(reset(dom0, a.id)).toBe(0);
    a.domain.life.unpause();
    expect([a.domain.events.active, statusOf(a, from)]).toEqual([0, { what: EVTCHNSTAT.closed, vcpu: 0 }]);
    expect(bindVirq(a, VIRQ.timer)).toBe(1);
    expect(reset(a)).toBe(0);
  });

  test('of a domain that dies it is EINVAL, unless it was paused before', () => {
    const { sides } = rigOf([{ privileged: true }, {}, {}]);
    const [dom0, a, b] = sides as [Side, Side, Side];
    for (const side of [a, b]) expect(side.domain.memory.takeReference(0x4_0000)).toBeDefined();
    b.domain.life.pause();
    for (const side of [a, b]) destroyDomain(side.domain);
    expect([reset(dom0, a.id), reset(dom0, b.id)]).toEqual([-EINVAL, 0]);
    expect([allocUnbound(dom0, a.id), allocUnbound(dom0, a.id, a.id), bindInterdomain(dom0, a.id, 1)]).toEqual([
      1,
      -EINVAL,
      -EINVAL,
    ]);
  });

  test('a reset of many ports is preempted, and goes on as reset_cont', () => {
    const side = rigOf([{ privileged: true }]).sides[0] as Side;
    for (let i = 0; i < 2500; i++) side.domain.events.allocUnbound(9);
    side.put(new Uint8Array([0xf0, 0x7f]));
    const { reset: first, resetCont } = eventChannelOperations.operations;
    expect(side.trap(EVENT_CHANNEL_OP, [first.command, OPERAND]).kind).toBe('again');
    expect(side.vcpu(0).x[0]).toBe(BigInt(resetCont.command));
    expect(side.vcpu(0).x[1]).toBe(BigInt(OPERAND));
    expect(side.result(EVENT_CHANNEL_OP, [resetCont.command, OPERAND])).toBe(0);
    expect(side.domain.events.active).toBe(0);
    expect(side.result(EVENT_CHANNEL_OP, [resetCont.command, OPERAND])).toBe(-ERRNO.EBUSY);
  });

  test('another reset while one is in hand is EBUSY', () => {
    const side = rigOf([{ privileged: true }]).sides[0] as Side;
    for (let i = 0; i < 2500; i++) side.domain.events.allocUnbound(9);
    side.put(new Uint8Array([0xf0, 0x7f]));
    side.trap(EVENT_CHANNEL_OP, [10, OPERAND]);
    expect(side.result(EVENT_CHANNEL_OP, [10, OPERAND])).toBe(-ERRNO.EBUSY);
  });
});

describe('event_channel_op', () => {
  test('commands are ints, and others are ENOSYS', () => {
    const side = one();
    for (const command of [15, 16, 0x7fff_ffff, 0xffff_ffffn, 0xffff_ffff_ffff_ffffn]) {
      expect(side.result(EVENT_CHANNEL_OP, [command, OPERAND])).toBe(-ENOSYS);
    }
    side.put(new Uint8Array([5, 0, 0, 0]));
    expect(side.result(EVENT_CHANNEL_OP, [0x1_0000_0009n, OPERAND])).toBe(0);
  });

  test('every command is EFAULT for a pointer to nothing', () => {
    const side = one();
    for (let command = 0; command < 15; command++) {
      expect(side.result(EVENT_CHANNEL_OP, [command, HOLE])).toBe(-EFAULT);
    }
  });

  test('set_priority is ENOSYS in the 2-level ABI, for any port in range', () => {
    const side = one();
    expect([setPriority(side, 1, 0), setPriority(side, 1, 99), setPriority(side, 64, 0)]).toEqual([
      -ENOSYS,
      -ENOSYS,
      -EINVAL,
    ]);
  });
});
