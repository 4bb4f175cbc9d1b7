import { type BindContext, BindError, CompositionError, type Driver } from '@trapline/core';
import {
  Discovery,
  type DiscoveryEvent,
  DriverCycleError,
  discover,
  MAX_SETTLE_PASSES,
} from '@trapline/core/discovery';
import { applyOverlay, type DeviceTree, type DeviceTreeNode, readDts } from '@trapline/devicetree';
import { describe, expect, it } from 'vitest';

const context = {
  conduit: () => {
    throw new Error('no driver here calls');
  },
  memory: undefined,
  random: undefined,
};

interface Value {
  readonly name: string;
  readonly path: string | undefined;
}

type Bind = (context: BindContext, node: DeviceTreeNode | undefined) => Value | undefined;

/** A driver that gives its name and its node, or does what the test says. */
function driver(name: string, compatible: string[], needs: readonly Driver[] = [], bind?: Bind): Driver<Value> {
  return { name, compatible, needs, bind: bind ?? ((_, node) => ({ name, path: node?.path })) };
}

function tree(body: string): DeviceTree {
  return readDts(`/dts-v1/; / { ${body} };`, { symbols: true });
}

/** Events as one line each. */
function record(discovery: Discovery): string[] {
  const lines: string[] = [];
  discovery.events$.subscribe((event) => lines.push(words(event)));
  return lines;
}

function words(event: DiscoveryEvent): string {
  const what = 'driver' in event ? `${event.driver.name} ` : '';
  const where = event.path ?? '(no node)';
  const why = event.type === 'deferred' || event.type === 'unbound' ? `: ${event.reason}` : '';
  return `${event.type} ${what}${where}${why}`;
}

describe('binding', () => {
  it('gives a node to the driver that knows its most specific compatible string', () => {
    const general = driver('general', ['acme,*']);
    const special = driver('special', ['acme,x-2']);
    const bound = discover(
      tree('a { compatible = "acme,x-2", "acme,x"; }; b { compatible = "acme,x"; };'),
      [general, special],
      context,
    );
    expect(bound.get(special)).toEqual({ name: 'special', path: '/a' });
    expect(bound.all(general)).toEqual([{ name: 'general', path: '/b' }]);
  });

  it('reports nodes in the order of the tree, known interfaces without a driver too', () => {
    const discovery = new Discovery(
      tree('hypervisor { compatible = "xen,xen-4.17"; }; x { compatible = "acme,x"; };'),
      [driver('x', ['acme,x'])],
      context,
    );
    const found: unknown[] = [];
    discovery.events$.subscribe((event) => {
      if (event.type === 'found') found.push([event.path, event.interface?.interface, event.drivers]);
    });
    discovery.settle();
    expect(found).toEqual([
      ['/hypervisor', 'xen', []],
      ['/x', undefined, ['x']],
    ]);
  });

  it('asks the next driver where one does not find what it looks for', () => {
    const first = driver('first', ['acme,x'], [], () => undefined);
    const second = driver('second', ['acme,x']);
    expect(discover(tree('x { compatible = "acme,x"; };'), [first, second], context).get(second).path).toBe('/x');
  });

  it('tells who has the node of a driver that is not bound', () => {
    const first = driver('first', ['acme,x']);
    const second = driver('second', ['acme,x']);
    const bound = discover(tree('x { compatible = "acme,x"; };'), [first, second], context);
    expect(() => bound.get(second)).toThrow('driver second is not bound: /x is bound to first');
  });

  it('does nothing before settle', () => {
    const discovery = new Discovery(tree('x { compatible = "acme,x"; };'), [driver('x', ['acme,x'])], context);
    expect(discovery.pending).toBe(true);
    expect(discovery.find(driver('x', []))).toBeUndefined();
    expect(() => discovery.get(driver('x', []))).toThrow(CompositionError);
  });

  it('refuses two drivers of one name, and takes one twice', () => {
    const x = driver('x', []);
    expect(() => new Discovery(tree(''), [x, driver('x', [])], context)).toThrow(/two drivers are called x/);
    expect(() => new Discovery(tree(''), [x, x], context)).not.toThrow();
  });

  it('leaves nodes alone whose status is not okay', () => {
    const x = driver('x', ['acme,x']);
    const live = tree('x { compatible = "acme,x"; status = "disabled"; };');
    const discovery = discover(live, [x], context);
    expect(() => discovery.get(x)).toThrow('driver x is not bound: the tree has no usable node for x');
    live.require('/x').set('status', 'okay');
    discovery.settle();
    expect(discovery.get(x).path).toBe('/x');
    live.root.set('status', 'disabled');
    const events = record(discovery);
    discovery.settle();
    expect(events).toEqual(['unbound x /x: the node is not to be used any more']);
  });
});

