import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/abi/errno.js';
import { Domain } from '../../src/domain/domain.js';
import { allocUnbound, bindInterdomain, close, quiet, seen, send } from './client.js';
import { rigOf, type Side } from './rig.js';

/** A guest, and the host's own side as domain 0. */
function hosted(policy: 'dummy' | 'silo' = 'silo'): { side: Side; host: Domain } {
  const { xen, sides } = rigOf([{}], policy);
  const host = new Domain(xen, 0, 'host', { privileged: true }, undefined);
  xen.add(host);
  return { side: sides[0] as Side, host };
}

describe("the host's own side", () => {
  test('hears events of a port that a guest offered it, from the first on', () => {
    const { side, host } = hosted();
    const offered = allocUnbound(side, 0);
    const port = host.events.bindInterdomain(side.id, offered);
    const heard: number[] = [];
    host.events.listen(port, (from) => heard.push(from));
    expect(heard).toEqual([port]);
    expect([send(side, offered), send(side, offered)]).toEqual([0, 0]);
    expect(heard).toEqual([port, port, port]);
  });

  test('signals a guest, and answers within its call', () => {
    const { side, host } = hosted();
    const port = host.events.allocUnbound(side.id);
    const theirs = bindInterdomain(side, 0, port);
    quiet(side);
    host.events.listen(port, () => host.events.send(port));
    send(side, theirs);
    expect(seen(side)).toMatchObject({ upcall: 1, pending: [1n << BigInt(theirs), 0n], interrupt: true });
  });

  test('events that came before anybody listened come at once, once', () => {
    const { side, host } = hosted();
    const port = host.events.allocUnbound(side.id);
    const theirs = bindInterdomain(side, 0, port);
    send(side, theirs);
    send(side, theirs);
    expect(host.events.poll(port)).toBe(1);
    const heard: number[] = [];
    host.events.listen(port, (from) => heard.push(from));
    expect([heard, host.events.poll(port)]).toEqual([[port], 0]);
  });

  test('nobody listens to a port that was closed and given out again', () => {
    const { side, host } = hosted();
    const port = host.events.allocUnbound(side.id);
    const heard: number[] = [];
    host.events.listen(port, (from) => heard.push(from));
    expect(host.events.close(port)).toBe(0);
    expect(host.events.allocUnbound(side.id)).toBe(port);
    send(side, bindInterdomain(side, 0, port));
    expect(heard).toEqual([]);
  });

  test('a guest that closes its end offers the port to be bound again', () => {
    const { side, host } = hosted();
    const port = host.events.allocUnbound(side.id);
    const theirs = bindInterdomain(side, 0, port);
    const heard: number[] = [];
    host.events.listen(port, (from) => heard.push(from));
    close(side, theirs);
    expect(host.events.send(port)).toBe(0);
    send(side, bindInterdomain(side, 0, port));
    expect(heard).toEqual([port]);
  });

  test('has no masks, priorities or vCPUs', () => {
    const { side, host } = hosted();
    const port = host.events.allocUnbound(side.id);
    host.events.unmask(port);
    expect([host.events.setPriority(port, 0), host.events.abi.isMasked(port)]).toEqual([-ERRNO.ENOSYS, false]);
    host.events.raiseVirq(0, 0);
    host.events.raiseGlobalVirq(3);
    expect(host.events.poll(port)).toBe(0);
    expect([host.scheduling.isDown(0), host.scheduling.hasWork(0)]).toEqual([true, false]);
  });

  test('keeps events that nobody has heard of over save and restore', () => {
    const { side, host } = hosted();
    const port = host.events.allocUnbound(side.id);
    send(side, bindInterdomain(side, 0, port));
    const saved = host.events.save();
    host.events.listen(port, () => {});
    host.events.restore(JSON.parse(JSON.stringify(saved)));
    const heard: number[] = [];
    host.events.listen(port, (from) => heard.push(from));
    expect(heard).toEqual([port]);
  });

  test("is not there for the guest's other calls to leak: its ports go with the guest", () => {
    const { side, host } = hosted();
    const port = host.events.allocUnbound(side.id);
    bindInterdomain(side, 0, port);
    side.guest.reset();
    expect(host.events.ports.peers[port]).toBeUndefined();
    expect(host.events.active).toBe(1);
  });
});
