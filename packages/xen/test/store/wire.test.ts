import type { SharedWords } from '@trapline/core';
import {
  decodeMessage,
  encodeMessage,
  MESSAGE,
  MESSAGE_TYPES,
  REQUESTS_PER_EVENT,
  STORE_CONNECTION,
  STORE_CONNECTION_ERROR,
  STORE_FEATURE,
  STORE_INTERFACE,
  XenStore,
} from '@trapline/xen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestWords, WireGuest } from './wire-guest.js';

function rig(): { store: XenStore; guest: WireGuest } {
  const store = new XenStore();
  const guest = new WireGuest(store, 1);
  store.mkdir('/local/domain/1');
  store.setPermissions('/local/domain/1', [{ domain: 1, access: 'n' }]);
  return { store, guest };
}

describe('the wire protocol', () => {
  it('has the numbers of xs_wire.h', () => {
    expect(MESSAGE_TYPES.map(({ type, name }) => `${type} ${name}`)).toEqual([
      '0 CONTROL',
      '1 DIRECTORY',
      '2 READ',
      '3 GET_PERMS',
      '4 WATCH',
      '5 UNWATCH',
      '6 TRANSACTION_START',
      '7 TRANSACTION_END',
      '8 INTRODUCE',
      '9 RELEASE',
      '10 GET_DOMAIN_PATH',
      '11 WRITE',
      '12 MKDIR',
      '13 RM',
      '14 SET_PERMS',
      '15 WATCH_EVENT',
      '16 ERROR',
      '17 IS_DOMAIN_INTRODUCED',
      '18 RESUME',
      '19 SET_TARGET',
      '21 RESET_WATCHES',
      '22 DIRECTORY_PART',
    ]);
  });

  it('codes messages both ways, a part of one being none', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        fc.nat(),
        fc.uint8Array({ maxLength: 4096 }),
        (type, request, transaction, payload) => {
          const bytes = encodeMessage({ type, request, transaction, payload });
          expect(decodeMessage(bytes)).toEqual({
            message: { type, request, transaction, payload },
            taken: bytes.length,
          });
          expect(decodeMessage(bytes.subarray(0, bytes.length - 1))).toBeUndefined();
        },
      ),
    );
  });

  it('answers with the type, request and transaction that it was asked with', () => {
    const { guest } = rig();
    const request = guest.send('GET_DOMAIN_PATH', '7\0', 0);
    expect(guest.pump()).toEqual([{ name: 'GET_DOMAIN_PATH', text: '/local/domain/7\0', request, transaction: 0 }]);
    guest.pump().length = 0;
    expect(guest.ask('READ', 'none\0', 99)).toMatchObject({ name: 'ERROR', text: 'ENOENT\0', transaction: 99 });
  });

  it('answers what nobody may ask: unknown types ENOSYS, privileged ones EACCES', () => {
    const { guest } = rig();
    for (const type of [MESSAGE.WATCH_EVENT, MESSAGE.ERROR, 20, 23, 0xffff, 0xffff_ffff]) {
      expect([type, guest.ask(type, 'x\0').text]).toEqual([type, 'ENOSYS\0']);
    }
    for (const name of ['CONTROL', 'INTRODUCE', 'RELEASE', 'IS_DOMAIN_INTRODUCED', 'RESUME', 'SET_TARGET'] as const) {
      expect([name, guest.say(name, '1|2|3\0')]).toEqual([name, 'EACCES']);
    }
  });

  it('carries messages over the end of the ring, longer than the ring, and in parts of a byte each', () => {
    const { store, guest } = rig();
    for (let i = 0; i < 100; i++) {
      const value = String.fromCharCode(
        ...Array.from({ length: (i * 37) % 1900 }, (_, at) => 128 + ((at * 7 + i) & 0x7f)),
      );
      expect(guest.say('WRITE', `wrap\0${value}`)).toBe('OK');
      expect(guest.ask('READ', 'wrap\0').text).toBe(value);
    }
    store.write('/local/domain/1/wrap', 'x'.repeat(4096));
    store.setPermissions('/local/domain/1/wrap', [{ domain: 1, access: 'n' }]);
    expect(guest.ask('READ', 'wrap\0').text.length).toBe(4096);
    const bytes = encodeMessage({ type: MESSAGE.READ, request: 5, transaction: 0, payload: Uint8Array.of(0x2f, 0) });
    for (const byte of bytes) {
      const at = guest.words.load(513);
      guest.words.bytes[at & 1023] = byte;
      guest.words.store(513, at + 1);
      store.events();
    }
    expect(guest.pump()).toMatchObject([{ name: 'ERROR', text: 'EACCES\0', request: 5 }]);
  });

  it('checks the shape of each payload', () => {
    const { guest } = rig();
    const wrong: [Parameters<WireGuest['say']>[0], string[]][] = [
      ['READ', ['', 'x', 'x\0y\0', '\0', '/a//b\0', '/a/\0', '/a b\0', 'a.b\0', `${'\xe9'}\0`]],
      ['DIRECTORY', ['', 'x\0y\0']],
      ['DIRECTORY_PART', ['x\0', 'x\0y\0z\0']],
      ['GET_PERMS', ['']],
      ['WRITE', ['', 'no-end']],
      ['MKDIR', ['x']],
      ['RM', ['x']],
      ['SET_PERMS', ['x\0', 'x\0q1\0', 'x\0r\0', 'x\0rx\0', 'x\0r1x\0', 'x\0r08\0']],
      ['TRANSACTION_END', ['', 'T', 'X\0']],
      ['GET_DOMAIN_PATH', ['', '1|2\0']],
    ];
    for (const [name, payloads] of wrong) {
      for (const payload of payloads)
        expect([name, payload, guest.say(name, payload)]).toEqual([name, payload, 'EINVAL']);
    }
  });

  it('knows permissions by letter, and ids as C reads numbers', () => {
    const { guest } = rig();
    guest.say('WRITE', 'n\0');
    expect(guest.say('SET_PERMS', 'n\0r1\0w0x10\0b010\0n-1\0trailing')).toBe('OK');
    expect(guest.say('GET_PERMS', 'n\0')).toBe('r1\0w16\0b8\0n-1');
  });

  it('gives long lists of children in parts, of one generation', () => {
    const { store, guest } = rig();
    const names = Array.from({ length: 700 }, (_, i) => `child-${i}`);
    store.transaction((view) => {
      for (const name of names) view.mkdir(`/local/domain/1/${name}`);
    });
    expect(guest.say('DIRECTORY', '/local/domain/1\0')).toBe('E2BIG');
    const seen: string[] = [];
    const generations = new Set<string>();
    for (let offset = 0; ; ) {
      const reply = guest.ask('DIRECTORY_PART', `/local/domain/1|${offset}|`);
      expect(reply.text.length).toBeLessThanOrEqual(4096);
      const [generation, ...part] = reply.text.slice(0, -1).split('\0') as [string, ...string[]];
      generations.add(generation);
      const whole = part.filter((name) => name !== '');
      seen.push(...whole);
      offset += whole.reduce((bytes, name) => bytes + name.length + 1, 0);
      if (part[part.length - 1] === '') break;
    }
    expect([seen, generations.size]).toEqual([names, 1]);
    expect(guest.ask('DIRECTORY_PART', '/local/domain/1|999999|').text).toMatch(/^\d+\0\0$/);
    expect(guest.ask('DIRECTORY_PART', 'child-1|0\0').text).toMatch(/^\d+\0\0$/);
    expect(guest.say('DIRECTORY_PART', 'none|0\0')).toBe('ENOENT');
  });

  it('lets domain 0 do what a toolstack does', () => {
    const introduced: string[] = [];
    const printed: string[] = [];
    const store = new XenStore({
      introduce: (domid, port) => {
        introduced.push(`${domid} ${port}`);
        if (domid !== 5) return false;
        store.introduce(domid, { words: new TestWords(), notify: () => undefined });
        return true;
      },
      print: (text) => printed.push(text),
    });
    const dom0 = new WireGuest(store, 0);
    expect(dom0.say('INTRODUCE', '5|123|7\0')).toBe('OK');
    expect(dom0.say('INTRODUCE', '6|123|7\0')).toBe('EINVAL');
    for (const payload of ['5|1\0', '5|1|0\0', '5|1\0-1\0']) expect(dom0.say('INTRODUCE', payload)).toBe('EINVAL');
    expect(introduced).toEqual(['5 7', '6 7']);
    expect(['5\0', '6\0', '32752\0'].map((domid) => dom0.say('IS_DOMAIN_INTRODUCED', domid))).toEqual(['T', 'F', 'T']);
    expect(dom0.say('IS_DOMAIN_INTRODUCED', '')).toBe('EINVAL');
    expect(dom0.say('SET_TARGET', '5|0\0')).toBe('OK');
    expect(dom0.say('SET_TARGET', '5|9\0')).toBe('ENOENT');
    expect(dom0.say('SET_TARGET', '5\0')).toBe('EINVAL');
    expect(dom0.say('RESUME', '9\0')).toBe('ENOENT');
    expect(dom0.say('RELEASE', '0\0')).toBe('EINVAL');
    expect(dom0.say('RELEASE', '5\0')).toBe('OK');
    expect(dom0.say('RELEASE', '5\0')).toBe('ENOENT');
    expect(dom0.say('CONTROL', 'print\0hello\0')).toBe('OK');
    expect(printed).toEqual(['hello']);
    expect(dom0.say('CONTROL', 'check\0')).toBe('OK');
    expect(dom0.say('CONTROL', 'help\0')).toBe('check\nprint\nquota\nhelp');
    expect(dom0.say('CONTROL', 'quota\0set\0nodes|20\0')).toBe('OK');
    expect(dom0.say('CONTROL', 'quota\0')).toContain('nodes            :       20 Nodes per domain\n');
    expect(dom0.say('CONTROL', 'quota|0\0')).toContain('Domain 0:\nnodes           :        3\n');
    for (const payload of [
      '',
      'nonsense\0',
      'check\0x\0',
      'print\0',
      'help\0x\0',
      'quota\0set\0x|1\0',
      'quota\0set\0nodes|0\0',
      'quota|1|2\0',
    ]) {
      expect([payload, dom0.say('CONTROL', payload)]).toEqual([payload, 'EINVAL']);
    }
    expect(dom0.say('CONTROL', 'quota|99\0')).toBe('ENOENT');
  });

  it('lets a domain act for the one that it is made to serve', () => {
    const { store, guest } = rig();
    guest.say('WRITE', 'mine\0secret');
    const helper = new WireGuest(store, 2);
    expect(helper.say('READ', '/local/domain/1/mine\0')).toBe('EACCES');
    store.setTarget(2, 1);
    expect(helper.say('READ', '/local/domain/1/mine\0')).toBe('secret');
    store.release(1);
    expect(() => store.setTarget(2, 1)).toThrow('ENOENT');
    store.write('/local/domain/1/mine', 'next');
    store.setPermissions('/local/domain/1/mine', [{ domain: 1, access: 'n' }]);
    expect(helper.say('READ', '/local/domain/1/mine\0')).toBe('EACCES');
  });
});