describe('needs', () => {
  const psci = driver('psci', ['arm,psci-1.0']);
  const kvm = driver('kvm', [], [psci], (given) => ({ name: 'kvm', path: given.get(psci).path }));

  it('are bound before, wherever they stand', () => {
    const late = driver('late', ['acme,late'], [kvm]);
    const discovery = new Discovery(
      tree('late { compatible = "acme,late"; }; psci { compatible = "arm,psci-1.0"; method = "smc"; };'),
      [late, kvm, psci],
      context,
    );
    const events = record(discovery);
    discovery.settle();
    expect(events).toEqual([
      'found /late',
      'found /psci',
      'bound psci /psci',
      'bound kvm (no node)',
      'bound late /late',
    ]);
    expect(discovery.get(kvm).path).toBe('/psci');
  });

  it('that are not there defer, with the reason, once', () => {
    const discovery = new Discovery(tree(''), [kvm], context);
    const events = record(discovery);
    discovery.settle();
    discovery.add(driver('other', []));
    discovery.settle();
    discovery.add(psci);
    discovery.settle();
    expect(events).toEqual([
      'deferred kvm (no node): driver psci has not been added',
      'bound other (no node)',
      'deferred kvm (no node): the tree has no usable node for psci',
    ]);
    expect(() => discovery.get(kvm)).toThrow('driver kvm is not bound: kvm waits for psci');
  });

  it('that failed or found nothing are named as the reason', () => {
    const broken = driver('broken', [], [], () => {
      throw new BindError('/x', 'no method');
    });
    const nothing = driver('nothing', [], [], () => undefined);
    const discovery = new Discovery(tree(''), [broken, nothing, driver('a', [], [broken, nothing])], context);
    const events = record(discovery);
    discovery.settle();
    expect(events).toEqual([
      'failed broken (no node)',
      'absent (no node)',
      'deferred a (no node): broken failed: /x: no method; nothing did not find what it looks for',
    ]);
  });

  it('in a circle are one typed error for each driver, with all names', () => {
    const circle: Driver[] = [];
    const a = driver('a', ['acme,a'], circle);
    const b = driver('b', [], [a]);
    circle.push(b);
    const discovery = new Discovery(tree('a { compatible = "acme,a"; };'), [a, b, driver('c', [], [b])], context);
    const errors: Error[] = [];
    discovery.events$.subscribe((event) => event.type === 'failed' && errors.push(event.error));
    const events = record(discovery);
    discovery.settle();
    expect(errors.map((error) => error instanceof DriverCycleError && error.drivers)).toEqual([
      ['a', 'b'],
      ['b', 'a'],
    ]);
    expect(errors[0]?.message).toContain('a needs b needs a');
    expect(events.at(-1)).toBe('deferred c (no node): b, a need one another');
  });

  it('are all a driver can get', () => {
    const nosy = driver('nosy', [], [], (given) => given.get(psci));
    const discovery = new Discovery(tree(''), [nosy, psci], context);
    const failed: Error[] = [];
    discovery.events$.subscribe((event) => event.type === 'failed' && failed.push(event.error));
    discovery.settle();
    expect(failed[0]).toBeInstanceOf(CompositionError);
    expect(failed[0]?.message).toContain('add it to the needs of nosy');
  });
});

