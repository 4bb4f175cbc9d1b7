import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/abi/errno.js';
import * as s from '../../src/abi/structures/vcpu.js';
import { bindVcpu, connect, seen, send } from '../events/client.js';
import { HOLE, OPERAND, RAM, rigOf, SCHED_OP, type Side, VCPU_OP } from '../events/rig.js';

const { ENOENT, ENXIO, EFAULT, EBUSY, EINVAL } = ERRNO;
const { RUNSTATE } = s;
const VM_ASSIST = 21;
const INFO: number = RAM + 0x8000;
const AREA: number = RAM + 0xa000;

function one(): Side {
  return rigOf([{}]).sides[0] as Side;
}

/** VCPUOP_register_vcpu_info, called by vCPU 0. */
function register(side: Side, vcpu: number, offset: number, page = INFO, cpu = 0): number {
  side.put(s.vcpuRegisterVcpuInfo.encode({ mfn: page / 0x1000, offset }));
  return side.result(VCPU_OP, [10, vcpu, OPERAND], cpu);
}

function registerArea(side: Side, vcpu: number, addr: number | bigint): number {
  side.put(s.vcpuRegisterRunstateMemoryArea.encode({ addr }));
  return side.result(VCPU_OP, [5, vcpu, OPERAND]);
}

const words = (side: Side, offset: number): number[] => [0, 8, 12].map((at) => side.word(INFO + offset + at));
const area = (side: Side): ReturnType<typeof s.vcpuRunstateInfo.decode> =>
  s.vcpuRunstateInfo.decode(side.take(48, AREA));

describe('vcpu_op', () => {
  test('has two commands; the vCPU is looked at before the command', () => {
    const side = one();
    for (const command of [0, 1, 2, 3, 4, 6, 7, 11, 12, 13, 14, 0x7fff_ffff, 0xffff_ffff_ffff_ffffn]) {
      expect([side.result(VCPU_OP, [command, 0, OPERAND]), side.result(VCPU_OP, [command, 2, OPERAND])]).toEqual([
        -EINVAL,
        -ENOENT,
      ]);
    }
    for (const command of [5, 10]) {
      expect([side.result(VCPU_OP, [command, 0, HOLE]), side.result(VCPU_OP, [command, 0xffff_ffff, HOLE])]).toEqual([
        -EFAULT,
        -ENOENT,
      ]);
    }
  });
});

describe('register_vcpu_info', () => {
  test('an offset that is not aligned or leaves the page is ENXIO, before the frame is looked at', () => {
    const side = one();
    for (const offset of [1, 4, 7, 12, 0xfd1, 0xfd8, 0x1000, 0xffff_ffff]) {
      expect([register(side, 0, offset), register(side, 0, offset, HOLE)]).toEqual([-ENXIO, -ENXIO]);
    }
    expect(register(side, 0, 0xfd0)).toBe(0);
  });

  test('an unaligned vcpu_info never comes into use (XSA-327)', () => {
    const side = one();
    for (let offset = 0; offset <= 0x1000; offset++) {
      if (offset % 8 !== 0 || offset > 0xfd0)
        expect(side.domain.vcpuInfos.register(0, 0, INFO / 0x1000, offset)).toBe(-ENXIO);
    }
    expect(side.take(0x1000, INFO).every((byte) => byte === 0)).toBe(true);
  });

  test('a frame that is no RAM is EINVAL, and so is a second time', () => {
    const side = one();
    expect([register(side, 0, 0, HOLE), register(side, 0, 0, 2 ** 60), register(side, 0, 0)]).toEqual([
      -EINVAL,
      -EINVAL,
      0,
    ]);
    expect([register(side, 0, 0), register(side, 0, 0x100)]).toEqual([-EINVAL, -EINVAL]);
  });

  test('marks everything pending and interrupts', () => {
    const side = one();
    expect(register(side, 0, 0x40)).toBe(0);
    expect(words(side, 0x40)).toEqual([1, 0xffff_ffff, 0xffff_ffff]);
    expect(side.gic.pending(side.vcpu(0))).toBe(true);
  });

  test('takes over what shared_info held, and interrupts no second time for an upcall that was pending', () => {
    const side = one();
    side.shared.store(0, 0x5501);
    side.shared.store(1, 0x1234);
    register(side, 0, 0);
    expect([side.word(INFO), side.word(INFO + 4)]).toEqual([0x5501, 0x1234]);
    expect(side.gic.pending(side.vcpu(0))).toBe(false);
  });

  test('upcalls go to the new place only', () => {
    const [from, to] = rigOf([{}, {}]).sides as [Side, Side];
    const [ours] = connect(from, to);
    register(to, 0, 0x40);
    for (const at of [0, 8, 12]) to.setWord(INFO + 0x40 + at, 0);
    send(from, ours);
    expect(words(to, 0x40)).toEqual([1, 1, 0]);
    expect(seen(to)).toMatchObject({ upcall: 0, selector: 0n });
  });

  test('of another vCPU is possible while that is off: no interrupt, then its words are used', () => {
    const [from, to] = rigOf([{}, {}]).sides as [Side, Side];
    const [ours, theirs] = connect(from, to);
    bindVcpu(to, theirs, 1);
    to.put(new Uint8Array(0x100).fill(0xee), INFO);
    expect(register(to, 1, 0x40)).toBe(0);
    expect(words(to, 0x40)).toEqual([1, 0xffff_ffff, 0xffff_ffff]);
    expect(to.gic.inFlight(to.vcpu(1), 31)).toBe(false);
    for (const at of [0, 8, 12]) to.setWord(INFO + 0x40 + at, 0);
    send(from, ours);
    expect(words(to, 0x40)).toEqual([1, 1, 0]);
  });

  test('of another vCPU that is on is EINVAL', () => {
    const side = one();
    side.guest.ports.power.start(side.vcpu(1));
    expect(register(side, 1, 0)).toBe(-EINVAL);
    side.guest.enter(side.vcpu(1));
    expect(register(side, 1, 0)).toBe(-EINVAL);
    expect(register(side, 1, 0, INFO, 1)).toBe(0);
  });
});