describe("a domain's connection", () => {
  it('advertises what it can, and greets who waits for it', () => {
    const { store, guest } = rig();
    expect(guest.word(STORE_INTERFACE.features)).toBe(STORE_FEATURE.RECONNECTION | STORE_FEATURE.ERROR);
    guest.words.store(STORE_INTERFACE.connection, STORE_CONNECTION.RECONNECT);
    const before = guest.notified;
    guest.introduce();
    expect([guest.notified, guest.word(STORE_INTERFACE.connection)]).toEqual([before + 1, STORE_CONNECTION.CONNECTED]);
    const plain = new XenStore({ features: 0 });
    const words = new TestWords();
    plain.introduce(1, { words, notify: () => undefined });
    words.store(STORE_INTERFACE.connection, STORE_CONNECTION.RECONNECT);
    plain.events();
    expect([words.load(STORE_INTERFACE.features), words.load(STORE_INTERFACE.connection)]).toEqual([0, 1]);
    expect(store.isIntroduced(1)).toBe(true);
  });

  it('begins anew when the guest asks: rings empty, watches and transactions gone, no half message left', () => {
    const { store, guest } = rig();
    guest.say('WATCH', 'n\0t\0');
    guest.say('TRANSACTION_START', '\0');
    guest.words.store(513, guest.words.load(513) + 7);
    store.events();
    guest.words.store(STORE_INTERFACE.connection, STORE_CONNECTION.RECONNECT);
    const before = guest.notified;
    store.events();
    expect([512, 513, 514, 515].map((word) => guest.word(word))).toEqual([0, 0, 0, 0]);
    expect(guest.notified).toBe(before + 1);
    expect(store.usage(1)).toMatchObject({ watches: 0, transactions: 0, outstanding: 0 });
    expect(guest.say('GET_DOMAIN_PATH', '1\0')).toBe('/local/domain/1');
  });

  const broken: [string, (guest: WireGuest) => void, number][] = [
    [
      'more requests than the ring holds',
      (guest) => guest.words.store(513, guest.word(512) + 1025),
      STORE_CONNECTION_ERROR.RINGIDX,
    ],
    [
      'requests that go backwards',
      (guest) => guest.words.store(513, guest.word(512) - 1),
      STORE_CONNECTION_ERROR.RINGIDX,
    ],
    [
      'an announced payload of 4,097 bytes',
      (guest) => guest.send('READ', new Uint8Array(4097)),
      STORE_CONNECTION_ERROR.PROTO,
    ],
    [
      'answers that it took before they came',
      (guest) => {
        guest.send('READ', 'x\0');
        guest.pump();
        guest.words.store(514, guest.word(515) + 1);
        guest.send('READ', 'x\0');
      },
      STORE_CONNECTION_ERROR.RINGIDX,
    ],
  ];
  for (const [what, breakIt, error] of broken) {
    it(`is given up for ${what}, says so, and serves others on`, () => {
      const { store, guest } = rig();
      const other = new WireGuest(store, 2);
      guest.say('WATCH', 'n\0t\0');
      breakIt(guest);
      store.events();
      expect([store.hasFailed(1), guest.word(STORE_INTERFACE.error)]).toEqual([true, error]);
      expect(store.usage(1)).toMatchObject({ watches: 0, transactions: 0, outstanding: 0 });
      store.write('/local/domain/1/n', 'changed');
      expect(other.say('GET_DOMAIN_PATH', '2\0')).toBe('/local/domain/2');
      guest.words.store(STORE_INTERFACE.connection, STORE_CONNECTION.RECONNECT);
      store.events();
      expect([store.hasFailed(1), guest.word(STORE_INTERFACE.error)]).toEqual([false, STORE_CONNECTION_ERROR.NONE]);
    });
  }

  it('takes no more for one event than a ring can hold, however its words change meanwhile', () => {
    class EndlessWords extends TestWords {
      override load(index: number): number {
        if (index === 513) return super.load(512) + 16;
        if (index === 514) return super.load(515);
        return super.load(index);
      }
    }
    const words = new EndlessWords();
    const store = new XenStore();
    store.introduce(1, { words, notify: () => undefined });
    store.events();
    const taken = words.words[512] as number;
    store.events();
    expect((words.words[512] as number) - taken).toBe(16 * REQUESTS_PER_EVENT);
  });

  it('survives any bytes with any indices: nothing throws, and the work is bounded', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
            at: fc.nat(1023),
            indices: fc.option(fc.array(fc.integer(), { minLength: 4, maxLength: 4 }), { freq: 4 }),
            advance: fc.nat(300),
          }),
          { maxLength: 30 },
        ),
        (steps) => {
          const { store, guest } = rig();
          let loads = 0;
          const counted: SharedWords = {
            load: (index) => {
              loads++;
              return guest.words.load(index);
            },
            store: (index, value) => guest.words.store(index, value),
            or: (index, bits) => guest.words.or(index, bits),
            and: (index, bits) => guest.words.and(index, bits),
            compareExchange: (index, expected, value) => guest.words.compareExchange(index, expected, value),
          };
          store.introduce(1, { words: counted, notify: () => undefined });
          for (const { bytes, at, indices, advance } of steps) {
            bytes.forEach((byte, i) => {
              guest.words.bytes[(at + i) & 1023] = byte;
            });
            guest.words.store(513, guest.words.load(513) + advance);
            for (const [i, value] of indices?.entries() ?? []) guest.words.store(512 + i, value);
            loads = 0;
            store.events();
            expect(loads).toBeLessThan(20_000);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('survives messages that are nearly right', () => {
    const name = fc.constantFrom('x', 'x/y', '/', '/local/domain/1', '@releaseDomain', '', '//', 'a b');
    const part = fc.oneof(name, fc.string({ maxLength: 8 }), fc.constantFrom('T', 'F', '1', '0', 'n1', 'r0', 'tok'));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(24), fc.array(part, { maxLength: 4 }), fc.boolean(), fc.nat(3)), { maxLength: 60 }),
        (all) => {
          const { store, guest } = rig();
          for (const [type, parts, ended, transaction] of all) {
            const text = parts.join('\0') + (ended ? '\0' : '');
            guest.ask(
              type,
              Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff),
              transaction,
            );
          }
          expect(store.hasFailed(1)).toBe(false);
          store.release(1);
          expect(store.usage(1)).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });
});