describe('failures', () => {
  it('reach no other driver', () => {
    const broken = driver('broken', ['acme,x'], [], () => {
      throw 'not even an error';
    });
    const fine = driver('fine', ['acme,x']);
    const discovery = new Discovery(
      tree('x { compatible = "acme,x"; }; y { compatible = "acme,x"; };'),
      [driver('z', []), broken],
      context,
    );
    const events = record(discovery);
    discovery.settle();
    expect(events).toEqual(['found /x', 'found /y', 'failed broken /x', 'failed broken /y', 'bound z (no node)']);
    expect(discovery.find(fine)).toBeUndefined();
  });

  it('are tried again when the node changes, and not before', () => {
    const picky = driver('picky', ['acme,x'], [], (_, node) => {
      if (!node?.has('method')) throw new BindError(node?.path ?? '', 'method is missing; add it');
      return { name: 'picky', path: node.path };
    });
    const live = tree('x { compatible = "acme,x"; }; y { };');
    const discovery = discover(live, [picky], context);
    const events = record(discovery);
    live.require('/y').set('a', 1);
    discovery.settle();
    live.require('/x').set('phandle', 7);
    discovery.settle();
    expect(events).toEqual([]);
    live.require('/x').set('method', 'hvc');
    discovery.settle();
    expect(events).toEqual(['bound picky /x']);
  });

  it('to unbind are reported with the event', () => {
    const clingy: Driver = {
      ...driver('clingy', ['acme,x']),
      unbind: () => {
        throw new Error('still busy');
      },
    };
    const live = tree('x { compatible = "acme,x"; };');
    const discovery = discover(live, [clingy], context);
    const errors: unknown[] = [];
    discovery.events$.subscribe((event) => event.type === 'unbound' && errors.push(event.error?.message));
    live.require('/x').remove();
    discovery.settle();
    expect(errors).toEqual(['still busy']);
    expect(discovery.find(clingy)).toBeUndefined();
  });
});

