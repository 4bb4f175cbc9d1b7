import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/abi/errno.js';
import type { Structure } from '../../src/abi/structure.js';
import * as s from '../../src/abi/structures/sched.js';
import { VIRQ } from '../../src/abi/virq.js';
import { allocUnbound, bindVirq, connect, quiet, seen, send, unmask } from '../events/client.js';
import { HOLE, OPERAND, rigOf, SCHED_OP, type Side, SPARE } from '../events/rig.js';

const { EPERM, ESRCH, EFAULT, EBUSY, EINVAL, ENOSYS } = ERRNO;
const PSTATE_I = 0x80;
const MASK = 140;

function one(): Side {
  return rigOf([{}]).sides[0] as Side;
}

function two(): [Side, Side] {
  return rigOf([{}, {}]).sides as [Side, Side];
}

function sched(side: Side, command: number, structure: Structure, value: object): ReturnType<Side['trap']> {
  side.put(structure.encode(value as never));
  return side.trap(SCHED_OP, [command, OPERAND]);
}

function schedResult(side: Side, command: number, structure: Structure, value: object): number {
  const outcome = sched(side, command, structure, value);
  return outcome.kind === 'returned' ? side.x0() : Number.NaN;
}

/** Polls ports, and gives the outcome's kind; interrupts are masked as a kernel that polls has them. */
function poll(side: Side, ports: readonly number[], timeout: bigint | number = 0): string {
  ports.forEach((port, i) => {
    side.setWord(SPARE + 4 * i, port);
  });
  side.vcpu(0).pstate |= PSTATE_I;
  return sched(side, 3, s.schedPoll, { ports: SPARE, nrPorts: ports.length, timeout }).kind;
}

const power = (side: Side): string => side.vcpu(0).powerState;

describe('yield and bad commands', () => {
  test('yield returns, whatever its argument', () => {
    const side = one();
    expect([side.result(SCHED_OP, [0, 0]), side.result(SCHED_OP, [0, HOLE])]).toEqual([0, 0]);
  });

  test('other commands are ENOSYS', () => {
    const side = one();
    for (const command of [8, 9, 0x7fff_ffff, 0xffff_ffff_ffff_ffffn]) {
      expect(side.result(SCHED_OP, [command, OPERAND])).toBe(-ENOSYS);
    }
  });

  test('commands with a structure are EFAULT for a pointer to nothing', () => {
    const side = one();
    for (const command of [2, 3, 4, 5, 6]) expect(side.result(SCHED_OP, [command, HOLE])).toBe(-EFAULT);
  });
});

