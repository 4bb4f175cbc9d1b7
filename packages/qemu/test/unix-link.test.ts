import { ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import {
  Commands,
  Field,
  Frame,
  HEAD_BYTES,
  MonitorError,
  RING_RESET,
  SharedFile,
  State,
  UnixLink,
} from '@trapline/qemu';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const BASE = 0x4000_0000;
const AREA = BASE + 0x20_0000;
const RAM_BYTES = 0x40_0000;
const MAILBOX_1 = AREA + 0x1_1000;

let directory: string;
let memory: SharedFile;
let link: UnixLink;
let guest: Duplex;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trapline-link-'));
  const file = openSync(join(directory, 'ram'), 'wx+');
  ftruncateSync(file, RAM_BYTES);
  memory = new SharedFile(file, BASE, RAM_BYTES);
  link = new UnixLink({ cpus: 2, memory, area: AREA, commandTimeoutMs: 20 });
  const [ours, theirs] = duplexPair();
  link.connect(ours);
  guest = theirs;
});

afterEach(() => {
  link.close();
  memory.close();
  rmSync(directory, { recursive: true });
});

function words(address: number, count: number): Int32Array {
  const bytes = new Uint8Array(4 * count);
  memory.read(address, bytes);
  return new Int32Array(bytes.buffer);
}

describe('the link over a Unix socket and a shared file', () => {
  test('hears rings of CPUs that there are, and sends attention as a byte', async () => {
    const rings: number[] = [];
    link.onRing = (cpu) => rings.push(cpu);
    guest.write(Uint8Array.of(1, 7, 0));
    const heard = new Promise<Uint8Array>((resolve) => guest.once('data', resolve));
    while (rings.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    link.attention();
    expect(await heard).toHaveLength(1);
    expect(rings).toEqual([1, 0]);
  });

  test('a machine that goes through its reset is not heard until it says that it is past it', async () => {
    const rings: number[] = [];
    link.onRing = (cpu) => rings.push(cpu);
    link.reset(1);
    expect(words(MAILBOX_1, 1)[0]).toBe(State.reset);
    guest.write(Uint8Array.of(0, 1, RING_RESET, 0, 1));
    while (rings.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(rings).toEqual([0, 1]);
  });

  test('puts an answer into the mailbox of its CPU before the state that says so', () => {
    const frame = new Frame();
    frame.registers.x[30] = 0x1234n;
    frame.pstate = 0x3c5;
    link.resume(1, frame);
    expect(words(MAILBOX_1, 1)[0]).toBe(State.resume);
    expect(words(MAILBOX_1 + 0x1f0, 1)[0]).toBe(0x1234);
    expect(words(MAILBOX_1 + 0x208, 1)[0]).toBe(0x3c5);
    link.sleep(1, true);
    expect(words(MAILBOX_1, 1)[0]).toBe(State.sleep);
    expect(words(MAILBOX_1 + Field.flags, 1)[0]).toBe(4);
  });

  test('writes EL1’s registers back only where the CPU takes an exception', () => {
    const frame = new Frame();
    frame.set(Field.elrEl1, 0x77);
    link.resume(1, frame);
    expect(words(MAILBOX_1 + Field.elrEl1, 1)[0]).toBe(0);
    frame.set(Field.flags, 2);
    link.resume(1, frame);
    expect(words(MAILBOX_1 + Field.elrEl1, 1)[0]).toBe(0x77);
  });

  test('reads a frame with or without the general registers', () => {
    memory.write(MAILBOX_1 + 0x100, Uint8Array.of(9));
    memory.write(MAILBOX_1 + Field.event, Uint8Array.of(0x41));
    const frame = new Frame();
    link.readFrame(1, frame, false);
    expect([frame.event, frame.registers.w[0]]).toEqual([0x41, 0]);
    link.readFrame(1, frame, true);
    expect(frame.registers.w[0]).toBe(9);
    expect(frame.bytes).toHaveLength(HEAD_BYTES);
  });

  test('a CPU that does not carry out its commands in time is an error in words', () => {
    const commands = new Commands();
    link.execute(1, commands);
    commands.read(BASE, 4);
    expect(() => link.execute(1, commands)).toThrow(MonitorError);
    expect(() => link.execute(1, commands)).toThrow('CPU 1 has not carried out its commands within 20 ms');
    expect(words(MAILBOX_1, 1)[0]).toBe(State.commands);
  });

  test('more CPUs than mailboxes are refused', () => {
    const options = { cpus: 124, memory, area: AREA };
    expect(() => new UnixLink(options)).toThrow('124 CPUs; there may be 123');
  });
});