describe('a tree that changes', () => {
  const overlay = readDts(`/dts-v1/; /plugin/; &{/} { __overlay__ { }; };
    / { fragment@0 { target-path = "/firmware"; __overlay__ {
      x { compatible = "acme,x"; value = <1>; };
    }; }; };`);

  it('binds what an overlay adds, whole, and unbinds it when the overlay goes', () => {
    const live = tree('firmware { };');
    const seen: (number | undefined)[] = [];
    const x = driver('x', ['acme,x'], [], (_, node) => {
      seen.push(node?.u32('value'));
      return { name: 'x', path: node?.path };
    });
    const discovery = discover(live, [x], context);
    const events = record(discovery);
    const applied = applyOverlay(live, overlay);
    expect(events).toEqual([]);
    discovery.settle();
    expect(seen).toEqual([1]);
    applied.remove();
    discovery.settle();
    expect(events).toEqual([
      'found /firmware/x',
      'bound x /firmware/x',
      'unbound x /firmware/x: the node is gone',
      'gone /firmware/x',
    ]);
  });

  it('unbinds dependants before what they need, and binds them again', () => {
    const x = driver('x', ['acme,x']);
    const y = driver('y', ['acme,y'], [x]);
    const z = driver('z', [], [y]);
    const live = tree('x { compatible = "acme,x"; }; y { compatible = "acme,y"; };');
    const discovery = discover(live, [x, y, z], context);
    const events = record(discovery);
    live.require('/x').set('speed', 2);
    discovery.settle();
    expect(events).toEqual([
      'unbound z (no node): y, which it needs, is unbound',
      'unbound y /y: x, which it needs, is unbound',
      'unbound x /x: the node changed',
      'bound x /x',
      'bound y /y',
      'bound z (no node)',
    ]);
    live.require('/x').remove();
    discovery.settle();
    expect(events.slice(6)).toEqual([
      'unbound z (no node): y, which it needs, is unbound',
      'unbound y /y: x, which it needs, is unbound',
      'unbound x /x: the node is gone',
      'gone /x',
      'deferred y /y: the tree has no usable node for x',
      'deferred z (no node): y waits for x',
    ]);
  });

  it('asks again who failed or found nothing when what they need is bound anew', () => {
    const x = driver('x', ['acme,x'], [], (_, node) => ({ name: String(node?.u32('value')), path: node?.path }));
    const probing = driver('probing', [], [x], (given) => (given.get(x).name === '2' ? given.get(x) : undefined));
    const live = tree('x { compatible = "acme,x"; value = <1>; };');
    const discovery = discover(live, [x, probing], context);
    expect(() => discovery.get(probing)).toThrow(/did not find what it looks for/);
    live.require('/x').set('value', 2);
    discovery.settle();
    expect(discovery.get(probing).name).toBe('2');
  });

  it('moves a driver with a node that is renamed', () => {
    const x = driver('x', ['acme,x']);
    const live = tree('x { compatible = "acme,x"; };');
    const discovery = discover(live, [x], context);
    live.require('/x').rename('y');
    discovery.settle();
    expect(discovery.all(x)).toEqual([{ name: 'x', path: '/y' }]);
  });

  it('is settled by the schedule it was given, once for many edits', () => {
    const queue: (() => void)[] = [];
    const live = tree('');
    const x = driver('x', ['acme,x']);
    const discovery = discover(live, [x], context, { schedule: (settle) => queue.push(settle) });
    live.add('x', { compatible: 'acme,x', a: 1, b: 2 });
    expect(queue).toHaveLength(1);
    queue[0]?.();
    expect(discovery.get(x).path).toBe('/x');
    expect(discovery.pending).toBe(false);
  });

  it('that drivers change while they bind is settled too, and ends', () => {
    const live = tree('x { compatible = "acme,x"; };');
    const child = driver('child', ['acme,child']);
    const bus = driver('bus', ['acme,x'], [], (_, node) => {
      node?.set('claimed', true);
      node?.parent?.add('child', { compatible: 'acme,child' });
      return { name: 'bus', path: node?.path };
    });
    const discovery = discover(live, [bus, child], context);
    expect(discovery.get(child).path).toBe('/child');

    let binds = 0;
    const restless = driver('restless', ['acme,child'], [], (_, node) => {
      binds++;
      node?.parent?.child('x')?.set('count', binds);
      return { name: 'restless', path: node?.path };
    });
    const other = driver('other', ['acme,x'], [], (_, node) => {
      node?.parent?.child('child')?.set('count', ++binds);
      return { name: 'other', path: node?.path };
    });
    const quarrel = tree('x { compatible = "acme,x"; }; child { compatible = "acme,child"; };');
    let scheduled = 0;
    const quarrelling = discover(quarrel, [restless, other], context, { schedule: () => scheduled++ });
    expect(binds).toBeLessThanOrEqual(2 * MAX_SETTLE_PASSES);
    expect([quarrelling.pending, scheduled]).toEqual([true, 0]);
    quarrel.root.set('model', 'x');
    expect(scheduled).toBe(1);
  });
});

describe('the end', () => {
  it('unbinds in reverse and completes the stream', () => {
    const x = driver('x', ['acme,x']);
    const y = driver('y', [], [x]);
    const live = tree('x { compatible = "acme,x"; };');
    const discovery = discover(live, [x, y], context);
    const events = record(discovery);
    let complete = false;
    discovery.events$.subscribe({ complete: () => (complete = true) });
    discovery.dispose();
    discovery.dispose();
    expect(events.map((line) => line.split(' ')[1])).toEqual(['y', 'x']);
    expect(complete).toBe(true);
    live.add('x2', { compatible: 'acme,x' });
    discovery.settle();
    expect(discovery.all(x)).toEqual([]);
  });

  it('may come from a subscriber or a driver in the middle of a pass', () => {
    const unbound: string[] = [];
    const a = driver('a', ['acme,a'], [], (_, node) => {
      discovery.dispose();
      return { name: 'a', path: node?.path };
    });
    const counted: Driver = { ...a, unbind: () => unbound.push('a') };
    const discovery = new Discovery(
      tree('a { compatible = "acme,a"; }; b { compatible = "acme,b"; };'),
      [counted, driver('b', ['acme,b'])],
      context,
    );
    discovery.settle();
    expect(unbound).toEqual(['a']);
    expect(discovery.find(a)).toBeUndefined();
  });
});
