import { describe, expect, it } from 'vitest';
import { GNTST } from '../../src/abi/grant-status.js';
import { DOMID_SELF } from '../../src/domain/xen.js';
import { DATA_FRAME, HOLE_FRAME, type Party, RAM, RAM_FRAME, RAM_FRAMES, rigOf } from './rig.js';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const LIST = RAM + 0x2000;

function frames(party: Party, count: number): bigint[] {
  const view = new DataView(party.take(LIST, 8 * count).buffer);
  return Array.from({ length: count }, (_, i) => view.getBigUint64(8 * i, true));
}

describe('setup_table', () => {
  it('makes the table long enough, and lists the frames where the domain has it', () => {
    const [a] = rigOf([{}]) as [Party];
    a.domain.memory.map.set(HOLE_FRAME, 'ram', a.domain.grants.frames(0));
    a.domain.memory.map.set(2 ** 31, 'ram', a.domain.grants.frames(2));
    const op = { dom: DOMID_SELF, nr_frames: 4, frame_list: BigInt(LIST) };
    expect(a.one('setupTable', op)).toMatchObject({ status: 0, result: 0 });
    expect(frames(a, 4)).toEqual([BigInt(HOLE_FRAME), ALL_ONES, 2n ** 31n, ALL_ONES]);
    expect(a.one('querySize', { dom: a.id })).toMatchObject({ nr_frames: 4, max_nr_frames: 64, status: 0 });
    expect(a.one('setupTable', { ...op, nr_frames: 0 }).status).toBe(0);
    expect(a.one('setupTable', { ...op, nr_frames: 1 }).status).toBe(0);
    expect(a.one('querySize', { dom: DOMID_SELF }).nr_frames).toBe(4);
  });

  it.each([
    ['more frames than there may be', { nr_frames: 65 }, GNTST.general_error],
    ['an absurd number of frames', { nr_frames: 0xffff_ffff }, GNTST.general_error],
    ['a domain that is not there', { dom: 9 }, GNTST.bad_domain],
    ['another domain', { dom: 2 }, GNTST.permission_denied],
    ['a list that cannot be written', { frame_list: 0x1000_0000n }, GNTST.bad_virt_addr],
  ])('refuses %s', (_, change, status) => {
    const [a] = rigOf([{}, {}]) as [Party, Party];
    const op = { dom: DOMID_SELF, nr_frames: 1, frame_list: BigInt(LIST), ...change };
    expect(a.one('setupTable', op)).toMatchObject({ status, result: 0 });
  });

  it('writes what can be written of a list up to 4.17, and what comes before a fault afterwards', () => {
    for (const [profile, written] of [
      ['xen-4.17', true],
      ['xen-4.18', false],
    ] as const) {
      const [a] = rigOf([{}], { profile }) as [Party];
      // The list begins in a hole below RAM and goes on over the structure, behind whose status it is looked at.
      const op = { dom: DOMID_SELF, nr_frames: 3, frame_list: BigInt(RAM - 8) };
      expect(a.one('setupTable', op)).toMatchObject({ status: GNTST.bad_virt_addr });
      expect(a.take(RAM + 12, 1)).toEqual(Uint8Array.of(written ? 0xff : 0xee));
    }
  });

  it('works on all domains for the control domain', () => {
    const [dom0, b] = rigOf([{ privileged: true }, {}]) as [Party, Party];
    b.domain.memory.map.set(HOLE_FRAME, 'ram', b.domain.grants.frames(0));
    expect(dom0.one('setupTable', { dom: 1, nr_frames: 1, frame_list: BigInt(LIST) }).status).toBe(0);
    expect(frames(dom0, 1)).toEqual([BigInt(HOLE_FRAME)]);
  });
});

describe('queries', () => {
  it('of a fresh domain say one frame of 64, version 1', () => {
    const [a] = rigOf([{}]) as [Party];
    expect(a.one('querySize', { dom: DOMID_SELF })).toMatchObject({ nr_frames: 1, max_nr_frames: 64, status: 0 });
    expect(a.one('getVersion', { dom: DOMID_SELF })).toMatchObject({ version: 1, result: 0 });
    expect(a.one('getStatusFrames', { dom: DOMID_SELF, nr_frames: 0, frame_list: 0 }).status).toBe(0);
    expect(a.one('getStatusFrames', { dom: DOMID_SELF, nr_frames: 1, frame_list: 0 }).status).toBe(-1);
  });

  it('of other domains need the privilege, and fields without an answer stay', () => {
    const [a, b] = rigOf([{}, {}]) as [Party, Party];
    expect(a.one('querySize', { dom: b.id })).toMatchObject({ nr_frames: 0xeeee_eeee, status: -8, result: 0 });
    expect(a.one('querySize', { dom: 9 })).toMatchObject({ max_nr_frames: 0xeeee_eeee, status: -2, result: 0 });
    expect(a.one('getVersion', { dom: b.id })).toMatchObject({ version: 0xeeee_eeee, result: -1 });
    expect(a.one('getVersion', { dom: 9 })).toMatchObject({ version: 0xeeee_eeee, result: -3 });
    expect(a.one('getStatusFrames', { dom: b.id, nr_frames: 1, frame_list: 0 }).status).toBe(-8);
    expect(a.one('getStatusFrames', { dom: 9, nr_frames: 1, frame_list: 0 }).status).toBe(-2);
  });
});

