import { describe, expect, it } from 'vitest';
import { GTF } from '../../src/abi/grant-flags.js';
import { GNTST } from '../../src/abi/grant-status.js';
import { DATA_FRAME, HOLE_FRAME, type Party, RAM_FRAME, rigOf } from './rig.js';

const READ = 2 | 4;

function pair(): readonly [Party, Party] {
  const [a, b] = rigOf([{}, {}]) as [Party, Party];
  a.say(DATA_FRAME, 'A page 0');
  a.say(DATA_FRAME + 1, 'A page 1');
  return [a, b];
}

describe('a mapping', () => {
  it('shows the granted page, and the entry says that it is used', () => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME);
    expect(b.map(a, 8, HOLE_FRAME)).toMatchObject({ status: 0, handle: 0, result: 0 });
    expect(b.see(HOLE_FRAME)).toBe('A page 0');
    expect(a.flags(8)).toBe(GTF.permit_access | GTF.reading | GTF.writing);
    b.say(HOLE_FRAME, 'B was he');
    expect(a.see(DATA_FRAME)).toBe('B was he');
    expect(b.unmap(0, HOLE_FRAME)).toBe(0);
    expect(a.flags(8)).toBe(GTF.permit_access);
    expect(b.see(HOLE_FRAME)).toBe('hole');
  });

  it('that is readonly sets no writing bit, and the last writable one that ends clears it', () => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME);
    expect(b.map(a, 8, HOLE_FRAME, READ).status).toBe(0);
    expect(a.flags(8)).toBe(0x09);
    expect(b.map(a, 8, HOLE_FRAME + 1).status).toBe(0);
    expect(b.map(a, 8, HOLE_FRAME + 2).status).toBe(0);
    expect(a.flags(8)).toBe(0x19);
    b.unmap(1, HOLE_FRAME + 1);
    expect(a.flags(8)).toBe(0x19);
    b.unmap(2, HOLE_FRAME + 2);
    expect(a.flags(8)).toBe(0x09);
    b.unmap(0, HOLE_FRAME);
    expect(a.flags(8)).toBe(0x01);
  });

  it.each([
    ['no access by host or device', { flags: 0 }, GNTST.bad_gntref],
    ['a device mapping', { flags: 1 }, GNTST.general_error],
    ['a device and a host mapping', { flags: 3 }, GNTST.general_error],
    ['an address of a table entry', { flags: 0x12 }, GNTST.general_error],
    ['an unknown flag', { flags: 0x8002 }, GNTST.general_error],
    ['a domain that is not there', { dom: 9 }, GNTST.bad_domain],
    ['the caller by DOMID_SELF', { dom: 0x7ff0 }, GNTST.bad_domain],
    ['DOMID_INVALID', { dom: 0x7ff4 }, GNTST.bad_domain],
    ['a reference beyond the table', { ref: 512 }, GNTST.bad_gntref],
    ['an empty entry', { ref: 9 }, GNTST.general_error],
    ['an entry for another domain', { ref: 10 }, GNTST.general_error],
    ['an entry that accepts a transfer', { ref: 11 }, GNTST.general_error],
    ['an entry of version 2 in a table of version 1', { ref: 12 }, GNTST.general_error],
    ['a part of a page', { ref: 13 }, GNTST.general_error],
    ['a readonly entry, writable', { ref: 14 }, GNTST.general_error],
    ['a hole of the granter', { ref: 15 }, GNTST.bad_page],
    ['a host address that no frame has', { host_addr: 1n << 48n }, GNTST.general_error],
  ])('is refused for %s', (_, change, status) => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME);
    a.grant(10, 9, DATA_FRAME);
    a.grant(11, b, DATA_FRAME, GTF.accept_transfer);
    a.grant(12, b, DATA_FRAME, GTF.transitive);
    a.grant(13, b, DATA_FRAME, GTF.permit_access | GTF.sub_page);
    a.grant(14, b, DATA_FRAME, GTF.permit_access | GTF.readonly);
    a.grant(15, b, HOLE_FRAME);
    const before = Array.from({ length: 16 }, (_, ref) => a.entry(ref));
    const op = { host_addr: BigInt(HOLE_FRAME) << 12n, flags: 2, ref: 8, dom: a.id, ...change };
    expect(b.one('mapGrantRef', op)).toMatchObject({ status, result: 0, handle: 0xeeee_eeee });
    expect(Array.from({ length: 16 }, (_, ref) => a.entry(ref))).toEqual(before);
    expect(b.see(HOLE_FRAME)).toBe('hole');
    expect(a.domain.grants.inUse(8)).toBeUndefined();
  });

  it('of a domain by its own number is one like any other', () => {
    const [a] = pair();
    a.grant(8, a, DATA_FRAME);
    expect(a.map(a, 8, HOLE_FRAME).status).toBe(0);
    a.say(HOLE_FRAME, 'itself!!');
    expect(a.see(DATA_FRAME)).toBe('itself!!');
  });

  it('goes on by what was looked up first, whatever the owner writes meanwhile', () => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME);
    b.map(a, 8, HOLE_FRAME);
    a.grant(8, b, DATA_FRAME + 1);
    expect(b.map(a, 8, HOLE_FRAME + 1).status).toBe(0);
    expect(b.see(HOLE_FRAME + 1)).toBe('A page 0');
    a.grant(8, 9, DATA_FRAME + 1, 0);
    expect(b.map(a, 8, HOLE_FRAME + 2, READ).status).toBe(0);
    for (const handle of [0, 1, 2]) expect(b.unmap(handle, HOLE_FRAME + handle)).toBe(0);
    a.grant(8, b, DATA_FRAME + 1);
    b.map(a, 8, HOLE_FRAME);
    expect(b.see(HOLE_FRAME)).toBe('A page 1');
  });

  it('of an entry that another domain uses is refused', () => {
    const [a, b, c] = rigOf([{}, {}, {}]) as [Party, Party, Party];
    a.grant(8, b, DATA_FRAME);
    b.map(a, 8, HOLE_FRAME);
    a.grant(8, c, DATA_FRAME);
    expect(c.map(a, 8, HOLE_FRAME).status).toBe(GNTST.general_error);
  });

  it('leaves bits that the owner set itself until the end, and then they are cleared', () => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME, 0x19 | GTF.PWT | GTF.PCD | GTF.PAT | 0x8000);
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(0);
    b.unmap(0, HOLE_FRAME);
    expect(a.flags(8)).toBe(0x80e1);
  });

  it('is refused when the count of its kind is at 128', () => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME);
    for (let i = 0; i < 128; i++) expect(b.map(a, 8, HOLE_FRAME + i).status).toBe(0);
    expect(b.map(a, 8, HOLE_FRAME + 200).status).toBe(GNTST.general_error);
    expect(b.map(a, 8, HOLE_FRAME + 200, READ).status).toBe(0);
  });

  it('of a page that the owner gave back reaches the old page, which counts until it ends', () => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME);
    b.map(a, 8, HOLE_FRAME);
    const page = a.domain.memory.page(DATA_FRAME);
    a.domain.memory.map.clear(DATA_FRAME);
    page?.deallocate();
    expect(a.see(DATA_FRAME)).toBe('hole');
    expect(b.map(a, 8, HOLE_FRAME + 1).status).toBe(0);
    expect(b.see(HOLE_FRAME + 1)).toBe('A page 0');
    expect(page?.references).toBe(1);
    b.unmap(0, HOLE_FRAME);
    b.unmap(1, HOLE_FRAME + 1);
    expect(page?.isFree).toBe(true);
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(GNTST.bad_page);
  });

  it('tells a machine address: the owner frame of a direct-mapped domain, elsewhere one where no machine has RAM', () => {
    const [dom0, b] = rigOf([{ privileged: true }, {}]) as [Party, Party];
    dom0.grant(8, b, DATA_FRAME);
    b.grant(8, dom0, DATA_FRAME);
    const op = { host_addr: BigInt(HOLE_FRAME) << 12n, flags: 2, ref: 8 };
    expect(b.one('mapGrantRef', { ...op, dom: 0 }).dev_bus_addr).toBe(BigInt(DATA_FRAME) << 12n);
    expect(dom0.one('mapGrantRef', { ...op, dom: 1 }).dev_bus_addr).toBe((2n << 40n) | (BigInt(DATA_FRAME) << 12n));
  });
});