describe('block', () => {
  test('clears PSTATE.I of the caller and waits until an unmasked event comes', () => {
    const [from, to] = two();
    const [ours] = connect(from, to);
    to.vcpu(0).pstate |= PSTATE_I;
    expect(to.trap(SCHED_OP, [1, 0])).toMatchObject({ kind: 'wait', until: 'interrupt' });
    expect([power(to), to.vcpu(0).pstate & PSTATE_I]).toEqual(['waiting', 0]);
    send(from, ours);
    expect([power(to), to.x0()]).toEqual(['running', 0]);
  });

  test('is not ended by a masked event, and by its unmask it is', () => {
    const [from, to] = two();
    const [ours, theirs] = connect(from, to);
    to.shared.store(MASK, 1 << theirs);
    to.trap(SCHED_OP, [1, 0]);
    send(from, ours);
    expect(power(to)).toBe('waiting');
    to.domain.events.unmask(theirs);
    expect(power(to)).toBe('running');
  });

  test('is ended by an event whose interrupt the guest has disabled', () => {
    const [from, to] = two();
    const [ours] = connect(from, to);
    to.gic.setEnabled(to.vcpu(0), 31, false);
    to.trap(SCHED_OP, [1, 0]);
    send(from, ours);
    expect(power(to)).toBe('running');
  });

  test('returns at once with an interrupt pending, and has enabled interrupts', () => {
    const [from, to] = two();
    const [ours] = connect(from, to);
    send(from, ours);
    to.vcpu(0).pstate |= PSTATE_I;
    expect(to.result(SCHED_OP, [1, 0])).toBe(0);
    expect(to.vcpu(0).pstate & PSTATE_I).toBe(0);
  });

  test('returns at once where an upcall is pending whose interrupt was handled', () => {
    const [from, to] = two();
    const [ours] = connect(from, to);
    send(from, ours);
    const vcpu = to.vcpu(0);
    to.gic.endOfInterrupt(vcpu, to.gic.acknowledge(vcpu));
    expect(to.result(SCHED_OP, [1, 0])).toBe(0);
    to.shared.store(0, 0);
    expect(to.trap(SCHED_OP, [1, 0]).kind).toBe('wait');
  });

  test('is ended by any other interrupt', () => {
    const side = one();
    const vcpu = side.vcpu(0);
    side.gic.setEnabled(vcpu, 27, true);
    side.trap(SCHED_OP, [1, 0]);
    side.guest.ports.interrupts.pulse(vcpu, 27);
    expect(power(side)).toBe('running');
  });

  test("an event that wakes does not wake another vCPU's wait", () => {
    const [from, to] = two();
    const [ours] = connect(from, to);
    to.guest.ports.power.start(to.vcpu(1));
    to.guest.enter(to.vcpu(1));
    to.trap(SCHED_OP, [1, 0], 1);
    send(from, ours);
    expect(to.vcpu(1).powerState).toBe('waiting');
  });
});

describe('poll', () => {
  test('waits for its port, masked or not', () => {
    const [from, to] = two();
    const [ours, theirs] = connect(from, to);
    expect(poll(to, [theirs])).toBe('wait');
    send(from, ours);
    expect([power(to), to.x0()]).toEqual(['running', 0]);
    quiet(to);
    to.shared.store(MASK, 1 << theirs);
    expect(poll(to, [theirs])).toBe('wait');
    send(from, ours);
    expect(power(to)).toBe('running');
    expect(seen(to)).toMatchObject({ upcall: 0, interrupt: false });
  });

  test('one port: another one that is masked does not end it, an unmasked one does', () => {
    const [from, to] = two();
    const [, polled] = connect(from, to);
    const [masked, theirMasked] = connect(from, to);
    const [open] = connect(from, to);
    to.shared.store(MASK, 1 << theirMasked);
    poll(to, [polled]);
    send(from, masked);
    expect(power(to)).toBe('waiting');
    send(from, open);
    expect(power(to)).toBe('running');
  });

  test('several ports: any event of the domain ends it', () => {
    const [from, to] = two();
    const [, first] = connect(from, to);
    const [, second] = connect(from, to);
    const [other, theirs] = connect(from, to);
    to.shared.store(MASK, 1 << theirs);
    poll(to, [first, second]);
    send(from, other);
    expect(power(to)).toBe('running');
  });

  test('a pending port ends it before a bad one behind it is looked at', () => {
    const [from, to] = two();
    const [ours, theirs] = connect(from, to);
    send(from, ours);
    expect(poll(to, [theirs, 5000])).toBe('returned');
    expect(to.x0()).toBe(0);
    expect(poll(to, [5000, theirs])).toBe('returned');
    expect(to.x0()).toBe(-EINVAL);
  });

  test('ports that are free, reserved or out of range are EINVAL; so are more than 128', () => {
    const side = one();
    allocUnbound(side, side.id);
    for (const port of [0, 2, 64, 5000, 0xffff_ffff]) {
      poll(side, [port], 1);
      expect(side.x0()).toBe(-EINVAL);
    }
    for (const [nrPorts, result] of [
      [128, 0],
      [129, -EINVAL],
      [0xffff_ffff, -EINVAL],
    ] as const) {
      for (let i = 0; i < 128; i++) side.setWord(SPARE + 4 * i, 1);
      side.clock.advance(5n);
      sched(side, 3, s.schedPoll, { ports: SPARE, nrPorts, timeout: 1 });
      expect(side.x0()).toBe(result);
    }
  });

  test('a list of ports that cannot be read is EFAULT, without ports nobody looks at it', () => {
    const side = one();
    side.clock.advance(5n);
    expect(schedResult(side, 3, s.schedPoll, { ports: HOLE, nrPorts: 1, timeout: 1 })).toBe(-EFAULT);
    expect(schedResult(side, 3, s.schedPoll, { ports: HOLE, nrPorts: 0, timeout: 1 })).toBe(0);
  });

  test('ends at its time, which is one of the system, and at once where that has passed', () => {
    const [from, to] = two();
    const [, theirs] = connect(from, to);
    to.clock.advance(1000n);
    expect(poll(to, [theirs], 1000)).toBe('returned');
    expect(poll(to, [theirs], 0xffff_ffff_ffff_ffffn)).toBe('returned');
    expect(poll(to, [theirs], 3000)).toBe('wait');
    to.clock.advance(1999n);
    expect(power(to)).toBe('waiting');
    to.clock.advance(1n);
    expect([power(to), to.x0()]).toEqual(['running', 0]);
  });

  test('a wait that its time has ended is polled for no longer', () => {
    const [from, to] = two();
    const [ours, theirs] = connect(from, to);
    poll(to, [theirs], 10);
    to.clock.advance(10n);
    to.shared.store(MASK, 1 << theirs);
    to.trap(SCHED_OP, [1, 0]);
    send(from, ours);
    expect(power(to)).toBe('waiting');
  });

  test('an interrupt that is pending and masked does not end it; unmasked, it does', () => {
    const [from, to] = two();
    const [ours, theirs] = connect(from, to);
    const [other] = connect(from, to);
    send(from, other);
    expect(poll(to, [theirs])).toBe('wait');
    send(from, ours);
    expect(power(to)).toBe('running');
    to.shared.store(12, 0);
    to.vcpu(0).pstate &= ~PSTATE_I;
    expect(sched(to, 3, s.schedPoll, { ports: SPARE, nrPorts: 1, timeout: 0 }).kind).toBe('returned');
  });
});

