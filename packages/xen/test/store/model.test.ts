import { XenStore } from '@trapline/xen';
import { describe, expect, it } from 'vitest';
import { Model } from './model.js';
import { WireGuest } from './wire-guest.js';

/** A generator of numbers that repeats itself exactly (xorshift32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const NAMES = ['a', 'b', 'c'];
const LETTERS = ['n', 'r', 'w', 'b'];
const UNLIMITED = { nodes: 1e9, transactions: 1e9, transactionNodes: 1e9, nodeBytes: 1e9, memory: 1e12 };

function play(seed: number, operations: number, clients: readonly number[]): { counts: Map<string, number> } {
  const any = numbers(seed);
  const store = new XenStore({ quotas: UNLIMITED });
  const guests = new Map(clients.map((domid) => [domid, new WireGuest(store, domid)]));
  const model = new Model();
  const open = new Map<number, number[]>(clients.map((domid) => [domid, []]));
  const counts = new Map<string, number>();
  const path = (): string => {
    const depth = any(4);
    return depth === 0 ? '/' : `/${Array.from({ length: depth }, () => NAMES[any(NAMES.length)]).join('/')}`;
  };
  for (const name of NAMES) {
    store.write(`/${name}`, '');
    model.write(0, `/${name}`, '');
    store.setPermissions(`/${name}`, [{ domain: 0, access: 'b' }]);
    model.setPerms(0, `/${name}`, ['b0']);
  }
  for (let i = 0; i < operations; i++) {
    const domid = clients[any(clients.length)] as number;
    const guest = guests.get(domid) as WireGuest;
    const running = open.get(domid) as number[];
    const id = running.length > 0 && any(3) > 0 ? (running[any(running.length)] as number) : 0;
    const key = id === 0 ? undefined : `${domid}:${id}`;
    const at = path();
    const [name, got, wanted] = step(at);
    counts.set(
      `${name} ${wanted.replace(/=.*/s, '=')}`,
      (counts.get(`${name} ${wanted.replace(/=.*/s, '=')}`) ?? 0) + 1,
    );
    if (got !== wanted)
      throw new Error(`operation ${i} of domain ${domid}: ${name} ${at} in ${id}: ${got}, not ${wanted}`);

    function step(at: string): [string, string, string] {
      switch (any(12)) {
        case 0:
        case 1:
          return ['READ', value(guest.ask('READ', `${at}\0`, id)), model.read(domid, at, key)];
        case 2: {
          const reply = guest.ask('DIRECTORY', `${at}\0`, id);
          const names = reply.text.split('\0').slice(0, -1).sort().join(' ');
          return [
            'DIRECTORY',
            reply.name === 'ERROR' ? reply.text.slice(0, -1) : `=${names}`,
            model.list(domid, at, key),
          ];
        }
        case 3:
        case 4:
        case 5:
          return ['WRITE', guest.say('WRITE', `${at}\0v${i}`, id), model.write(domid, at, `v${i}`, key)];
        case 6:
          return ['MKDIR', guest.say('MKDIR', `${at}\0`, id), model.mkdir(domid, at, key)];
        case 7:
          return ['RM', guest.say('RM', `${at}\0`, id), model.rm(domid, at, key)];
        case 8: {
          const reply = guest.ask('GET_PERMS', `${at}\0`, id);
          const perms = reply.text.slice(0, -1).split('\0').join(' ');
          return ['GET_PERMS', reply.name === 'ERROR' ? perms : `=${perms}`, model.perms(domid, at, key)];
        }
        case 9: {
          const whose = any(4) === 0 ? (clients[any(clients.length)] as number) : domid;
          const perms = [`${LETTERS[any(4)]}${whose}`];
          while (any(2) === 0 && perms.length < 4) perms.push(`${LETTERS[any(4)]}${clients[any(clients.length)]}`);
          const payload = `${at}\0${perms.map((perm) => `${perm}\0`).join('')}`;
          return ['SET_PERMS', guest.say('SET_PERMS', payload, id), model.setPerms(domid, at, perms, key)];
        }
        case 10: {
          if (running.length >= 3) return ['READ', value(guest.ask('READ', `${at}\0`, id)), model.read(domid, at, key)];
          const started = Number(guest.say('TRANSACTION_START', '\0'));
          running.push(started);
          model.begin(`${domid}:${started}`);
          return ['TRANSACTION_START', '', ''];
        }
        default: {
          if (id === 0) return ['READ', value(guest.ask('READ', `${at}\0`, id)), model.read(domid, at, key)];
          running.splice(running.indexOf(id), 1);
          const commit = any(5) > 0;
          const answer = guest.say('TRANSACTION_END', commit ? 'T\0' : 'F\0', id);
          return ['TRANSACTION_END', answer, model.end(key as string, commit)];
        }
      }
    }
  }
  for (const [at, node] of model.world) {
    expect([at, store.text(at)]).toEqual([at, node.value]);
  }
  return { counts };
}

function value(reply: { name: string; text: string }): string {
  return reply.name === 'ERROR' ? reply.text.slice(0, -1) : `=${reply.text}`;
}

describe('the store against a simple model', () => {
  it('equals it in 100,000 operations of four domains, by the wire, transactions and permissions included', () => {
    const { counts } = play(0x5eed, 100_000, [0, 1, 2, 3]);
    for (const seen of [
      'TRANSACTION_END EAGAIN',
      'TRANSACTION_END OK',
      'READ EACCES',
      'READ ENOENT',
      'SET_PERMS EPERM',
      'RM OK',
    ]) {
      expect([seen, (counts.get(seen) ?? 0) > 50]).toEqual([seen, true]);
    }
  });

  it('equals it for other mixtures of clients', () => {
    for (let seed = 1; seed <= 20; seed++) play(seed * 7919, 2_000, seed % 2 === 0 ? [1, 2] : [0, 1]);
  });
});