describe('unmapping', () => {
  it('goes by what is at the address now: a hole takes the handle and leaves the real mapping', () => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME);
    b.map(a, 8, HOLE_FRAME);
    expect(b.unmap(0, HOLE_FRAME + 5)).toBe(0);
    expect(a.flags(8)).toBe(0x01);
    expect(b.see(HOLE_FRAME)).toBe('A page 0');
    expect(b.unmap(0, HOLE_FRAME)).toBe(GNTST.bad_handle);
  });

  it('with the address of another page is an error, and the handle stays', () => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME);
    a.grant(9, b, DATA_FRAME + 1);
    b.map(a, 8, HOLE_FRAME);
    b.map(a, 9, HOLE_FRAME + 1);
    expect(b.unmap(0, HOLE_FRAME + 1)).toBe(GNTST.general_error);
    expect(b.unmap(0, RAM_FRAME)).toBe(GNTST.general_error);
    expect(b.unmap(0, HOLE_FRAME)).toBe(0);
  });

  it('of either handle of one page makes the frame a hole, and the other handle can end too', () => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME);
    b.map(a, 8, HOLE_FRAME);
    b.map(a, 8, HOLE_FRAME);
    expect(b.unmap(0, HOLE_FRAME)).toBe(0);
    expect(b.see(HOLE_FRAME)).toBe('hole');
    expect(a.flags(8)).toBe(0x19);
    expect(b.unmap(1, HOLE_FRAME)).toBe(0);
    expect(a.flags(8)).toBe(0x01);
  });

  it('at address 0 does nothing and succeeds', () => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME);
    b.map(a, 8, HOLE_FRAME);
    expect(b.unmap(0, 0)).toBe(0);
    expect(a.flags(8)).toBe(0x19);
    expect(b.see(HOLE_FRAME)).toBe('A page 0');
    expect(b.unmap(0, HOLE_FRAME)).toBe(0);
  });

  it('of what is no handle is bad_handle', () => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME);
    b.map(a, 8, HOLE_FRAME);
    for (const handle of [1, 255, 256, 0x7777, 0xffff_ffff]) expect(b.unmap(handle, HOLE_FRAME)).toBe(-4);
    expect(a.unmap(0, HOLE_FRAME)).toBe(GNTST.bad_handle);
  });

  it('with a replacement is an error on ARM, without one an unmap', () => {
    const [a, b] = pair();
    a.grant(8, b, DATA_FRAME);
    b.map(a, 8, HOLE_FRAME);
    const op = { host_addr: BigInt(HOLE_FRAME) << 12n, handle: 0 };
    expect(b.one('unmapAndReplace', { ...op, new_addr: 1n << 32n }).status).toBe(GNTST.general_error);
    expect(b.see(HOLE_FRAME)).toBe('A page 0');
    expect(b.one('unmapAndReplace', { ...op, new_addr: 0 }).status).toBe(0);
    expect(b.see(HOLE_FRAME)).toBe('hole');
    expect(b.one('unmapAndReplace', { ...op, new_addr: 0 }).status).toBe(GNTST.bad_handle);
  });
});

describe('SILO', () => {
  it('refuses grants between ordinary domains before it looks at the entry', () => {
    const [a, b] = rigOf([{}, {}], { policy: 'silo' }) as [Party, Party];
    expect(b.map(a, 8, HOLE_FRAME).status).toBe(GNTST.permission_denied);
    expect(b.map(a, 99_999, HOLE_FRAME).status).toBe(GNTST.permission_denied);
    b.grant(8, b, DATA_FRAME);
    expect(b.map(b, 8, HOLE_FRAME)).toMatchObject({ status: 0, handle: 0 });
  });

  it('lets the control domain share with anyone', () => {
    const [dom0, b] = rigOf([{ privileged: true }, {}], { policy: 'silo' }) as [Party, Party];
    b.grant(8, dom0, DATA_FRAME);
    dom0.grant(8, b, DATA_FRAME);
    expect(dom0.map(b, 8, HOLE_FRAME).status).toBe(0);
    expect(b.map(dom0, 8, HOLE_FRAME).status).toBe(0);
  });
});