describe('swap_grant_ref', () => {
  it('swaps flags, domains and frames', () => {
    const [a, b] = rigOf([{}, {}]) as [Party, Party];
    a.grant(8, b, DATA_FRAME);
    a.grant(9, 7, DATA_FRAME + 1, 5);
    expect(a.one('swapGrantRef', { ref_a: 8, ref_b: 9 })).toMatchObject({ status: 0, result: 0 });
    expect([a.entry(8), a.entry(9)]).toEqual([0x7_0005, 0x2_0001]);
    expect([a.table.load(17), a.table.load(19)]).toEqual([DATA_FRAME + 1, DATA_FRAME]);
  });

  it.each([
    [8, 8, 0],
    [8, 512, -3],
    [512, 8, -3],
    [512, 512, -3],
    [8, 10, -12],
    [10, 8, -12],
    [10, 10, 0],
  ])('of %i and %i, where 10 is mapped, is %i', (ref_a, ref_b, status) => {
    const [a, b] = rigOf([{}, {}]) as [Party, Party];
    a.grant(8, b, DATA_FRAME);
    a.grant(10, b, DATA_FRAME + 1);
    b.map(a, 10, HOLE_FRAME);
    expect(a.one('swapGrantRef', { ref_a, ref_b })).toMatchObject({ status, result: 0 });
    expect([a.entry(8), a.entry(10)]).toEqual([0x2_0001, 0x2_0019]);
  });
});

describe('cache_flush', () => {
  const flush = (party: Party, frame: number | bigint, change = {}): number =>
    party.one('cacheFlush', { a: { dev_bus_addr: BigInt(frame) << 12n }, offset: 0, length: 64, op: 1, ...change })
      .result;

  it('checks range and operation before anything else', () => {
    const [dom0] = rigOf([{ privileged: true }]) as [Party];
    expect(flush(dom0, DATA_FRAME, { offset: 4096, length: 0 })).toBe(-22);
    expect(flush(dom0, DATA_FRAME, { length: 4097 })).toBe(-22);
    expect(flush(dom0, DATA_FRAME, { offset: 4090 })).toBe(-22);
    expect(flush(dom0, DATA_FRAME, { op: 4 })).toBe(-22);
    expect(flush(dom0, DATA_FRAME, { op: 0x8000_0001 })).toBe(-22);
    expect(flush(dom0, 0, { length: 0 })).toBe(0);
    expect(flush(dom0, 0, { op: 0 })).toBe(0);
  });

  it('takes machine addresses: those of a direct-mapped domain are its own', () => {
    const [dom0] = rigOf([{ privileged: true }]) as [Party];
    for (const op of [1, 2, 3]) expect(flush(dom0, DATA_FRAME, { op })).toBe(0);
  });

  it('of memory that no domain has is EPERM, of no memory EINVAL', () => {
    const [a] = rigOf([{}]) as [Party];
    expect(flush(a, RAM_FRAME + 1)).toBe(-1);
    expect(flush(a, HOLE_FRAME)).toBe(-22);
    expect(flush(a, (1n << 28n) * 5n)).toBe(-22);
  });

  it('of what another domain granted works while it is mapped, by the address that the mapping told', () => {
    const [a, b, c] = rigOf([{}, {}, {}]) as [Party, Party, Party];
    a.grant(300, b, DATA_FRAME);
    const { dev_bus_addr } = b.one('mapGrantRef', { host_addr: BigInt(HOLE_FRAME) << 12n, flags: 2, ref: 300, dom: 1 });
    expect(flush(b, dev_bus_addr >> 12n)).toBe(0);
    expect(flush(c, dev_bus_addr >> 12n)).toBe(-22);
    expect(flush(a, dev_bus_addr >> 12n)).toBe(0);
    b.unmap(0, HOLE_FRAME);
    expect(flush(b, dev_bus_addr >> 12n)).toBe(-22);
  });

  it('searches a long table in parts, from where a continuation stands', () => {
    const [a, b] = rigOf([{}, {}]) as [Party, Party];
    a.domain.grants.grow(63);
    a.grant(20_000, b, DATA_FRAME);
    const { dev_bus_addr } = b.one('mapGrantRef', {
      host_addr: BigInt(HOLE_FRAME) << 12n,
      flags: 2,
      ref: 20_000,
      dom: 1,
    });
    expect(flush(b, dev_bus_addr >> 12n)).toBe(0);
    expect(b.op([12 | 16_384, RAM, 1])).toBe(0);
    expect(b.op([12 | 24_576, RAM, 1])).toBe(-22);
    expect(flush(b, 0, { length: 0 })).toBe(0);
    expect(b.op([12 | 4096, RAM, 1])).toBe(-84);
  });
});

