import type { Saved } from '@trapline/core';
import { describe, expect, test } from 'vitest';
import { SHUTDOWN, schedPoll, schedWatchdog } from '../../src/abi/structures/sched.js';
import { vcpuRegisterRunstateMemoryArea, vcpuRunstateInfo } from '../../src/abi/structures/vcpu.js';
import { connect, send } from '../events/client.js';
import { OPERAND, RAM, rigOf, SCHED_OP, type Side, SPARE, VCPU_OP } from '../events/rig.js';

const AREA: number = RAM + 0xa000;

/** A machine of two domains, and a way to save it and to bring it back somewhere else in time. */
function world(): { from: Side; to: Side; save(): Saved; restore(saved: Saved): void } {
  const { sides, machine } = rigOf([{}, {}]);
  const [from, to] = sides as [Side, Side];
  return {
    from,
    to,
    save: () => JSON.parse(JSON.stringify(machine.save())) as Saved,
    restore: (saved) => machine.restore(saved),
  };
}

describe('a machine that is saved while a vCPU waits', () => {
  test('is restored with the poll in hand: its port ends it, and so does its time', () => {
    const { from, to, save, restore } = world();
    const [ours, theirs] = connect(from, to);
    to.shared.store(140, 1 << theirs);
    to.setWord(SPARE, theirs);
    to.put(schedPoll.encode({ ports: SPARE, nrPorts: 1, timeout: 1000 }));
    expect(to.trap(SCHED_OP, [3, OPERAND]).kind).toBe('wait');
    const saved = save();
    for (const end of [() => send(from, ours), () => to.clock.advance(1000n)]) {
      restore(saved);
      expect(to.vcpu(0).powerState).toBe('waiting');
      end();
      expect([to.vcpu(0).powerState, to.x0()]).toEqual(['running', 0]);
      restore(saved);
    }
  });

  test('is restored with its watchdog running', () => {
    const { to, save, restore } = world();
    to.put(schedWatchdog.encode({ id: 0, timeout: 1 }));
    expect(to.result(SCHED_OP, [6, OPERAND])).toBe(1);
    to.clock.advance(600_000_000n);
    const saved = save();
    to.put(schedWatchdog.encode({ id: 1, timeout: 0 }));
    expect(to.result(SCHED_OP, [6, OPERAND])).toBe(0);
    restore(saved);
    to.clock.advance(399_999_999n);
    expect(to.domain.life.isShutDown).toBe(false);
    to.clock.advance(1n);
    expect([to.domain.life.isShutDown, to.domain.life.shutdownCode]).toEqual([true, SHUTDOWN.watchdog]);
  });

  test('goes on with its account of time', () => {
    const { from, to, save, restore } = world();
    const [ours] = connect(from, to);
    to.put(vcpuRegisterRunstateMemoryArea.encode({ addr: AREA }));
    to.result(VCPU_OP, [5, 0, OPERAND]);
    to.clock.advance(100n);
    to.trap(SCHED_OP, [1, 0]);
    to.clock.advance(20n);
    const saved = save();
    send(from, ours);
    restore(saved);
    to.clock.advance(3n);
    send(from, ours);
    expect(vcpuRunstateInfo.decode(to.take(48, AREA))).toMatchObject({
      stateEntryTime: 123n,
      time: [100n, 0n, 23n, 0n],
    });
  });
});

test('a domain that dies leaves no timer behind', () => {
  const { to } = world();
  to.put(schedWatchdog.encode({ id: 0, timeout: 1 }));
  to.result(SCHED_OP, [6, OPERAND]);
  to.domain.scheduling.destroy();
  to.clock.advance(5_000_000_000n);
  expect(to.domain.life.isShutDown).toBe(false);
});
