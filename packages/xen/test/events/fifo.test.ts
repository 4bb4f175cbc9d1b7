import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/abi/errno.js';
import { evtchnInitControl } from '../../src/abi/structures/event-channel.js';
import {
  allocUnbound,
  bindIpi,
  bindVcpu,
  close,
  connect,
  expandArray,
  initControl,
  quiet,
  reset,
  seen,
  send,
  setPriority,
  unmask,
} from './client.js';
import { HOLE, RAM, rigOf, type Side } from './rig.js';

const { ENOENT, EACCES, EINVAL, EOPNOTSUPP, ENOSYS } = ERRNO;

const CONTROL: number = RAM + 0xc000;
const ARRAY: number = RAM + 0xd000;
const LINKED_PENDING = 0xa000_0000;

/** A domain with the FIFO ABI, and another that sends to it. */
function fifo(pages = 1): { from: Side; to: Side; channels: (count: number) => number[] } {
  const [from, to] = rigOf([{}, {}]).sides as [Side, Side];
  expect(initControl(to, CONTROL)).toBe(0);
  for (let i = 0; i < pages; i++) expect(expandArray(to, ARRAY + 0x1000 * i)).toBe(0);
  const channels = (count: number): number[] => Array.from({ length: count }, () => connect(from, to)[0]);
  return { from, to, channels };
}

const word = (side: Side, port: number): number => side.word(ARRAY + 4 * port);
const ready = (side: Side): number => side.word(CONTROL);
const head = (side: Side, priority: number): number => side.word(CONTROL + 8 + 4 * priority);

/** Takes all events off a queue as a guest does. */
function consume(side: Side, priority = 7): number[] {
  const taken: number[] = [];
  side.setWord(CONTROL, ready(side) & ~(1 << priority));
  for (let port = head(side, priority); port !== 0; ) {
    taken.push(port);
    const next = word(side, port) & 0x1_ffff;
    side.setWord(ARRAY + 4 * port, word(side, port) & 0x4000_0000);
    port = next;
  }
  side.setWord(CONTROL + 8 + 4 * priority, 0);
  return taken;
}

describe('going over to the FIFO ABI', () => {
  test('checks the vCPU, the place, and the page, in this order', () => {
    const side = rigOf([{}]).sides[0] as Side;
    expect(expandArray(side, ARRAY)).toBe(-EOPNOTSUPP);
    expect([
      initControl(side, HOLE, 5, 4),
      initControl(side, CONTROL, 0, 4),
      initControl(side, CONTROL, 0, 0xfc0),
    ]).toEqual([-ENOENT, -EINVAL, -EINVAL]);
    expect(initControl(side, HOLE)).toBe(-EINVAL);
    expect(side.back(evtchnInitControl).linkBits).toBe(0xee);
    expect(setPriority(side, 1, 0)).toBe(-ENOSYS);
    expect(initControl(side, CONTROL, 0, 0xfb8)).toBe(0);
    expect(side.back(evtchnInitControl).linkBits).toBe(17);
    expect([initControl(side, CONTROL), initControl(side, CONTROL, 1, 0x80)]).toEqual([-EINVAL, 0]);
    expect([expandArray(side, HOLE), expandArray(side, ARRAY)]).toEqual([-EINVAL, 0]);
  });

  test('a frame that no address has is no RAM', () => {
    const side = rigOf([{}]).sides[0] as Side;
    expect(initControl(side, 2 ** 52)).toBe(-EINVAL);
    expect(side.domain.events.fifo).toBeUndefined();
  });

  test('what was pending in the 2-level words is queued when the array comes', () => {
    const [from, to] = rigOf([{}, {}]).sides as [Side, Side];
    const [ours, theirs] = connect(from, to);
    send(from, ours);
    expect(initControl(to, CONTROL)).toBe(0);
    expect(seen(to).pending[0]).toBe(1n << BigInt(theirs));
    expect(expandArray(to, ARRAY)).toBe(0);
    expect([word(to, theirs) >>> 0, ready(to), head(to, 7)]).toEqual([LINKED_PENDING, 0x80, theirs]);
  });

  test('a send before the array is kept and appears with it', () => {
    const { from, to, channels } = fifo(0);
    const [first, second] = channels(2) as [number, number];
    send(from, second);
    send(from, first);
    expect([ready(to), head(to, 7)]).toEqual([0, 0]);
    expandArray(to, ARRAY);
    expect([ready(to), head(to, 7), word(to, 1) >>> 0, word(to, 2) >>> 0]).toEqual([
      0x80,
      1,
      0xa000_0002,
      LINKED_PENDING,
    ]);
  });

  test('reset goes back to the 2-level ABI, and init_control works again', () => {
    const { from, to, channels } = fifo();
    channels(1);
    expect(reset(to)).toBe(0);
    expect(expandArray(to, ARRAY)).toBe(-EOPNOTSUPP);
    const [ours, theirs] = connect(from, to);
    send(from, ours);
    expect(seen(to).pending[0]).toBe(1n << BigInt(theirs));
    expect(initControl(to, CONTROL)).toBe(0);
  });

  test('the FIFO ABI has 131072 ports, and as many words', () => {
    const { sides } = rigOf([{ privileged: true }], 'dummy', { memory: [{ base: RAM, size: 0x40_0000 }] });
    const [dom0] = sides as [Side];
    const { events } = dom0.domain;
    initControl(dom0, CONTROL);
    for (let i = 0; i < 128; i++) expect(expandArray(dom0, RAM + 0x10_0000 + 0x1000 * i)).toBe(0);
    expect(expandArray(dom0, RAM + 0x30_0000)).toBe(-ERRNO.ENOSPC);
    for (let port = 1; port < 131_072; port++) if (events.allocUnbound(9) !== port) throw new Error(`port ${port}`);
    expect(events.allocUnbound(9)).toBe(-ERRNO.ENOSPC);
  });
});