describe('register_vcpu_info from 4.18 on', () => {
  const later = (): Side => rigOf([{}], 'dummy', {}, 'xen-4.18').sides[0] as Side;

  test('is EINVAL for an offset behind the page, ENXIO for one that does not fit, EBUSY for a second time', () => {
    const side = later();
    expect([0x1000, 0xffff_ffff, 0xfd8, 4].map((offset) => register(side, 0, offset))).toEqual([
      -EINVAL,
      -EINVAL,
      -ENXIO,
      -ENXIO,
    ]);
    expect([register(side, 0, 0, HOLE), register(side, 0, 0, 2 ** 60), register(side, 0, 0)]).toEqual([
      -EINVAL,
      -EINVAL,
      0,
    ]);
    expect([register(side, 0, 0x100), register(side, 0, 4), register(side, 0, 0x1000)]).toEqual([
      -EBUSY,
      -EBUSY,
      -EINVAL,
    ]);
  });

  test('takes any vCPU, one that runs too', () => {
    const side = later();
    side.guest.ports.power.start(side.vcpu(1));
    side.guest.enter(side.vcpu(1));
    expect(register(side, 1, 0x40)).toBe(0);
    expect(words(side, 0x40)).toEqual([1, 0xffff_ffff, 0xffff_ffff]);
    expect(side.gic.inFlight(side.vcpu(1), 31)).toBe(true);
  });
});

describe('the runstate area', () => {
  test('takes any address, and writes where it can', () => {
    const side = one();
    for (const address of [HOLE, AREA + 1, RAM + 0xffff_0000, 0n, 0xffff_8000_0000_0000n, 0x1234_5678_9abc_def0n]) {
      expect(registerArea(side, 0, address)).toBe(0);
    }
    expect(side.domain.scheduling.runStates.save()).toMatchObject({
      vcpus: [{ area: [0x9abc_def0, 0x1234_5678] }, {}],
    });
  });

  test("holds the caller's state as of its last change, and another vCPU's up to now", () => {
    const side = one();
    side.clock.advance(1000n);
    registerArea(side, 0, AREA);
    expect(area(side)).toMatchObject({ state: RUNSTATE.running, stateEntryTime: 0n, time: [0n, 0n, 0n, 0n] });
    registerArea(side, 1, AREA);
    expect(area(side)).toMatchObject({ state: RUNSTATE.offline, stateEntryTime: 0n, time: [0n, 0n, 0n, 1000n] });
  });

  test('is brought up to date when the vCPU blocks, wakes and yields', () => {
    const [from, to] = rigOf([{}, {}]).sides as [Side, Side];
    const [ours] = connect(from, to);
    registerArea(to, 0, AREA);
    to.clock.advance(100n);
    to.trap(SCHED_OP, [1, 0]);
    expect(area(to)).toMatchObject({ state: RUNSTATE.blocked, stateEntryTime: 100n, time: [100n, 0n, 0n, 0n] });
    to.clock.advance(50n);
    send(from, ours);
    expect(area(to)).toMatchObject({ state: RUNSTATE.running, stateEntryTime: 150n, time: [100n, 0n, 50n, 0n] });
    to.clock.advance(7n);
    to.result(SCHED_OP, [0, 0]);
    expect(area(to)).toMatchObject({ state: RUNSTATE.running, stateEntryTime: 157n, time: [107n, 0n, 50n, 0n] });
  });

  test('stolen time was spent runnable', () => {
    const side = one();
    registerArea(side, 0, AREA);
    side.clock.advance(100n);
    side.clock.steal(side.vcpu(0), 30n);
    side.result(SCHED_OP, [0, 0]);
    expect(area(side).time).toEqual([70n, 30n, 0n, 0n]);
  });

  test('a vCPU that goes off and comes back was offline', () => {
    const side = one();
    const vcpu = side.vcpu(1);
    side.clock.advance(10n);
    side.guest.ports.power.start(vcpu);
    side.guest.enter(vcpu);
    side.clock.advance(5n);
    registerArea(side, 1, AREA);
    expect(area(side)).toMatchObject({ state: RUNSTATE.running, time: [5n, 0n, 0n, 10n] });
  });

  test('with the flag of vm_assist the bit for a copy in progress is gone at the end', () => {
    const side = one();
    expect(side.result(VM_ASSIST, [0, 5])).toBe(0);
    registerArea(side, 0, AREA);
    side.clock.advance(100n);
    side.result(SCHED_OP, [0, 0]);
    expect(area(side)).toMatchObject({ stateEntryTime: 100n, time: [100n, 0n, 0n, 0n] });
  });
});