describe('shutdown', () => {
  test('ends the domain with the low 8 bits of the reason, and does not return', () => {
    const side = one();
    expect(sched(side, 2, s.schedShutdown, { reason: 0x12345 })).toMatchObject({ kind: 'system' });
    expect([side.domain.life.isShutDown, side.domain.life.shutdownCode, power(side)]).toEqual([true, 0x45, 'waiting']);
  });

  test('an event does not wake a domain that has ended', () => {
    const [from, to] = two();
    const [ours] = connect(from, to);
    sched(to, 2, s.schedShutdown, { reason: 1 });
    send(from, ours);
    expect(power(to)).toBe('waiting');
  });

  test('a code that was latched before counts', () => {
    const side = one();
    expect(schedResult(side, 5, s.schedShutdown, { reason: 3 })).toBe(0);
    expect(schedResult(side, 5, s.schedShutdown, { reason: 4 })).toBe(0);
    sched(side, 2, s.schedShutdown, { reason: 0 });
    expect(side.domain.life.shutdownCode).toBe(3);
  });

  test('of another domain needs the privilege; DOMID_SELF is nobody', () => {
    const { sides } = rigOf([{ privileged: true }, {}]);
    const [dom0, domU] = sides as [Side, Side];
    const exception = bindVirq(dom0, VIRQ.domExc);
    expect(schedResult(domU, 4, s.schedRemoteShutdown, { domainId: 0x7ff0, reason: 0 })).toBe(-ESRCH);
    expect(schedResult(domU, 4, s.schedRemoteShutdown, { domainId: 9, reason: 0 })).toBe(-ESRCH);
    expect(schedResult(domU, 4, s.schedRemoteShutdown, { domainId: domU.id, reason: 0 })).toBe(-EPERM);
    expect(schedResult(dom0, 4, s.schedRemoteShutdown, { domainId: domU.id, reason: 0x102 })).toBe(0);
    expect([domU.domain.life.isShutDown, domU.domain.life.shutdownCode]).toEqual([true, 2]);
    expect(seen(dom0).pending[0]).toBe(1n << BigInt(exception));
    expect(schedResult(dom0, 4, s.schedRemoteShutdown, { domainId: domU.id, reason: 3 })).toBe(0);
    expect(sched(dom0, 4, s.schedRemoteShutdown, { domainId: 0, reason: 0 }).kind).toBe('system');
  });
});