describe('a send to the FIFO ABI', () => {
  test('links the first event to the head and says that the queue is ready; the upcall follows', () => {
    const { from, to, channels } = fifo();
    const [ours] = channels(1) as [number];
    consume(to);
    quiet(to);
    expect(send(from, ours)).toBe(0);
    expect([word(to, 1) >>> 0, ready(to), head(to, 7)]).toEqual([LINKED_PENDING, 0x80, 1]);
    expect(seen(to)).toMatchObject({ upcall: 1, selector: 0n, pending: [0n, 0n], interrupt: true });
  });

  test('a further event changes only the link of the tail', () => {
    const { from, to, channels } = fifo();
    const ports = channels(3);
    consume(to);
    quiet(to);
    for (const port of ports) send(from, port);
    to.shared.store(0, 0);
    expect([word(to, 1) >>> 0, word(to, 2) >>> 0, word(to, 3) >>> 0]).toEqual([
      0xa000_0002,
      0xa000_0003,
      LINKED_PENDING,
    ]);
    send(from, ports[0] as number);
    expect([head(to, 7), to.shared.load(0)]).toEqual([1, 0]);
    expect(consume(to)).toEqual([1, 2, 3]);
  });

  test('a masked port becomes pending without a link; unmask links it', () => {
    const { from, to, channels } = fifo();
    const [ours] = channels(1) as [number];
    consume(to);
    quiet(to);
    to.setWord(ARRAY + 4, 0x4000_0000);
    send(from, ours);
    expect([word(to, 1) >>> 0, ready(to), seen(to).upcall]).toEqual([0xc000_0000, 0, 0]);
    expect(unmask(to, 1)).toBe(0);
    expect([word(to, 1) >>> 0, ready(to), head(to, 7), seen(to).upcall]).toEqual([LINKED_PENDING, 0x80, 1, 1]);
  });

  test('priorities choose the queue of the next event', () => {
    const { from, to, channels } = fifo();
    const [first, second] = channels(2) as [number, number];
    consume(to);
    expect([setPriority(to, 1, 0), setPriority(to, 2, 15), setPriority(to, 2, 16), setPriority(to, 9, 0)]).toEqual([
      0,
      0,
      -EINVAL,
      -EACCES,
    ]);
    send(from, first);
    send(from, second);
    expect([ready(to), head(to, 0), head(to, 15)]).toEqual([0x8001, 1, 2]);
  });

  test('an event that is linked stays in its old queue when its priority changes', () => {
    const { from, to, channels } = fifo();
    const [first, second] = channels(2) as [number, number];
    consume(to);
    send(from, first);
    setPriority(to, 1, 3);
    send(from, first);
    expect([ready(to), head(to, 3)]).toEqual([0x80, 0]);
    send(from, second);
    expect(consume(to)).toEqual([1, 2]);
    send(from, first);
    expect([ready(to), head(to, 3)]).toEqual([8, 1]);
  });

  test('a tail that was taken and queued elsewhere does not take part in its old queue any more', () => {
    const { from, to, channels } = fifo();
    const [first, second] = channels(2) as [number, number];
    consume(to);
    send(from, first);
    consume(to);
    setPriority(to, 1, 3);
    send(from, first);
    send(from, second);
    expect([ready(to), head(to, 3), head(to, 7)]).toEqual([0x88, 1, 2]);
    expect(word(to, 1) >>> 0).toBe(LINKED_PENDING);
    expect([consume(to, 3), consume(to, 7)]).toEqual([[1], [2]]);
  });

  test("goes to the queue of the port's vCPU, and is dropped where that has no control block", () => {
    const { from, to, channels } = fifo();
    const [ours] = channels(1) as [number];
    consume(to);
    bindVcpu(to, 1, 1);
    send(from, ours);
    expect(word(to, 1)).toBe(0);
    initControl(to, CONTROL, 1, 0x80);
    send(from, ours);
    expect([word(to, 1) >>> 0, to.word(CONTROL + 0x80), to.word(CONTROL + 0x80 + 8 + 28)]).toEqual([
      LINKED_PENDING,
      0x80,
      1,
    ]);
  });

  test('a port beyond the array is kept until its page comes', () => {
    const { from, to } = fifo();
    for (let i = 1; i < 1023; i++) bindIpi(to);
    expect(allocUnbound(to, from.id)).toBe(1023);
    expect(allocUnbound(to, from.id)).toBe(-ERRNO.ENOSPC);
    const dom0 = rigOf([{ privileged: true }]).sides[0] as Side;
    initControl(dom0, CONTROL);
    expandArray(dom0, ARRAY);
    for (let port = 1; port <= 1024; port++) bindIpi(dom0);
    send(dom0, 1024);
    expect(dom0.word(ARRAY + 0x1000)).toBe(0);
    expandArray(dom0, ARRAY + 0x1000);
    expect([dom0.word(ARRAY + 0x1000) >>> 0, head(dom0, 7)]).toEqual([LINKED_PENDING, 1024]);
  });
});