describe('the hypercall', () => {
  it('refuses a negative count for every command, before it is looked at', () => {
    const [a] = rigOf([{}]) as [Party];
    for (let command = 0; command < 20; command++) {
      expect(a.op([command, RAM, 0x8000_0000])).toBe(-22);
      expect(a.op([command, RAM, 0xffff_ffff])).toBe(-22);
    }
  });

  it('with a count of 0 succeeds for lists', () => {
    const [a] = rigOf([{}]) as [Party];
    const results = Array.from({ length: 18 }, (_, command) => a.op([command, RAM, 0]));
    // set_version ignores the count and writes the version, 1, where get_version then finds the domain.
    expect(results).toEqual([0, 0, -22, -38, -95, 0, -22, 0, -22, -22, 0, 0, 0, -38, -38, -38, -38, -38]);
  });

  it('needs a count of 1 where there is no list', () => {
    const [a] = rigOf([{}]) as [Party];
    for (const command of [2, 6, 9]) expect(a.op([command, RAM, 2])).toBe(-22);
  });

  it('refuses bits above the command that no continuation has set', () => {
    const [a] = rigOf([{}]) as [Party];
    expect(a.op([0x1000, RAM, 0])).toBe(-22);
    expect(a.op([0xffff_ffff, RAM, 1])).toBe(-22);
    expect(a.op([0x100c, RAM, 0])).toBe(0);
    expect(a.op([(1n << 32n) | 6n, RAM, 1])).toBe(0);
  });

  it('is EFAULT for structures in no memory', () => {
    const [a] = rigOf([{}]) as [Party];
    for (const command of [0, 1, 2, 5, 6, 7, 8, 9, 10, 11, 12]) expect(a.op([command, 0x1000_0000, 1])).toBe(-14);
  });

  it('does what lies before the end of memory, then is EFAULT', () => {
    const [a, b] = rigOf([{}, {}]) as [Party, Party];
    a.grant(8, b, DATA_FRAME);
    const end = RAM + RAM_FRAMES * 4096;
    const map = new Uint8Array(32);
    const view = new DataView(map.buffer);
    view.setBigUint64(0, BigInt(HOLE_FRAME) << 12n, true);
    view.setUint32(8, 2, true);
    view.setUint32(12, 8, true);
    view.setUint16(16, 1, true);
    b.put(end - 32, map);
    expect(b.op([0, end - 32, 0x7fff_ffff])).toBe(-14);
    expect(a.flags(8)).toBe(0x19);
  });

  it('with a long list is preempted between two entries, and says what is left', () => {
    const [a] = rigOf([{}]) as [Party];
    const vcpu = a.guest.vcpus[0] as (typeof a.guest.vcpus)[number];
    [11n, BigInt(RAM), 300n].forEach((value, i) => {
      vcpu.x[i] = value;
    });
    vcpu.x[16] = 20n;
    expect(a.machine.trap(vcpu, 'hvc', 0xea1).kind).toBe('again');
    expect([vcpu.x[0], vcpu.x[1], vcpu.x[2]]).toEqual([11n, BigInt(RAM + 256 * 12), 44n]);
    expect(a.machine.trap(vcpu, 'hvc', 0xea1).kind).toBe('returned');
    expect(vcpu.x[0]).toBe(0n);
  });

  it('of a billion flushes of nothing ends each step after a bounded number', () => {
    const [a] = rigOf([{}]) as [Party];
    const vcpu = a.guest.vcpus[0] as (typeof a.guest.vcpus)[number];
    [12n, BigInt(RAM), 0x7fff_ffffn].forEach((value, i) => {
      vcpu.x[i] = value;
    });
    vcpu.x[16] = 20n;
    expect(a.machine.trap(vcpu, 'hvc', 0xea1).kind).toBe('again');
    expect(vcpu.x[2]).toBe(0x7fff_ffffn - 256n);
  });
});