describe('watchdogs', () => {
  const watchdog = (side: Side, id: number, timeout: number): number =>
    schedResult(side, 6, s.schedWatchdog, { id, timeout });

  test('there are two; a third is a 32-bit -28', () => {
    const side = one();
    expect([watchdog(side, 0, 1000), watchdog(side, 0, 1000), watchdog(side, 0, 1000)]).toEqual([1, 2, 0xffff_ffe4]);
    expect([watchdog(side, 1, 1000), watchdog(side, 1, 0), watchdog(side, 1, 0), watchdog(side, 2, 0)]).toEqual([
      0,
      0,
      -EINVAL,
      0,
    ]);
    expect([watchdog(side, 3, 1000), watchdog(side, 0xffff_ffff, 0)]).toEqual([-EINVAL, -EINVAL]);
  });

  test('one that nobody pets shuts the domain down', () => {
    const side = one();
    watchdog(side, 0, 1);
    side.clock.advance(999_999_999n);
    expect(side.domain.life.isShutDown).toBe(false);
    watchdog(side, 1, 1);
    side.clock.advance(999_999_999n);
    expect(side.domain.life.isShutDown).toBe(false);
    side.clock.advance(1n);
    expect([side.domain.life.isShutDown, side.domain.life.shutdownCode]).toEqual([true, s.SHUTDOWN.watchdog]);
  });

  test('one that was stopped does not', () => {
    const side = one();
    watchdog(side, 0, 1);
    watchdog(side, 1, 0);
    side.clock.advance(5_000_000_000n);
    expect(side.domain.life.isShutDown).toBe(false);
  });

  test('a new one without any time ends the domain at once', () => {
    const side = one();
    expect(sched(side, 6, s.schedWatchdog, { id: 0, timeout: 0 }).kind).toBe('system');
    expect(side.domain.life.shutdownCode).toBe(s.SHUTDOWN.watchdog);
  });
});

test('pin_override is for the control domain: once, to a CPU that is there', () => {
  const { sides } = rigOf([{ privileged: true }, {}]);
  const [dom0, domU] = sides as [Side, Side];
  const pin = (side: Side, pcpu: number): number => schedResult(side, 7, s.schedPinOverride, { pcpu });
  expect([pin(domU, 0), domU.result(SCHED_OP, [7, HOLE]), dom0.result(SCHED_OP, [7, HOLE])]).toEqual([
    -EPERM,
    -EPERM,
    -EFAULT,
  ]);
  expect([pin(dom0, -1), pin(dom0, 1), pin(dom0, 128)]).toEqual([-EINVAL, -EINVAL, -EINVAL]);
  expect([pin(dom0, 0), pin(dom0, 0), pin(dom0, -5), pin(dom0, -1)]).toEqual([0, -EBUSY, 0, -EINVAL]);
});

test('an unmask of a port of vCPU 1 by vCPU 0 wakes vCPU 1', () => {
  const [from, to] = two();
  const [ours, theirs] = connect(from, to);
  to.domain.events.ports.notify[theirs] = 1;
  to.guest.ports.power.start(to.vcpu(1));
  to.guest.enter(to.vcpu(1));
  to.shared.store(MASK, 1 << theirs);
  to.trap(SCHED_OP, [1, 0], 1);
  send(from, ours);
  expect(to.vcpu(1).powerState).toBe('waiting');
  unmask(to, theirs);
  expect(to.vcpu(1).powerState).toBe('running');
});