describe('closing in the FIFO ABI', () => {
  test('clears the pending bit and leaves the event in its queue', () => {
    const { from, to, channels } = fifo();
    const [ours] = channels(1) as [number];
    send(from, ours);
    close(to, 1);
    expect([word(to, 1) >>> 0, head(to, 7)]).toEqual([0x2000_0000, 1]);
  });

  test('a closed port that the guest still has in a queue is not given out', () => {
    const { from, to, channels } = fifo();
    const [ours] = channels(2) as [number];
    send(from, ours);
    close(to, 1);
    expect(allocUnbound(to, from.id)).toBe(3);
    consume(to);
    expect(allocUnbound(to, from.id)).toBe(1);
  });

  test('a port is bound with the default priority again', () => {
    const { from, to, channels } = fifo();
    channels(1);
    consume(to);
    setPriority(to, 1, 0);
    close(to, 1);
    const [ours] = channels(1) as [number];
    consume(to);
    send(from, ours);
    expect(head(to, 7)).toBe(1);
  });
});

describe('ABIs side by side', () => {
  test("the receiver's ABI counts, in both directions of one channel", () => {
    const { from, to, channels } = fifo();
    const [ours] = channels(1) as [number];
    consume(to);
    quiet(from);
    send(to, 1);
    expect(seen(from)).toMatchObject({ upcall: 1, selector: 1n, pending: [1n << BigInt(ours), 0n] });
    send(from, ours);
    expect(head(to, 7)).toBe(1);
  });
});
