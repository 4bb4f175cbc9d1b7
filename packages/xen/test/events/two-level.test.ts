import { describe, expect, test } from 'vitest';
import { bindIpi, bindVcpu, close, connect, quiet, seen, send, unmask } from './client.js';
import { rigOf, type Side } from './rig.js';

const MASK = 140;
const PENDING = 12;
const SELECTOR = 2;
const UPCALL = 0;

function two(): [Side, Side] {
  return rigOf([{}, {}]).sides as [Side, Side];
}

/** A channel from the first domain to the second, with nothing pending. */
function channel(): { from: Side; to: Side; ours: number; theirs: number } {
  const [from, to] = two();
  const [ours, theirs] = connect(from, to);
  return { from, to, ours, theirs };
}

describe('a send to the 2-level ABI', () => {
  test('goes through all stages: pending, selector, upcall, interrupt', () => {
    const { from, to, ours, theirs } = channel();
    expect(send(from, ours)).toBe(0);
    expect(seen(to)).toEqual({ upcall: 1, selector: 1n, pending: [1n << BigInt(theirs), 0n], interrupt: true });
  });

  test('stops where the port is pending already', () => {
    const { from, to, ours, theirs } = channel();
    to.shared.store(PENDING, 1 << theirs);
    expect(send(from, ours)).toBe(0);
    expect(seen(to)).toMatchObject({ upcall: 0, selector: 0n, interrupt: false });
  });

  test('stops at the selector where its bit is set already', () => {
    const { from, to, ours } = channel();
    to.shared.store(SELECTOR, 1);
    send(from, ours);
    expect(seen(to)).toMatchObject({ upcall: 0, selector: 1n, interrupt: false });
  });

  test('raises no interrupt where the upcall is pending already, whoever wrote that', () => {
    const { from, to, ours } = channel();
    to.shared.store(UPCALL, 1);
    send(from, ours);
    expect(seen(to)).toMatchObject({ upcall: 1, selector: 1n, interrupt: false });
  });

  test('does not look at the old field of the upcall mask', () => {
    const { from, to, ours } = channel();
    to.shared.store(UPCALL, 0x100);
    send(from, ours);
    expect(to.shared.load(UPCALL)).toBe(0x101);
    expect(seen(to).interrupt).toBe(true);
  });

  test('sets only the pending bit of a masked port; unmask delivers it, a cleared mask does not', () => {
    const { from, to, ours, theirs } = channel();
    to.shared.store(MASK, 1 << theirs);
    send(from, ours);
    expect(seen(to)).toEqual({ upcall: 0, selector: 0n, pending: [1n << BigInt(theirs), 0n], interrupt: false });
    to.shared.store(MASK, 0);
    expect(unmask(to, theirs)).toBe(0);
    expect(seen(to)).toMatchObject({ upcall: 0, interrupt: false });
    to.shared.store(MASK, 1 << theirs);
    unmask(to, theirs);
    expect(to.shared.load(MASK)).toBe(0);
    expect(seen(to)).toMatchObject({ upcall: 1, selector: 1n, interrupt: true });
  });

  test('unmask of a free port leaves its mask', () => {
    const { to } = channel();
    to.shared.store(MASK, 1 << 9);
    expect(unmask(to, 9)).toBe(0);
    expect(to.shared.load(MASK)).toBe(1 << 9);
  });

  test('ports above 63 have their own pending words and selector bits, up to the last', () => {
    const [from, to] = two();
    for (let i = 1; i < 64; i++) bindIpi(to);
    const [ours, theirs] = connect(from, to);
    expect(theirs).toBe(64);
    send(from, ours);
    expect(seen(to)).toEqual({ upcall: 1, selector: 2n, pending: [0n, 1n], interrupt: true });
    quiet(to);
    const dom0 = rigOf([{ privileged: true }]).sides[0] as Side;
    for (let port = 1; port < 4096; port++) bindIpi(dom0);
    send(dom0, 4095);
    expect([dom0.shared.load(PENDING + 127), dom0.shared.load(SELECTOR + 1)]).toEqual([1 << 31, 1 << 31]);
  });

  test('one interrupt for each rise of the upcall: one while it is handled comes after its end', () => {
    const { from, to, ours } = channel();
    const vcpu = to.vcpu(0);
    send(from, ours);
    expect(to.gic.acknowledge(vcpu)).toBe(31);
    for (const word of [UPCALL, SELECTOR, PENDING]) to.shared.store(word, 0);
    send(from, ours);
    expect(to.gic.pending(vcpu)).toBe(false);
    to.gic.endOfInterrupt(vcpu, 31);
    expect(to.gic.acknowledge(vcpu)).toBe(31);
    to.gic.endOfInterrupt(vcpu, 31);
    expect(to.gic.pending(vcpu)).toBe(false);
  });

  test('an interrupt that is disabled stays latched, even when the words were cleared', () => {
    const { from, to, ours } = channel();
    to.gic.setEnabled(to.vcpu(0), 31, false);
    send(from, ours);
    for (const word of [UPCALL, SELECTOR, PENDING]) to.shared.store(word, 0);
    expect(to.gic.pending(to.vcpu(0))).toBe(false);
    to.gic.setEnabled(to.vcpu(0), 31, true);
    expect(to.gic.pending(to.vcpu(0))).toBe(true);
  });

  test("dom0's upcalls come by its own interrupt", () => {
    const { sides } = rigOf([{ privileged: true }, {}]);
    const [dom0, domU] = sides as [Side, Side];
    const [ours] = connect(domU, dom0);
    send(domU, ours);
    expect(dom0.gic.acknowledge(dom0.vcpu(0))).toBe(16);
  });
});

describe('events of a vCPU that has no vcpu_info', () => {
  test('set only the pending bit, in words that the guest sees', () => {
    const { from, to, ours, theirs } = channel();
    bindVcpu(to, theirs, 1);
    send(from, ours);
    expect(seen(to)).toEqual({ upcall: 0, selector: 0n, pending: [1n << BigInt(theirs), 0n], interrupt: false });
  });

  test('a pending port that moves to another vCPU is not delivered again', () => {
    const { from, to, ours, theirs } = channel();
    bindVcpu(to, theirs, 1);
    send(from, ours);
    bindVcpu(to, theirs, 0);
    send(from, ours);
    expect(seen(to)).toMatchObject({ upcall: 0, selector: 0n, interrupt: false });
  });
});

test('an IPI is sent to its own vCPU, and a closed port cannot send', () => {
  const side = rigOf([{}]).sides[0] as Side;
  const port = bindIpi(side);
  send(side, port);
  expect(seen(side)).toMatchObject({ upcall: 1, pending: [1n << BigInt(port), 0n] });
  close(side, port);
  expect(seen(side).pending[0]).toBe(0n);
});
