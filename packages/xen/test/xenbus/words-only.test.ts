import { isStatus } from '@trapline/core';
import {
  BLKIF_OP,
  blockService,
  bufferMedium,
  consoleService,
  decodeText,
  storeService,
  XenStore,
} from '@trapline/xen';
import { describe, expect, it } from 'vitest';
import { BlockFrontEnd } from '../block/front-end.js';
import { bound, GRANT_REGION, RAM, RAM_BYTES, worldOf } from '../guest/world.js';
import { WordsOnly } from '../words-only-memory.js';

const GRANTS = { base: GRANT_REGION, size: 0x10_0000 };
const RINGS = { base: GRANT_REGION + GRANTS.size, size: 0x2000 };
const RING_FRAME = RINGS.base / 4096;

function good<T>(value: T | undefined): T {
  if (value === undefined || isStatus(value as never)) throw new Error(`failed: ${String(value)}`);
  return value;
}

/** A domain in a memory that shows no pages, with room for its grant table and its rings. */
function served(atOnce: boolean) {
  const store = new XenStore();
  const disk = Uint8Array.from({ length: 64 * 512 }, (_, i) => (i * 7) & 0xff);
  const text: string[] = [];
  const typing: ((text: string) => boolean)[] = [];
  const { guests } = worldOf({
    memory: () => new WordsOnly([{ base: RAM, size: RAM_BYTES }, GRANTS, RINGS], atOnce),
    services: [
      storeService(store, { frame: RING_FRAME }),
      consoleService(
        (ring) => {
          decodeText(ring.output$).subscribe((piece) => text.push(piece));
          typing.push((typed) => ring.write(typed));
        },
        { frame: RING_FRAME + 1, store },
      ),
      blockService(store, 'xvda', () => bufferMedium(disk)),
    ],
  });
  return { guest: bound(guests.one), store, disk, text, type: good(typing[0]) };
}

describe.each([
  ['word by word', false],
  ['at once', true],
])('a domain in a memory of which the host has words alone, whose bytes are copied %s', (_, atOnce) => {
  it('has a store that it writes, reads and watches', () => {
    const { guest, store } = served(atOnce);
    const client = good(guest.openStore());
    expect(client.read('name').result).toBe('one');
    const long = 'x'.repeat(1500);
    expect(client.write('data/odd', long).result).toBe(true);
    expect([store.text('/local/domain/1/data/odd'), client.read('data/odd').result]).toEqual([long, long]);
    const heard: string[] = [];
    client.watch('control/shutdown', (event) => heard.push(event.path)).result;
    store.write('/local/domain/1/control/shutdown', 'poweroff');
    client.receive();
    expect(heard).toEqual(['control/shutdown', 'control/shutdown']);
  });

  it('has a console both ways', () => {
    const { guest, text, type } = served(atOnce);
    const console = good(guest.openConsole());
    const long = 'grüße aus dem Gast\n'.repeat(300);
    console.write(long);
    expect(text.join('')).toBe(long);
    type('getippt');
    expect(new TextDecoder().decode(console.read())).toBe('getippt');
  });

  it('has a disk, whose back end reads and writes what the domain granted and nothing beside it', () => {
    const { guest, store, disk } = served(atOnce);
    const client = good(guest.openStore());
    const [ring, data] = [guest.pages.take(), guest.pages.take()];
    const references = [good(guest.grants.give(0, ring.frame)), good(guest.grants.give(0, data.frame))] as number[];
    const port = good(guest.events.allocUnbound(0)) as number;
    const front = new BlockFrontEnd(ring.words);
    for (const [name, value] of Object.entries({ 'ring-ref': references[0], 'event-channel': port, state: 3 })) {
      expect(client.write(`device/vbd/51712/${name}`, String(value)).result).toBe(true);
    }
    expect(store.text('/local/domain/0/backend/vbd/1/51712/state')).toBe('4');
    const part = [{ reference: references[1] as number, first: 1, last: 2 }];
    const before = Array.from({ length: 1024 }, (_, i) => data.words.load(i));
    front.put({ op: BLKIF_OP.READ, id: 1n, sector: 8n, segments: part });
    front.push();
    guest.events.send(port);
    expect(front.answers()).toEqual(['1 0 0']);
    const now = Int32Array.from({ length: 1024 }, (_, i) => data.words.load(i));
    expect(new Uint8Array(now.buffer, 512, 1024)).toEqual(disk.slice(8 * 512, 10 * 512));
    expect([...now.subarray(0, 128), ...now.subarray(384)]).toEqual([...before.slice(0, 128), ...before.slice(384)]);
    for (let i = 128; i < 384; i++) data.words.store(i, ~i);
    front.put({ op: BLKIF_OP.WRITE, id: 2n, sector: 0n, segments: part });
    front.push();
    guest.events.send(port);
    expect(front.answers()).toEqual(['2 1 0']);
    expect(new Int32Array(disk.slice(0, 1024).buffer)).toEqual(Int32Array.from({ length: 256 }, (_, i) => ~(i + 128)));
    expect(guest.grants.end(references[1] as number)).toBe(true);
  });
});
